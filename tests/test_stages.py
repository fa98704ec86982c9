"""Training in two stages across modules: cached as uncached, broken off and resumed, stopped by a search, in part or whole."""
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from synesthetic.corpora.synthetic_music import synthetic_music
from synesthetic.features.cache import extract
from synesthetic.features.encoder import Encoder, Waveform
from synesthetic.models.speech import SMALL
from synesthetic.splits.policy import make_splits
from synesthetic.training.fit import Experiment, head_of, run_experiment, seeded, train_network
from synesthetic.training.ledger import Ledger
from synesthetic.training.speech import SPEECH_RECIPE, build_speech_classifier

FIXTURES = Path(__file__).parent / "fixtures/speech_encoders"
TINY = replace(SMALL, conv_dim=(8, 8, 8, 8), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
WAVEFORM = Waveform(12_000, longest=12_000)


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    "Two emotions, three performers."
    return synthetic_music(tmp_path_factory.mktemp("music"), classes=("happy", "sad"), performers=3, phrases=4, duration=0.75)


def staged(music, *, epochs=4, unfreeze_epoch=2, batch_size=4, **options):
    "An experiment with an untrained tiny encoder."
    recipe = replace(SPEECH_RECIPE, epochs=epochs, unfreeze_epoch=unfreeze_epoch, batch_size=batch_size, learning_rate=2e-3)
    options = {"encoder": Encoder(config=TINY), "adaptation": "all", **options}
    return Experiment(music, make_splits(music, "speaker", folds=3)[0], WAVEFORM, build_speech_classifier, recipe, options, allow_leakage=("text", "near-duplicate"))


def parts(experiment, features):
    "Features and truth of the training and of the validation part."
    items = experiment.corpus.items.set_index("id")
    return [(features.rows(ids), experiment.task.truth(items.loc[list(ids)])) for ids in (experiment.split.train, experiment.split.validation)]


@pytest.mark.parametrize("adaptation", ["all", "lora"])
def test_cached_is_uncached(music, tmp_path, adaptation):
    "What the encoder said once is what it would say in each epoch: histories and weights agree to float precision."
    experiment = staged(music, adaptation=adaptation)
    train, validation = parts(experiment, extract(music, WAVEFORM, cache=tmp_path))
    said = [part[0] for part in parts(experiment, extract(music, experiment.encoded, cache=tmp_path))]
    trained = {}
    for name, encoded in (("cached", said), ("uncached", None)):
        with seeded(0):
            model = experiment.build()
            begun = model.get_weights()
            history = train_network(model, experiment.task, train, validation, experiment.recipe, encoded=encoded)
            trained[name] = history, model.get_weights()
    (cached, weights), (uncached, others) = trained.values()
    assert len(cached) == 4 and np.allclose(cached, uncached, atol=2e-5)
    assert all(np.allclose(one, other, atol=1e-4) for one, other in zip(weights, others))
    assert any(not np.allclose(one, other, atol=1e-4) for one, other in zip(begun, weights))


def test_first_stage_leaves_the_encoder(music, tmp_path):
    "As long as it is frozen the encoder keeps every weight, and the head moves; after that both do."
    encoders = {}
    for unfreeze_epoch in (4, 2):
        run = run_experiment(staged(music, unfreeze_epoch=unfreeze_epoch), ledger=Ledger(tmp_path / "runs"), cache=tmp_path)
        model = keras.saving.load_model(run.folder / "model.keras", compile=False)
        encoders[unfreeze_epoch] = model.get_layer("encoder").get_weights()
        with seeded(0):
            begun = staged(music).build()
        assert not np.allclose(begun.get_layer("probabilities").get_weights()[0], model.get_layer("probabilities").get_weights()[0])
        same = [np.array_equal(one, other) for one, other in zip(begun.get_layer("encoder").get_weights(), encoders[unfreeze_epoch])]
        assert all(same) if unfreeze_epoch == 4 else sum(same) < len(same) / 4


@pytest.mark.parametrize(("unfreeze_epoch", "again"), [(2, [0, 1, 4]), (5, [4])])  # the head's epochs take moments, and are done again
def test_resumed_in_the_last_stage(music, tmp_path, unfreeze_epoch, again):
    "Broken off after the encoder was unfrozen, or with one that never is, a training ends as if it had not been."
    experiment, place = staged(music, epochs=5, unfreeze_epoch=unfreeze_epoch), {"cache": tmp_path}
    whole = run_experiment(experiment, ledger=Ledger(tmp_path / "whole"), **place)

    def give_up(epoch, logs):
        if epoch == 4:
            raise KeyboardInterrupt

    broken = {"ledger": Ledger(tmp_path / "broken"), "checkpoint_seconds": 0, **place}
    with pytest.raises(KeyboardInterrupt):
        run_experiment(experiment, callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=give_up)], **broken)
    begun = []
    resumed = run_experiment(experiment, callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))], **broken)
    assert begun == again
    assert resumed.history.equals(whole.history) and resumed.predictions.equals(whole.predictions)


