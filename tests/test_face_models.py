"""Networks for faces in experiments: classes, dimensions and both, from pixels, from cached features, and from a whole backbone."""
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from synesthetic.corpora.base import select_items
from synesthetic.corpora.faces import load_fer2013
from synesthetic.corpora.synthetic_faces import synthetic_faces
from synesthetic.features.backbone import Backbone, fresh_network, preprocessing_constants
from synesthetic.features.cache import extract
from synesthetic.features.pixels import Pixels
from synesthetic.models.costs import count_flops
from synesthetic.models.faces import build_fine_tuned, build_four_block_cnn, build_transfer
from synesthetic.splits.policy import make_splits
from synesthetic.training.fit import Experiment, load_network, run_experiment
from synesthetic.training.ledger import Ledger
from synesthetic.training.recipe import Recipe

QUICK = Recipe(epochs=2, batch_size=16, augmentation=None, ema_momentum=0.0)
SMALL = {"filters": (4, 4, 4, 8), "embedding_dim": 8}


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    "Six people, happy and sad, four pictures of each."
    return synthetic_faces(tmp_path_factory.mktemp("faces"), classes="happy,sad", identities=6, images=4, size=24)


@pytest.mark.parametrize("targets, options, columns", [
    (("label",), {}, {"p_happy", "p_sad"}),
    (("valence", "arousal"), {"values": True}, {"predicted_valence", "predicted_arousal"}),
    (("label", "valence", "arousal"), {}, {"p_happy", "p_sad", "predicted_valence", "predicted_arousal"}),
])
@pytest.mark.parametrize("architecture, features", [(build_four_block_cnn, Pixels(16)), (build_transfer, Backbone(weights="", size=32))])
def test_every_target_is_an_experiment(faces, tmp_path, architecture, features, targets, options, columns):
    split = make_splits(faces, "speaker", folds=3)[0]
    options = options | (SMALL if architecture is build_four_block_cnn else {"units": 8})
    run = run_experiment(Experiment(faces, split, features, architecture, QUICK, options, targets), ledger=Ledger(tmp_path), cache=tmp_path / "cache")
    tested = run.predictions[run.predictions["part"] == "test"]
    assert columns <= set(tested) and len(tested) == len(split.test)
    answers = load_network(run).predict(extract(faces, features, cache=tmp_path / "cache").rows(tested["id"]), verbose=0)
    given = [column for column in tested if column.startswith("p_") or column.startswith("predicted_")]
    assert np.allclose(tested[given], answers, atol=1e-4)


def test_values_must_be_asked_for(faces, tmp_path):
    split = make_splits(faces, "speaker", folds=3)[0]
    with pytest.raises(ValueError, match="four_block_cnn ends in a softmax"):
        run_experiment(Experiment(faces, split, Pixels(16), build_four_block_cnn, QUICK, SMALL, ("valence",)), ledger=Ledger(tmp_path), cache=tmp_path / "cache")


def test_augmentation_is_only_in_training():
    keras.utils.set_random_seed(0)
    model, pictures = build_four_block_cnn((16, 16, 1), 2, **SMALL, block_dropout=0.0, dropout_rate=0.0), np.random.default_rng(0).normal(size=(8, 16, 16, 1))
    first = keras.ops.convert_to_numpy(model(pictures))
    assert np.array_equal(first, model(pictures)) and not np.allclose(model(pictures, training=True), model(pictures, training=True))


@pytest.mark.realdata
def test_real_weights_say_the_same_cached_and_whole(real_data, tmp_path):
    corpus = load_fer2013(real_data / "fer2013")
    corpus = select_items(corpus, list(corpus.items["id"][corpus.items["part"] == "validation"][:12]))
    spec = Backbone("MobileNetV2", weights=str(real_data / "weights" / "mobilenet_v2_1.0_224_no_top.weights.h5"))
    cached = extract(corpus, spec, cache=tmp_path).values
    keras.utils.set_random_seed(0)
    head = build_transfer(spec.shape, 7, dimensions=2)
    head.get_layer("standardise").adapt(np.asarray(cached))
    whole = build_fine_tuned((128, 128, 3), 7, network=fresh_network(spec), preprocessing=preprocessing_constants(spec), head=head, dimensions=2)
    pixels = np.stack([Pixels(128)(path) for path in corpus.items["path"]])
    assert np.abs(whole.predict(pixels, verbose=0) - head.predict(np.asarray(cached), verbose=0)).max() < 1e-3
    assert count_flops(whole) == pytest.approx(2e8, rel=0.1)  # 99 million multiply-adds, says Keras of mobilenet_v2_1.0_128


LONG_TRAINING = """
import sys, time
import keras
from synesthetic.corpora.synthetic_faces import synthetic_faces
from synesthetic.features.pixels import Pixels
from synesthetic.models.faces import build_four_block_cnn
from synesthetic.splits.policy import make_splits
from synesthetic.training.fit import Experiment, run_experiment
from synesthetic.training.ledger import Ledger
from synesthetic.training.recipe import Recipe

where, slow = sys.argv[1:]
faces = synthetic_faces(where + "/faces", classes="happy,sad", identities=6, images=4, size=24)
recipe = Recipe(epochs=8, batch_size=4, learning_rate=0.02, schedule="exponential", ema_momentum=0.5, patience=3, augmentation=None)
experiment = Experiment(faces, make_splits(faces, "speaker", folds=3)[0], Pixels(16), build_four_block_cnn, recipe, {"filters": (4, 4, 4, 8), "embedding_dim": 8})
wait = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: time.sleep(1.5 if slow == "slow" else 0))
run_experiment(experiment, ledger=Ledger(where + "/runs-" + slow), cache=where + "/cache", callbacks=[wait], checkpoint_seconds=0)
"""


@pytest.mark.fault("kills survived")
def test_a_long_training_survives_kill_9(tmp_path):
    "Killed between two epochs and asked for again, it ends with the weights of one that was left in peace."
    def start(speed):
        return subprocess.Popen([sys.executable, "-c", LONG_TRAINING, str(tmp_path), speed], stderr=subprocess.PIPE, text=True)

    killed, unfinished = start("slow"), tmp_path / "runs-slow" / "unfinished"
    while not (kept := list(unfinished.glob("*/checkpoint.npz"))) and killed.poll() is None:
        time.sleep(0.05)
    time.sleep(2)
    killed.kill()
    assert kept and not Ledger(tmp_path / "runs-slow").runs(), killed.stderr.read()
    first = np.load(kept[0])["about"].item().count('"loss"')
    assert 1 <= first < 8
    for speed in ("slow", "fast"):
        process = start(speed)
        assert process.wait(timeout=300) == 0, process.stderr.read()
    resumed, left = (Ledger(tmp_path / f"runs-{speed}").runs()[0] for speed in ("slow", "fast"))
    assert resumed.predictions.equals(left.predictions) and resumed.history.equals(left.history) and not list(unfinished.iterdir())
    assert all(np.array_equal(one, other) for one, other in zip(load_network(resumed).get_weights(), load_network(left).get_weights()))
