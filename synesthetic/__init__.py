"""Hear an emotion, see it: reproducible, notebook-first affective computing."""
import lazy_loader

__version__ = "0.1.0"

# The public API. Each name is loaded when it is first used, so that importing the package loads nothing heavy.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["corpora", "features", "splits", "models", "training", "evaluation", "tuning", "reporting"],
    submod_attrs={
        "corpora.base": ["Corpus", "corpus_card", "select_classes", "select_items"],
        "corpora.catalogue": ["describe_corpora", "load_corpus"],
        "corpora.synthetic_faces": ["synthetic_faces"],
        "corpora.synthetic_music": ["synthetic_music"],
        "corpora.synthetic_paintings": ["synthetic_paintings"],
        "splits.policy": ["Split", "make_splits"],
        "splits.duplicates": ["find_duplicates"],
        "splits.inspection": ["inspect", "read_split"],
        "splits.leakage": ["LeakageError", "audit_split"],
        "features.cache": ["extract"],
        "features.mel": ["LogMel", "load_audio"],
        "features.summary": ["AudioSummary"],
        "models.audio": [
            "AUDIO_ARCHITECTURES", "build_ann", "build_cnn", "build_cnn_gru", "build_cnn_lstm",
            "build_cnn_lstm_attention", "build_resnet", "build_transformer", "check_model",
        ],
        "models.classical": ["build_svm"],
        "training.comparison": ["comparison"],
        "training.fit": ["Experiment", "run_all", "run_experiment"],
        "training.ledger": ["Ledger", "Run", "gather_predictions"],
        "training.recipe": ["Augmentation", "Recipe"],
        "evaluation.metrics": ["classification_scores"],
        "evaluation.regression": ["regression_scores"],
        "evaluation.uncertainty": ["cluster_bootstrap_interval", "compare_all", "compare_paired", "speaker_interval"],
        "evaluation.separability": ["detectable_difference", "letters"],
        "evaluation.integrity": ["read_predictions", "verify_predictions", "verify_run"],
        "evaluation.arithmetic": [
            "accuracy_interval", "expected_shared_groups", "feasible_accuracy", "implied_chance_agreement", "items_needed", "separable",
            "spread_bounds",
        ],
        "evaluation.claim_audit": ["audit_claims"],
        "tuning.experiments": ["tuning_experiment", "validation_objective", "winner"],
        "tuning.results": ["best_trial", "load_study", "trials_table"],
        "tuning.search": ["Objective", "Study", "search"],
        "tuning.space": ["SPACES"],
        "reporting.provenance": ["verify_report"],
        "reporting.report": ["regenerate"],
    },
)
