"""What it saves to ask a frozen speech encoder once: five epochs of a head on wav2vec2-base of full size, cached and from samples."""
import time
from dataclasses import replace

import numpy as np
import pytest

from synesthetic.corpora.synthetic_music import synthetic_music
from synesthetic.features.cache import extract
from synesthetic.features.encoder import Encoder, Waveform
from synesthetic.models.wav2vec2 import BASE
from synesthetic.splits.policy import make_splits
from synesthetic.training.fit import Experiment, seeded, train_network
from synesthetic.training.speech import SPEECH_RECIPE, build_speech_classifier

WAVEFORM = Waveform(24_000, longest=24_000)
RECIPE = replace(SPEECH_RECIPE, epochs=5, unfreeze_epoch=5, batch_size=8)


def parts(experiment, features):
    "Features and truth of the training and of the validation part."
    items = experiment.corpus.items.set_index("id")
    return [(features.rows(ids), experiment.task.truth(items.loc[list(ids)])) for ids in (experiment.split.train, experiment.split.validation)]


def test_frozen_speech_encoder(tmp_path):
    "Print how many times as fast the cached stage is, with and without asking the encoder for the first time, and that both say the same."
    music = synthetic_music(tmp_path, classes="happy,sad", performers=4, phrases=4, duration=1.5)
    options = {"encoder": Encoder(config=BASE), "adaptation": "frozen"}
    experiment = Experiment(music, make_splits(music, "speaker", folds=4)[0], WAVEFORM, build_speech_classifier, RECIPE, options)
    train, validation = parts(experiment, extract(music, WAVEFORM, cache=tmp_path, progress=False))
    seconds, answers = {}, {}
    for way in ("cached", "from samples"):
        with seeded(0):
            model = experiment.build()
            clock = [time.perf_counter()]
            said = [part[0] for part in parts(experiment, extract(music, experiment.encoded, cache=tmp_path, progress=False))] if way == "cached" else None
            clock.append(time.perf_counter())
            train_network(model, experiment.task, train, validation, RECIPE, encoded=said)
            clock.append(time.perf_counter())
            seconds[way], answers[way] = np.diff(clock), model.predict(validation[0], verbose=0)
    (asked, cached), (_, always) = seconds.values()
    difference = abs(answers["cached"] - answers["from samples"]).max()
    print(
        f"\nwav2vec2-base, 5 epochs on {len(train[0]) + len(validation[0])} recordings of 1.5 s: from samples {always:.1f} s; cached {cached:.1f} s, ratio {always / cached:.1f}; "
        f"with asking for the first time {asked + cached:.1f} s, ratio {always / (asked + cached):.1f}; answers differ by at most {difference:.1e}"
    )
    assert answers["cached"] == pytest.approx(answers["from samples"], abs=2e-3)
