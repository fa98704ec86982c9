"""Corpora as users have them: real ones where they are, and broken ones."""
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from synesthetic.corpora.base import select_classes, select_items
from synesthetic.corpora.catalogue import CATALOGUE, load_corpus
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


def test_a_csv_beside_recordings(tone_corpus, tmp_path):
    "As somebody has them who is asked for no layout: file, emotion, actor, sentence."
    folder = Path(tone_corpus.items["path"][0]).parent
    table = pd.DataFrame({"File": [Path(path).name for path in tone_corpus.items["path"]], "Emotion": tone_corpus.items["label"], "Actor": tone_corpus.items["speaker"]})
    table.assign(Sentence="dogs").to_csv(folder / "mine.csv", index=False)
    corpus = load_corpus("mine.csv", folder)
    split = make_splits(corpus, "speaker", folds=2)[0]
    assert corpus.classes == ("happy", "sad") and corpus.items["speaker"].nunique() == 4 and audit_split(corpus, split).leaks == ("text",)
    features = extract(corpus, MEL, cache=tmp_path)
    assert not features.skipped and features.ids == tuple(corpus.items["id"]) and "s0-happy-0.wav" in features.ids


def test_no_such_folder_and_empty_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="ravdess is not at"):
        load_corpus("ravdess", tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="no .wav or .flac file"):
        load_corpus("ravdess", tmp_path)


LAYOUTS = {  # as distributed and as copied: files, and what is read from them
    "cremad": (("AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1002_IEO_NEU_LO.wav", "AudioWAV/1040_ITH_SAD_X.wav"), ("neutral", "sad", "angry"), 3),
    "savee": (("AudioData/DC/a01.wav", "AudioData/JE/a01.wav", "AudioData/KL/su15.wav", "AudioData/KL/sa02.wav"), ("sad", "angry", "surprised"), 3),
    "savee, flat": (("DC_a01.wav", "JE_a01.wav", "KL_su15.wav", "KL_sa02.wav"), ("sad", "angry", "surprised"), 3),
    "tess": (("OAF_Fear/OAF_back_fear.wav", "YAF_sad/YAF_back_sad.wav", "OAF_neutral/OA_bite_neutral.wav"), ("neutral", "sad", "fearful"), 2),
    "tess, twice": (("a/OAF_back_ps.wav", "a/a/OAF_back_ps.wav", "a/YAF_bite_pleasant_surprised.wav"), ("surprised",), 2),
}


def put_sounds(folder, names):
    "Recordings of a tenth of a second; those of the same name hold the same, all others differ."
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        key = "_".join(path.parts[-2:]) if "_" not in path.stem else path.stem
        soundfile.write(path, np.random.default_rng(list(key.encode())).uniform(-0.5, 0.5, 800), 8000)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_speech_layouts(layout, tmp_path):
    name = layout.partition(",")[0]
    files, classes, speakers = LAYOUTS[layout]
    put_sounds(tmp_path / name, files)
    (tmp_path / name / "notes.txt").write_text("not a recording")
    corpus = load_corpus(name, tmp_path)
    assert corpus.name == name and corpus.classes == classes and corpus.items["speaker"].nunique() == speakers
    assert len(corpus) == len({file.rpartition("/")[2] if "_" in file.rpartition("/")[2] else file for file in files})
    assert {"text", "speaker"} <= set(corpus.items) and "" not in corpus.digests.values() and corpus.licence and corpus.citation
    assert len(load_corpus(name, tmp_path / name, classes=classes[0])) < len(corpus) or len(classes) == 1


def test_both_forms_of_savee_are_one_corpus(tmp_path):
    put_sounds(tmp_path / "tree", LAYOUTS["savee"][0])
    for path in (tmp_path / "tree").rglob("*.wav"):
        (tmp_path / "flat").mkdir(exist_ok=True)
        (tmp_path / "flat" / f"{path.parent.name}_{path.name}").write_bytes(path.read_bytes())
    tree, flat = (load_corpus("savee", tmp_path / form) for form in ("tree", "flat"))
    assert tree.fingerprint == flat.fingerprint and list(tree.items["id"]) == ["DC_a01", "JE_a01", "KL_sa02", "KL_su15"]


@pytest.mark.parametrize("name", ["cremad", "savee", "tess"])
def test_speech_corpora_say_what_is_wrong(name, tmp_path):
    with pytest.raises(FileNotFoundError, match=f"{name} is not at .* To get it: .*http"):
        load_corpus(name, tmp_path / "nowhere")
    (tmp_path / name).mkdir()
    with pytest.raises(FileNotFoundError, match="no .wav or .flac file in"):
        load_corpus(name, tmp_path)
    put_sounds(tmp_path / name, ["03-01-06-01-02-01-12.wav", "1001_DFA_SUR_XX.wav", "XX_a01.wav", "DC_x01.wav", "OAF_angry.wav", "OAF_back_bored.wav"])
    with pytest.raises(ValueError, match=f"none of the 6 recordings in .* is named like {name} "):
        load_corpus(name, tmp_path)
    assert CATALOGUE[name].folder == name


def test_a_renamed_recording_of_another_sound_is_refused(tmp_path):
    put_sounds(tmp_path, ["DC/a01.wav"])
    (tmp_path / "copy" / "DC").mkdir(parents=True)
    (tmp_path / "copy" / "DC" / "a01.wav").write_text("another sound")
    with pytest.raises(ValueError, match="same name and different content"):
        load_corpus("savee", tmp_path)


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
