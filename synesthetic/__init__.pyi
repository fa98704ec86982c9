"""Hear an emotion, see it: reproducible, notebook-first affective computing.

This stub is the one place for the public names: the package loads each from where it says when it is first used,
and editors and type checkers read it as it is. `API.md` is made from it.
"""
from . import (
    corpora as corpora, features as features, splits as splits, models as models, training as training, evaluation as evaluation,
    tuning as tuning, crossmodal as crossmodal, reporting as reporting,
)
__version__: str
__all__: list[str]

# corpora: labelled collections
from .corpora.affectnet import load_affectnet as load_affectnet
from .corpora.art import load_folder as load_folder, load_wikiart_emotions as load_wikiart_emotions
from .corpora.base import Corpus as Corpus, corpus_card as corpus_card, select_classes as select_classes, select_items as select_items
from .corpora.catalogue import describe_corpora as describe_corpora, load_corpus as load_corpus
from .corpora.pickled import convert_recordings as convert_recordings, load_pickled as load_pickled, read_pickle as read_pickle
from .corpora.synthetic_faces import synthetic_faces as synthetic_faces
from .corpora.synthetic_music import synthetic_music as synthetic_music
from .corpora.synthetic_paintings import synthetic_paintings as synthetic_paintings
from .corpora.taxonomy import join_corpora as join_corpora, read_taxonomy as read_taxonomy, shared_classes as shared_classes, unify as unify

# features: what a model sees
from .features.backbone import Backbone as Backbone
from .features.cache import FeatureSpec as FeatureSpec, extract as extract
from .features.dense import FlatMel as FlatMel, MelSummary as MelSummary
from .features.encoder import Encoder as Encoder, EncoderOutputs as EncoderOutputs, Waveform as Waveform
from .features.mel import AudioError as AudioError, load_audio as load_audio, LogMel as LogMel
from .features.pixels import ImageError as ImageError, load_image as load_image, Pixels as Pixels
from .features.specs import build_spec as build_spec
from .features.summary import AudioSummary as AudioSummary

# splits: train, validation, test, and what leaks
from .splits.duplicates import find_duplicates as find_duplicates
from .splits.inspection import inspect as inspect, read_split as read_split
from .splits.leakage import LeakageError as LeakageError, audit_split as audit_split, without_shared as without_shared
from .splits.policy import (
    Split as Split, inner_split as inner_split, make_splits as make_splits, sized_split as sized_split,
    validation_split as validation_split,
)
from .splits.transfer import transfer_splits as transfer_splits

# models: architectures
from .models.audio import (
    AUDIO_ARCHITECTURES as AUDIO_ARCHITECTURES, build_ann as build_ann, build_cnn as build_cnn, build_cnn_gru as build_cnn_gru,
    build_cnn_lstm as build_cnn_lstm, build_cnn_lstm_attention as build_cnn_lstm_attention, build_resnet as build_resnet,
    build_transformer as build_transformer, check_model as check_model,
)
from .models.classical import build_mean as build_mean, build_ridge as build_ridge, build_svm as build_svm
from .models.costs import count_flops as count_flops, milliseconds_per_item as milliseconds_per_item
from .models.faces import (
    FACE_ARCHITECTURES as FACE_ARCHITECTURES, build_fine_tuned as build_fine_tuned, build_four_block_cnn as build_four_block_cnn,
    build_transfer as build_transfer,
)
from .models.gan import build_discriminator as build_discriminator, build_generator as build_generator
from .models.pictures import build_picture_cnn as build_picture_cnn
from .models.pretrained_speech import (
    checkpoint_digest as checkpoint_digest, load_speech_encoder as load_speech_encoder,
    save_speech_encoder as save_speech_encoder,
)
from .models.speech import PooledEncoder as PooledEncoder, build_speech_network as build_speech_network
from .models.valence import build_dense as build_dense
from .models.wav2vec2 import EncoderConfig as EncoderConfig, SpeechEncoder as SpeechEncoder, build_speech_encoder as build_speech_encoder

