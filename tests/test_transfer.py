"""From one corpus to another: taxonomies, joined corpora, splits and their audits, and the report card."""
import itertools

import numpy as np
import pandas as pd
import pytest
import soundfile

from conftest import ROOT
from synesthetic.corpora.base import Corpus, in_class_order
from synesthetic.corpora.catalogue import CATALOGUE, load_corpus
from synesthetic.corpora.circumplex import EMOTION_MEANS
from synesthetic.corpora.speech import CREMAD_EMOTIONS, EMODB_EMOTIONS, RAVDESS_EMOTIONS, SAVEE_EMOTIONS, TESS_EMOTIONS
from synesthetic.corpora.taxonomy import UNIFIED_CLASSES, join_corpora, read_taxonomy, shared_classes, taxonomy_names, unify
from synesthetic.evaluation.transfer import expected_calibration_error, failure_signs, prior_shift, report_card, shared_answers
from synesthetic.evaluation.uncertainty import simulate_predictions
from synesthetic.features.mel import LogMel
from synesthetic.splits.leakage import LeakageError, audit_split, audit_splits, check_leakage
from synesthetic.splits.transfer import transfer_splits
from synesthetic.training.fit import Experiment, run_experiment
from synesthetic.training.ledger import Ledger
from synesthetic.training.recipe import Recipe

LABELS = {  # what the loaders give
    "emodb": EMODB_EMOTIONS.values(), "ravdess": RAVDESS_EMOTIONS, "cremad": CREMAD_EMOTIONS.values(), "savee": SAVEE_EMOTIONS.values(),
    "tess": TESS_EMOTIONS.values(), "embedded": EMOTION_MEANS,
}


def test_every_taxonomy_is_of_a_corpus_and_every_corpus_with_sound_has_one():
    assert set(taxonomy_names()) == set(LABELS) <= set(CATALOGUE)
    assert {path.stem for path in (ROOT / "data" / "taxonomies").iterdir()} == set(LABELS)


@pytest.mark.parametrize("name", LABELS)
def test_every_label_has_a_class_and_every_class_is_reached(name):
    taxonomy = read_taxonomy(name)
    assert set(taxonomy.index) == set(LABELS[name])
    reached = {taxonomy[label] for label in LABELS[name]}
    assert reached == set(taxonomy) and reached <= set(UNIFIED_CLASSES) and "" not in reached


@pytest.mark.parametrize("source, target", list(itertools.permutations(LABELS, 2)))
def test_every_pair_of_corpora_shares_four_classes(source, target):
    corpora = [written(name, LABELS[name], 2, 1) for name in (source, target)]
    shared = shared_classes(*corpora)
    assert len(shared) >= 4 and shared == in_class_order(shared)
    joined = join_corpora(*corpora)
    reachable = set(joined.items.loc[joined.items["corpus"] == target, "label"])
    assert reachable == set(shared) <= set(joined.classes) == set(read_taxonomy(source))
    assert sum(joined.dropped.values()) + len(joined) == len(corpora[0]) + len(corpora[1])


def written(name, labels, speakers, texts):
    "A corpus without files."
    rows = [
        {"id": f"{s}-{t}-{label}", "path": "", "label": label, "speaker": f"s{s}", "text": f"t{t}"}
        for s in range(speakers) for t in range(texts) for label in dict.fromkeys(labels)
    ]
    return Corpus(name, pd.DataFrame(rows), in_class_order(labels), licence="CC0-1.0", citation=name)


def test_a_taxonomy_is_found_from_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_taxonomy("emodb")["bored"] == "bored"


def test_a_corpus_and_a_taxonomy_of_ones_own(tmp_path):
    (tmp_path / "mine.csv").write_text("\ufefflabel,unified\nJoy,happy\nRage,angry\nCough,\n")
    mine = written("mine", ["Joy", "Rage", "Cough"], 3, 2)
    unified = unify(mine, tmp_path / "mine.csv")
    assert unified.classes == ("happy", "angry") and unified.dropped == {"Cough": 6}
    joined = join_corpora(written("emodb", LABELS["emodb"], 3, 2), unified)
    assert joined.name == "emodb+mine" and joined.dropped == {"mine Cough": 6}
    assert (len(transfer_splits(joined, target="mine")[0].test)) == 12


