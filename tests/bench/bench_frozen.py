"""What it saves to ask a frozen backbone once: a head on VGG16 and one on wav2vec2-base of full size, cached and from the beginning at every step. Asserts that both say the same."""
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from measuring import Row, seconds_of

from synesthetic.corpora.base import Corpus
from synesthetic.corpora.synthetic_faces import synthetic_faces
from synesthetic.corpora.synthetic_music import synthetic_music
from synesthetic.features.backbone import Backbone, fresh_network, load_network, preprocessing_constants
from synesthetic.features.cache import Features, extract
from synesthetic.features.encoder import Encoder, Waveform
from synesthetic.features.pixels import Pixels
from synesthetic.models.faces import build_fine_tuned, build_transfer
from synesthetic.models.wav2vec2 import BASE
from synesthetic.splits.policy import Split, make_splits
from synesthetic.training.faces import TRANSFER_RECIPE
from synesthetic.training.fit import Experiment, seeded, train_network
from synesthetic.training.speech import SPEECH_RECIPE, build_speech_classifier
from synesthetic.training.task import make_task

REPEATS = 2
SPEC, FACES_RECIPE = Backbone("VGG16", weights="", size=64), replace(TRANSFER_RECIPE, patience=None)
WAVEFORM, VOICE_RECIPE = Waveform(24_000, longest=24_000), replace(SPEECH_RECIPE, epochs=5, unfreeze_epoch=5, batch_size=8)


def parts(corpus: Corpus, split: Split, features: Features) -> list[tuple[np.ndarray, np.ndarray]]:
    "Features and truth of the training and of the validation part."
    items, task = corpus.items.set_index("id"), make_task(corpus)
    return [(np.asarray(features.rows(ids)), task.truth(items.loc[list(ids)])) for ids in (split.train, split.validation)]


def cached_faces(corpus: Corpus, split: Split, cache: Path) -> tuple:
    "Extract once, train the head on the cache: the head, its weights as they began, and what it says in the end."
    train, validation = parts(corpus, split, extract(corpus, SPEC, cache=cache, progress=False))
    with seeded(0):
        head = build_transfer(SPEC.shape, len(corpus.classes))
        begun = head.get_weights()
        train_network(head, make_task(corpus), train, validation, FACES_RECIPE)
    return head, begun, head.predict(validation[0], verbose=0)


def whole_faces(corpus: Corpus, split: Split, cache: Path, head, begun: list[np.ndarray]) -> np.ndarray:
    "The same head from the same beginning, with pixels through the backbone at every step."
    train, validation = parts(corpus, split, extract(corpus, Pixels(SPEC.size), cache=cache, progress=False))
    standardise = head.get_layer("standardise").get_weights()
    head.set_weights([*standardise, *begun[len(standardise):]])
    network, constants = fresh_network(SPEC), preprocessing_constants(SPEC)
    with seeded(0):
        model = build_fine_tuned((SPEC.size, SPEC.size, 3), len(corpus.classes), network=network, preprocessing=constants, blocks=0, head=head)
        train_network(model, make_task(corpus), train, validation, FACES_RECIPE)
    return model.predict(validation[0], verbose=0)


def bench_faces() -> Iterator[Row]:
    "Both ways in turn, each from nothing; the cached one extracts first."
    seconds = {"cached": [], "whole": []}
    with tempfile.TemporaryDirectory() as folder:
        faces = synthetic_faces(folder, classes="happy,sad", identities=8, images=6)
        split = make_splits(faces, "speaker", folds=4)[0]
        load_network(SPEC)  # built beforehand: both ways need it
        for repeat in range(REPEATS):
            said, cache = [], Path(folder, f"cache{repeat}")
            seconds["cached"].append(seconds_of(lambda: said.extend(cached_faces(faces, split, cache))))
            seconds["whole"].append(seconds_of(lambda: said.append(whole_faces(faces, split, cache, *said[:2]))))
            np.testing.assert_allclose(said[2], said[3], atol=2e-3)
    note = f"{SPEC.size} x {SPEC.size} pixels, {len(split.train) + len(split.validation)} of {len(faces)} pictures; extraction of all included; same answers"
    yield Row(f"{FACES_RECIPE.epochs} epochs of a head on VGG16, cached, against pixels at every step", seconds["cached"], seconds["whole"], note=note)


def train_voices(experiment: Experiment, cache: Path, ask: bool, answers: list) -> tuple[float, float]:
    "Seconds of asking the encoder beforehand, if that is wanted, and of training; keep what the network says in the end."
    here, encoded = (experiment.corpus, experiment.split), []
    train, validation = parts(*here, extract(experiment.corpus, WAVEFORM, cache=cache, progress=False))
    with seeded(0):
        model = experiment.build()
        asking = seconds_of(lambda: encoded.extend(parts(*here, extract(experiment.corpus, experiment.encoded, cache=cache, progress=False)))) if ask else 0.0
        said = [part[0] for part in encoded] or None
        training = seconds_of(lambda: train_network(model, experiment.task, train, validation, VOICE_RECIPE, encoded=said))
        answers.append(model.predict(validation[0], verbose=0))
    return asking, training


def bench_voices() -> Iterator[Row]:
    "The same for a speech encoder: with asking it for the first time, and from the cache alone."
    with tempfile.TemporaryDirectory() as folder:
        music, times, answers = synthetic_music(folder, classes="happy,sad", performers=4, phrases=2, duration=1.5), [], []
        options = {"encoder": Encoder(config=BASE), "adaptation": "frozen"}
        experiment = Experiment(music, make_splits(music, "speaker", folds=4)[0], WAVEFORM, build_speech_classifier, VOICE_RECIPE, options)
        for repeat in range(REPEATS):
            times.append([train_voices(experiment, Path(folder, f"cache{repeat}"), ask, answers) for ask in (True, False)])
    np.testing.assert_allclose(answers[0], answers[1], atol=2e-3)
    always, what = [whole for _, (_, whole) in times], f"{VOICE_RECIPE.epochs} epochs of a head on wav2vec2-base"
    yield Row(f"{what}, cached, against samples at every step", [sum(cached) for cached, _ in times], always, note=f"{len(music)} recordings of 1.5 s; asking the encoder included; same answers")
    yield Row(f"{what}, from the cache, against samples at every step", [training for (_, training), _ in times], always, note="the encoder was asked before, by another training")
