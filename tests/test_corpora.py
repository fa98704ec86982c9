"""Corpora as users have them: real ones where they are, and broken ones."""
from dataclasses import replace

import pytest
import soundfile

from synesthetic.corpora.base import select_classes, select_items
from synesthetic.corpora.catalogue import load_corpus
from synesthetic.features.cache import extract
from synesthetic.features.mel import AudioError, LogMel
from synesthetic.splits.leakage import LeakageError, audit_split
from synesthetic.splits.policy import make_splits
from synesthetic.training.fit import Experiment, run_all, run_experiment
from synesthetic.training.ledger import Ledger
from synesthetic.training.recipe import Augmentation, Recipe

MEL = LogMel(n_mels=16, duration=0.5)


@pytest.mark.realdata
def test_ravdess(real_data):
    corpus = load_corpus("ravdess", real_data)
    assert len(corpus) == 60 * corpus.items["speaker"].nunique() and len(corpus.classes) == 8
    audit = audit_split(corpus, make_splits(corpus, "speaker", folds=4)[0])
    assert audit.leaks == ("text",)
    duplicates = [digest for digest in corpus.digests.values() if list(corpus.digests.values()).count(digest) > 1]
    assert len(duplicates) == 2


@pytest.mark.realdata
def test_emodb(real_data):
    corpus = load_corpus("emodb", real_data)
    assert len(corpus) == 339 and corpus.classes == ("neutral", "happy", "sad", "angry")
    splits = make_splits(corpus, "speaker", folds=5)
    assert sorted(id for split in splits for id in split.test) == list(corpus.items["id"])
    random = audit_split(corpus, make_splits(corpus, "random", folds=5)[0])
    assert random.table.loc["speaker", "shared"] == 10


def test_no_such_folder_and_empty_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="ravdess is not at"):
        load_corpus("ravdess", tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="no .wav or .flac file"):
        load_corpus("ravdess", tmp_path)


def test_unknown_class(tone_corpus):
    with pytest.raises(ValueError, match="tones has no class 'joyful'; it has happy, sad"):
        select_classes(tone_corpus, "joyful")


def test_one_speaker_cannot_be_split_by_speaker(tone_corpus):
    one = select_items(tone_corpus, [id for id in tone_corpus.items["id"] if id.startswith("s0")])
    with pytest.raises(ValueError, match="tones has 1 speaker"):
        make_splits(one, "speaker", folds=2)


def test_a_class_with_one_item(tone_corpus):
    happy = tone_corpus.items[tone_corpus.items["label"] == "happy"]["id"]
    lone = select_items(tone_corpus, [*tone_corpus.items[tone_corpus.items["label"] == "sad"]["id"], happy.iloc[0]])
    with pytest.raises(ValueError, match="class 'happy' has 1 item"):
        make_splits(lone, "random", folds=2)


def test_a_bad_file_stops_training_or_is_left_out(tone_corpus, tmp_path):
    bad = tone_corpus.items["path"][3]
    with open(bad, "w") as stream:
        stream.write("not a recording")
    spoilt = replace(tone_corpus)
    with pytest.raises(AudioError, match=bad):
        extract(spoilt, MEL, cache=tmp_path / "cache", progress=False)
    with pytest.warns(UserWarning):
        features = extract(spoilt, MEL, on_error="skip", cache=tmp_path / "cache", progress=False)
    assert len(features.ids) == len(spoilt) - 1 and len(features.skipped) == 1
    assert len(select_items(spoilt, features.ids)) == len(spoilt) - 1


def build_small(input_shape, outputs):
    "A network that trains in a second."
    import keras

    inputs = keras.Input(input_shape)
    x = keras.layers.Normalization(axis=1)(inputs)
    x = keras.layers.GlobalAveragePooling1D(data_format="channels_first")(x)
    return keras.Model(inputs, keras.layers.Dense(outputs, activation="softmax")(x), name="small")


def test_side_by_side_equals_one_after_the_other(tone_corpus, tmp_path):
    recipe = Recipe(epochs=2, batch_size=4, ema_momentum=0.0, augmentation=Augmentation(frequency_mask=2))
    experiments = [Experiment(tone_corpus, split, MEL, build_small, recipe) for split in make_splits(tone_corpus, folds=4)]
    tables = []
    for workers in (1, 2):
        ledger = Ledger(tmp_path / str(workers))
        runs = run_all(experiments, ledger=ledger, cache=tmp_path / "cache", workers=workers, progress=False)
        tables.append([run.predictions for run in runs])
    assert all(first.equals(second) for first, second in zip(*tables))


def test_leak_is_refused_before_anything_is_computed(tone_corpus, tmp_path):
    experiment = Experiment(tone_corpus, make_splits(tone_corpus, "random", folds=2)[0], MEL, build_small)
    with pytest.raises(LeakageError):
        run_experiment(experiment, ledger=Ledger(tmp_path / "runs"), cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache/features").iterdir())) == 1, "there is more than the fingerprints that the audit looks at"
    assert not (tmp_path / "runs").exists()


def test_stereo_and_other_rates_train_alike(tone_corpus, tmp_path):
    for path in tone_corpus.items["path"][:4]:
        y, rate = soundfile.read(path)
        soundfile.write(path, [[value, value] for value in y], rate)
    stereo = extract(replace(tone_corpus), MEL, cache=tmp_path / "cache", progress=False)
    assert stereo.values.shape == (len(tone_corpus), *MEL.shape)