def sounding(folder, name, labels, rng, speakers):
    "A corpus of noises of different length; speakers say different numbers of items."
    rows = []
    for speaker in range(speakers):
        for label in labels:
            for take in range(rng.integers(2, 5)):
                path = folder / f"{name}-{speaker}-{label}-{take}.wav"
                soundfile.write(path, rng.uniform(-0.5, 0.5, rng.integers(1000, 6000)), 2000)
                rows.append({"id": path.stem, "path": str(path), "label": label, "speaker": f"s{speaker}", "text": f"t{take}"})
    return Corpus(name, pd.DataFrame(rows), in_class_order(labels), licence="CC0-1.0", citation=name)


def joined_of(folder, seed):
    "Two joined corpora with from three to six speakers each."
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    corpora = (sounding(folder, name, labels, rng, rng.integers(3, 7)) for name, labels in (("ravdess", RAVDESS_EMOTIONS[:5]), ("emodb", ("neutral", "happy", "sad", "bored"))))
    return join_corpora(*corpora)


@pytest.mark.parametrize("seed", range(12))
def test_parts_are_apart_and_minutes_are_nested(seed, tmp_path):
    joined = joined_of(tmp_path / str(seed), seed)
    items = joined.items.set_index("id")
    target = set(items.index[items["corpus"] == "emodb"])
    seconds = {id: soundfile.info(path).duration for id, path in items["path"].items()}
    before = None
    for minutes in (0, 0.02, 0.1, 0.2):
        splits = transfer_splits(joined, target="emodb", folds=3, minutes=minutes, seed=seed)
        assert sorted(id for split in splits for id in split.test) == sorted(target) and len(splits) == (3 if minutes else 1)
        for split in splits:
            train, validation, test = (set(part) for part in (split.train, split.validation, split.test))
            assert not train & validation and not test & (train | validation) and not validation & target
            speakers = [set(items.loc[list(part), "speaker"]) for part in (train, validation, test)]
            assert not speakers[0] & speakers[1] and not speakers[2] & (speakers[0] | speakers[1])
            added = items.loc[sorted(train & target)]
            total = sum(seconds[id] for id in added.index)
            assert 60 * minutes <= total <= 60 * minutes + max(seconds.values())
            counts, there = added["label"].value_counts(), items.loc[sorted(target - test), "label"].value_counts()
            short = [label for label in there.index if counts.get(label, 0) < there[label]]  # those that are not used up
            assert not short or max(counts, default=0) - min(counts.get(label, 0) for label in short) <= 1
        if before and len(before) == len(splits):
            assert all(less.test == more.test and set(less.train) < set(more.train) and less.validation == more.validation for less, more in zip(before, splits))
        before = splits
        assert splits == transfer_splits(joined, target="emodb", folds=3, minutes=minutes, seed=seed)


def test_the_audit_treats_a_transfer_as_any_split(tmp_path):
    joined = joined_of(tmp_path / "files", 0)
    zero, = transfer_splits(joined, target="emodb")
    audit = audit_split(joined, zero, cache=tmp_path / "cache")
    assert audit.leaks == () and audit.mark == ""
    check_leakage(audit)
    some = audit_splits(joined, transfer_splits(joined, target="emodb", folds=3, minutes=0.1), cache=tmp_path / "cache")
    assert some.leaks == ("text",) and some.table.loc["speaker", "shared"] == 0 and some.mark == "text-dependent"
    with pytest.raises(LeakageError, match="test and training share"):
        check_leakage(some)
    check_leakage(some, allow="text")


def test_a_recording_in_both_corpora_is_found(tmp_path):
    joined = joined_of(tmp_path / "files", 0)
    split, = transfer_splits(joined, target="emodb")
    paths = joined.items.set_index("id")["path"]
    with open(paths[split.train[0]], "rb") as one, open(paths[split.test[0]], "wb") as other:
        other.write(one.read())
    again = Corpus(joined.name, joined.items, joined.classes, joined.licence, joined.citation)
    assert "duplicate" in audit_split(again, split, cache=tmp_path / "cache").leaks


def build_small(input_shape, outputs):
    "A network that trains in a second."
    import keras

    inputs = keras.Input(input_shape)
    x = keras.layers.Normalization(axis=1)(inputs)
    x = keras.layers.GlobalAveragePooling1D(data_format="channels_first")(x)
    return keras.Model(inputs, keras.layers.Dense(outputs, activation="softmax")(x), name="small")


def test_a_transfer_runs_and_gets_its_card(tmp_path):
    joined = joined_of(tmp_path / "files", 1)
    split, = transfer_splits(joined, target="emodb")
    experiment = Experiment(joined, split, LogMel(n_mels=16, duration=0.5), build_small, Recipe(epochs=2, batch_size=8, ema_momentum=0.0))
    run = run_experiment(experiment, ledger=Ledger(tmp_path / "runs"), cache=tmp_path / "cache")
    labels = joined.items.set_index("id").loc[list(split.train), "label"]
    card = report_card(run.predictions, source_labels=labels, classes=joined.classes)
    assert card["items"] == len(split.test) and card["shared classes"] == "neutral, happy, sad" and 0 < card["outside"] < 1
    assert all(isinstance(sign, str) for sign in failure_signs(run.predictions, name="noise", classes=joined.classes, history=run.history))