# training: recipes, experiments, runs
from .training.adversarial import GanExperiment as GanExperiment, GanRecipe as GanRecipe, generate as generate, run_gan as run_gan
from .training.comparison import choose_architectures as choose_architectures, comparison as comparison
from .training.faces import (
    choose_backbones as choose_backbones, face_comparison as face_comparison, face_splits as face_splits, unfreeze as unfreeze,
    whole_network as whole_network,
)
from .training.fit import Experiment as Experiment, run_all as run_all, run_experiment as run_experiment, run_groups as run_groups
from .training.ledger import (
    gather_costs as gather_costs, gather_predictions as gather_predictions, Ledger as Ledger, MissingRun as MissingRun,
    Run as Run,
)
from .training.recipe import Augmentation as Augmentation, Recipe as Recipe
from .training.speech import (
    adaptations as adaptations, build_speech_classifier as build_speech_classifier, pretrained as pretrained,
    pretraining as pretraining, speech_comparison as speech_comparison, SPEECH_RECIPE as SPEECH_RECIPE,
    transfer_experiments as transfer_experiments, unfreezing as unfreezing,
)
from .training.valence import VALENCE_RECIPE as VALENCE_RECIPE, predict_valence as predict_valence, valence_comparison as valence_comparison

# evaluation: scores, intervals, audits, saved models
from .evaluation.arithmetic import (
    accuracy_interval as accuracy_interval, expected_shared_groups as expected_shared_groups,
    feasible_accuracy as feasible_accuracy, implied_chance_agreement as implied_chance_agreement, items_needed as items_needed,
    separable as separable, spread_bounds as spread_bounds,
)
from .evaluation.claim_audit import audit_claims as audit_claims
from .evaluation.deploy import (
    load_model as load_model, ModelError as ModelError, read_card as read_card, save_model as save_model,
    SavedModel as SavedModel,
)
from .evaluation.examples import choose_examples as choose_examples, confused_pairs as confused_pairs
from .evaluation.generation import (
    conditional_accuracy as conditional_accuracy, judged as judged, kernel_distance as kernel_distance,
    precision_recall as precision_recall, real_floor as real_floor,
)
from .evaluation.integrity import (
    read_predictions as read_predictions, verify_predictions as verify_predictions, verify_run as verify_run,
    verify_runs as verify_runs,
)
from .evaluation.memorisation import memorisation as memorisation
from .evaluation.metrics import classification_scores as classification_scores, floors as floors, per_class_scores as per_class_scores
from .evaluation.regression import regression_scores as regression_scores
from .evaluation.saliency import grad_cam as grad_cam
from .evaluation.separability import detectable_difference as detectable_difference, letters as letters
from .evaluation.transfer import (
    expected_calibration_error as expected_calibration_error, failure_signs as failure_signs, prior_shift as prior_shift,
    report_card as report_card, shared_answers as shared_answers,
)
from .evaluation.uncertainty import (
    cluster_bootstrap_interval as cluster_bootstrap_interval, compare_all as compare_all, compare_paired as compare_paired,
    interval_table as interval_table, speaker_interval as speaker_interval, verdict as verdict,
)

# tuning: searches
from .tuning.effort import (
    anytime_band as anytime_band, compare_engines as compare_engines, engine_verdict as engine_verdict, engines_at as engines_at,
    separate_engines as separate_engines,
)
from .tuning.experiments import tuning_experiment as tuning_experiment, validation_objective as validation_objective, winner as winner
from .tuning.pareto import pareto_front as pareto_front
from .tuning.results import best_trial as best_trial, load_study as load_study, trials_table as trials_table
from .tuning.search import Objective as Objective, Study as Study, search as search, search_all as search_all
from .tuning.space import SPACES as SPACES

# crossmodal: sounds and pictures together
from .crossmodal.embedding import (
    JointExperiment as JointExperiment, JointRecipe as JointRecipe, run_joint as run_joint, run_joints as run_joints,
)
from .crossmodal.paint import Painting as Painting, open_atelier as open_atelier, paint as paint
from .crossmodal.retrieval import (
    compare_retrieval as compare_retrieval, hubness as hubness, nearest as nearest, retrieval_table as retrieval_table,
)
from .crossmodal.studio import open_studio as open_studio

# reporting: plots, tables, reports
from .reporting.atelier import plot_painting as plot_painting
from .reporting.explore import browse as browse
from .reporting.provenance import verify_report as verify_report
from .reporting.site import make_index as make_index, regenerate as regenerate
from .reporting.speech import (
    engine_table as engine_table, plot_ablation as plot_ablation, plot_engines as plot_engines, plot_few_shot as plot_few_shot,
    plot_front as plot_front,
)
from .reporting.tables import show_comparison as show_comparison, show_table as show_table
from .reporting.valence import plot_heard as plot_heard, valence_table as valence_table