@pytest.mark.parametrize("last", [1, 2, 3])
def test_stopped_by_a_search(music, tmp_path, last):
    "A search can end a training in the first stage, where it ends, and in the second; the run is found again."
    place = {"ledger": Ledger(tmp_path / "runs"), "cache": tmp_path}
    experiment = staged(music)
    blind = replace(experiment, split=replace(experiment.split, test=()))
    run = run_experiment(blind, stop=lambda epoch, scores: epoch == last, **place)
    assert len(run.history) == last and run.experiment["stopped_after"] == last
    assert run_experiment(blind, stop=lambda epoch, scores: epoch == last, **place).key == run.key and len(place["ledger"].runs()) == 1


def test_network_without_encoder(music, tmp_path):
    "What cannot be frozen is not trained in stages, and says so."
    def build_plain(input_shape, outputs):
        inputs = keras.Input(input_shape)
        return keras.Model(inputs, keras.layers.Dense(outputs, activation="softmax")(inputs), name="plain")

    with pytest.raises(ValueError, match="plain has no layer named 'encoder': there is nothing to freeze"):
        run_experiment(replace(staged(music), architecture=build_plain, options={}), ledger=Ledger(tmp_path / "runs"), cache=tmp_path)
    with pytest.raises(ValueError, match="has no layer named 'encoder'"):
        head_of(build_plain((4,), 2))


def test_lora_is_kept_whole(music, tmp_path):
    "A network trained with LoRA answers the same after it was saved, where its thin matrices are a part of the others."
    run = run_experiment(staged(music, adaptation="lora", unfreeze_epoch=1), ledger=Ledger(tmp_path / "runs"), cache=tmp_path)
    tested = run.predictions[run.predictions["part"] == "test"]
    model = keras.saving.load_model(run.folder / "model.keras", compile=False)
    samples = extract(music, WAVEFORM, cache=tmp_path).rows(tested["id"])
    assert np.allclose(model.predict(samples, verbose=0), tested[["p_happy", "p_sad"]], atol=1e-5)
    assert run.record["trained_parameters"] < run.record["parameters"] / 2


@pytest.mark.parametrize("style", ["base", "large"])
def test_checkpoint_of_another_library(music, tmp_path, style):
    "A checkpoint in the layout of Hugging Face goes the same way: found by its folder, frozen first, then trained."
    encoder = Encoder.find(FIXTURES / style)
    run = run_experiment(staged(music, encoder=encoder, epochs=2, unfreeze_epoch=1, adaptation="transformer"), ledger=Ledger(tmp_path / "runs"), cache=tmp_path)
    tested = run.predictions[run.predictions["part"] == "test"]
    model = keras.saving.load_model(run.folder / "model.keras", compile=False)
    samples = extract(music, WAVEFORM, cache=tmp_path).rows(tested["id"])
    assert np.allclose(model.predict(samples, verbose=0), tested[["p_happy", "p_sad"]], atol=1e-4)
    assert run.experiment["architecture"]["options"]["encoder"]["weights"] == encoder.weights  # the digest, not the place