@pytest.mark.realdata
def test_ravdess_and_emodb(real_data):
    ravdess, emodb = (load_corpus(name, real_data) for name in ("ravdess", "emodb"))
    joined = join_corpora(ravdess, emodb)
    assert shared_classes(ravdess, emodb) == ("neutral", "happy", "sad", "angry") and joined.dropped == {}
    assert joined.items["speaker"].nunique() == ravdess.items["speaker"].nunique() + emodb.items["speaker"].nunique()
    zero, = transfer_splits(joined, target="emodb")
    assert len(zero.test) == len(emodb) and audit_split(joined, zero).leaks == ()
    one, five = (transfer_splits(joined, target="emodb", minutes=minutes) for minutes in (1, 5))
    assert audit_splits(joined, five).leaks == ("text",) and all(set(less.train) < set(more.train) for less, more in zip(one, five))
    back = join_corpora(emodb, ravdess)
    assert set(back.dropped) == {"ravdess fearful", "ravdess disgust", "ravdess surprised"} and back.classes == emodb.classes
    assert audit_split(back, transfer_splits(back, target="ravdess")[0]).table.loc["speaker", "shared"] == 0


CLASSES = ("neutral", "happy", "sad", "angry", "surprised")


def answered(seed, **options):
    "Simulated answers of a model of five classes to items of four."
    table = simulate_predictions(12, 40, CLASSES, seed=seed, **options)
    return table[table["label"] != "surprised"]


@pytest.mark.parametrize("seed", range(5))
def test_the_card_finds_what_was_simulated(seed):
    table = answered(seed, accuracy=0.6, speaker_sd=0.05)
    card = report_card(table, source_labels=CLASSES, classes=CLASSES)
    assert abs(card["unrestricted"] - 0.6) < 0.08 and card["balanced accuracy"] > card["unrestricted"]
    assert card["low"] < card["balanced accuracy"] < card["high"] and card["prior shift"] == 0 and card["chance"] == 0.25
    among = shared_answers(table, CLASSES[:4])
    p = among[[f"p_{name}" for name in CLASSES[:4]]].to_numpy()
    assert p.sum(axis=1) == pytest.approx(1) and card["outside"] == pytest.approx(table["p_surprised"].mean())
    assert among["predicted"].tolist() == [CLASSES[:4][best] for best in p.argmax(axis=1)]


def test_calibration_of_a_model_that_is_as_sure_as_it_is_right():
    rng = np.random.default_rng(0)
    for shift, low, high in ((0.0, 0.0, 0.02), (-0.2, 0.18, 0.22), (0.1, 0.08, 0.12)):
        confidence = rng.uniform(0.3, 0.9, 20000)
        assert low <= expected_calibration_error(confidence, rng.random(20000) < confidence + shift) <= high


def test_prior_shift_is_a_distance():
    rng = np.random.default_rng(0)
    sides = [rng.choice(CLASSES, 200, p=rng.dirichlet(np.ones(5))) for _ in range(3)]
    one, other, third = (prior_shift(a, b, CLASSES) for a, b in ((sides[0], sides[1]), (sides[1], sides[2]), (sides[0], sides[2])))
    assert one == prior_shift(sides[1], sides[0], CLASSES) and third <= one + other and prior_shift(sides[0], sides[0], CLASSES) == 0


def test_good_runs_give_no_signs_and_bad_ones_do():
    history = pd.DataFrame({"epoch": range(1, 9), "loss": 1.6 * 0.8 ** np.arange(8), "val_uar": np.linspace(0.3, 0.7, 8)})
    good = [failure_signs(answered(seed, accuracy=0.65), name="good", classes=CLASSES, history=history, unfreeze_epoch=2, training_items=500) for seed in range(40)]
    assert good == [[]] * 40
    bad = [failure_signs(answered(seed, accuracy=0.2, speaker_sd=0.0), name="bad", classes=CLASSES, history=history[::-1], unfreeze_epoch=0, training_items=500) for seed in range(40)]
    assert all("above" in " ".join(signs) and "unfreeze" in " ".join(signs) for signs in bad)
    assert np.mean(["1/C" in " ".join(signs) for signs in bad]) > 0.85
