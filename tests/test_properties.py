"""Statements that hold for every input, tried on inputs that nobody would think of: loaders, splits, metrics, arithmetic, keys.

In the suite the inputs are always the same, and few. `HYPOTHESIS_EXAMPLES=5000 pytest tests/test_properties.py` looks for new ones.
"""
import io
import itertools
import json
import math
import os
import string
import tempfile
from dataclasses import make_dataclass
from pathlib import Path

import audmetric
import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy import stats
from sklearn import metrics as sklearn_metrics

pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, assume, example, given, settings, strategies as some

from synesthetic.corpora.art import load_folder
from synesthetic.corpora.base import Corpus, in_class_order
from synesthetic.corpora.faces import parse_pixels, read_fer2013_rows
from synesthetic.corpora.speech import load_emodb
from synesthetic.evaluation.arithmetic import accuracy_interval, feasible_accuracy, least_f1, possible_sizes, spread_bounds
from synesthetic.evaluation.metrics import classification_scores, floors, per_class_scores
from synesthetic.evaluation.regression import regression_scores
from synesthetic.evaluation.uncertainty import FROM_COUNTS, cluster_bootstrap_interval, speaker_interval
from synesthetic.features.mel import AudioError, LogMel, load_audio
from synesthetic.features.pixels import ImageError, Pixels
from synesthetic.foundation import canonical, content_key
from synesthetic.splits.policy import POLICIES, make_splits, sized_split, validation_split

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", 0))
CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
settings.register_profile("suite", max_examples=EXAMPLES or 20, derandomize=not EXAMPLES, deadline=None, database=None, suppress_health_check=CHECKS)
settings.load_profile("suite")

CLASSES = ("happy", "sad", "angry")


@pytest.fixture(scope="module")
def place():
    "A folder for all examples of this file; each writes over the one before."
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


# Recordings

RATES = [8000, 11025, 16000, 22050, 44100, 48000, 96000]
KINDS = [("WAV", "PCM_16"), ("WAV", "PCM_U8"), ("WAV", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT"), ("WAV", "DOUBLE"), ("WAV", "ULAW"), ("FLAC", "PCM_16")]


@some.composite
def sounds(draw):
    "Samples (n, channels), their rate and the form of their file."
    n, channels = draw(some.integers(0, 3000)), draw(some.integers(1, 8))
    rng = np.random.default_rng(draw(some.integers(0, 2**32)))
    y = rng.normal(0, draw(some.sampled_from([0.0, 1e-6, 1e-3, 0.1, 2.0])), (n, channels))
    if n:
        for value in draw(some.lists(some.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1.0, 1e30, 1e-40]), max_size=3)):
            y[rng.integers(n), rng.integers(channels)] = value
    return y, draw(some.sampled_from(RATES)), *draw(some.sampled_from(KINDS))


def written(y, rate, form, subtype) -> bytes:
    stream = io.BytesIO()
    with np.errstate(all="ignore"):
        y = y if subtype in ("FLOAT", "DOUBLE") else np.clip(np.nan_to_num(y), -1, 1)  # libsndfile 1.2.2 crashes when it writes NaN as u-law
        soundfile.write(stream, y, rate, format=form, subtype=subtype)
    return stream.getvalue()


def heard(path: Path):
    "What a network would see of a recording, or None if it is refused as it should be: in words, with its name."
    try:
        y = load_audio(path)
    except AudioError as error:
        assert str(path) in str(error)
        return None
    assert y.ndim == 1 and len(y) and y.dtype == np.float32 and np.isfinite(y).all()
    spec = LogMel(duration=0.2, n_mels=8)
    value = spec(path)
    assert value.shape == spec.shape and value.dtype == np.float32 and value.min() >= spec.floor_db - 1e-3
    assert np.isfinite(value).all() or abs(y).max() > 1e9, "only what is absurdly loud overflows, which `extract` refuses"
    return y


@given(sounds())
def test_a_recording_is_heard_whole_or_refused_in_words(place, sound):
    y, rate, form, subtype = sound
    path = place / "sound.wav"
    path.write_bytes(written(*sound))
    found = heard(path)
    if found is not None and rate == 16000:
        stored = soundfile.read(path, always_2d=True, dtype="float32")[0]
        np.testing.assert_allclose(found, stored.mean(axis=1), rtol=1e-5, atol=1e-6)
    if found is not None:
        assert abs(len(found) - len(y) * 16000 / rate) <= 1
    if not np.isfinite(y).all() and subtype in ("FLOAT", "DOUBLE"):
        assert found is None


@given(sounds(), some.data())
def test_a_damaged_recording_never_stops_a_program(place, sound, data):
    content = bytearray(written(*sound))
    if data.draw(some.booleans()):
        content = content[: data.draw(some.integers(0, len(content)))]
    for _ in range(data.draw(some.integers(0, 4))):
        if content:
            content[data.draw(some.integers(0, min(len(content), 80) - 1))] = data.draw(some.integers(0, 255))
    content = data.draw(some.binary(max_size=12)) + content if data.draw(some.booleans()) else content
    path = place / "damaged.wav"
    path.write_bytes(content)
    heard(path)


@given(some.integers(1, 2000), some.integers(1, 4), some.integers(1, 400))
def test_a_recording_that_was_cut_off_is_refused(place, n, channels, cut):
    whole = written(np.random.default_rng(n).normal(0, 0.1, (n, channels)), 16000, "WAV", "PCM_16")
    path = place / "cut.wav"
    path.write_bytes(whole[:-min(cut, 2 * n * channels)])
    assert heard(path) is None


# Names of files

NAMES = some.text(some.characters(blacklist_categories=("Cs",), blacklist_characters="/\0"), min_size=1, max_size=20).filter(lambda name: name not in (".", "..") and len(name.encode()) < 120)


@settings(max_examples=max(EXAMPLES // 10, 8))
@given(some.lists(NAMES, max_size=6, unique=True), some.booleans())
def test_strange_names_are_left_out_of_a_speech_corpus(names, below):
    with tempfile.TemporaryDirectory() as folder:
        sound = written(np.random.default_rng(0).normal(0, 0.1, (400, 1)), 16000, "WAV", "PCM_16")
        place = Path(folder, names[0] if names and below and not names[0].startswith(".") else "wav")
        place.mkdir()
        for name in ["03a01Fa", "08b02Wb", *names]:
            (place / f"{name}.wav").write_bytes(sound)
        corpus = load_emodb(folder)
        assert tuple(corpus.items["id"]) == ("03a01Fa", "08b02Wb") and corpus.classes == ("happy", "angry")
        assert all(Path(path).read_bytes() == sound for path in corpus.items["path"]) and len(corpus.fingerprint) == 32


@settings(max_examples=max(EXAMPLES // 10, 8))
@given(some.lists(NAMES, min_size=1, max_size=6, unique_by=lambda name: name.strip().casefold()), some.sampled_from(["utf-8", "utf-8-sig"]))
def test_a_table_of_pictures_finds_files_whatever_they_are_called(names, encoding):
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        files = [f"{name}.png" for name in names]
        for number, file in enumerate(files):
            Image.new("RGB", (9, 8), (number * 40, 10, 200)).save(Path(folder, file))
        table = pd.DataFrame({"file": files, "label": [CLASSES[i % 2] for i in range(len(files))]})
        table.to_csv(Path(folder, "labels.csv"), index=False, encoding=encoding)
        try:
            corpus = load_folder(folder)
        except (ValueError, FileNotFoundError) as error:  # a name that a table cannot hold as it is
            assert folder in str(error) and len(str(error)) > 20
            return
        found = dict(zip(corpus.items["id"], corpus.items["path"]))
        assert all(Path(path).name == Path(id).name for id, path in found.items()) and len(found) == len(files)


@settings(max_examples=max(EXAMPLES, 40))
@given(some.text(max_size=40))
@example("OAF_back_angry\n")
@example("OAF_back_angry ")
def test_a_name_is_parsed_or_is_none_of_ours(stem):
    from synesthetic.corpora import speech

    for parse in (speech.parse_ravdess, speech.parse_emodb, speech.parse_cremad, speech.parse_savee, speech.parse_tess):
        found = parse(stem)
        assert found is None or set(found) == {"label", "speaker", "text"} and stem.isprintable()


# Pictures

@given(some.text(some.sampled_from("0123456789 -.,eNaI\t\n\u0661\u00b2"), max_size=60), some.integers(0, 2304), some.integers(-5, 300))
def test_pixels_are_numbers_or_are_refused(text, count, value):
    for line in (text, " ".join([str(value)] * count), " ".join(["7"] * 2303) + " " + text):
        try:
            pixels = parse_pixels(line)
        except ValueError as error:
            assert str(error)
            continue
        assert pixels.shape == (48, 48) and pixels.tolist() == np.array([int(word) for word in line.split()]).reshape(48, 48).tolist()


@given(some.one_of(some.binary(max_size=300), some.text(max_size=200).map(lambda text: ("emotion,pixels,Usage\n" + text).encode(errors="replace"))))
def test_any_bytes_are_a_table_of_faces_or_are_refused(place, content):
    path = place / "fer2013.csv"
    path.write_bytes(content)
    try:
        for piece in read_fer2013_rows(path, rows=3):
            assert {"emotion", "pixels", "usage"} <= set(piece.columns) and piece.map(lambda cell: isinstance(cell, str)).all(axis=None)
    except ValueError as error:
        assert str(path) in str(error)


@given(some.binary(max_size=400), some.sampled_from(["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"]), some.data())
def test_a_damaged_picture_is_seen_or_refused(place, noise, form, data):
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(len(noise)).integers(0, 256, (12, 10, 3), np.uint8)).save(stream, form)
    content = bytearray(stream.getvalue())
    if noise:
        start = data.draw(some.integers(0, len(content)))
        content[start : start + len(noise)] = noise
    path = place / "picture.png"
    path.write_bytes(content[: data.draw(some.integers(0, len(content)))])
    try:
        value = Pixels(16)(path)
    except ImageError as error:
        assert str(path) in str(error)
        return
    assert value.shape == (16, 16, 3) and np.isfinite(value).all() and abs(value).max() <= 1


# Splits

@some.composite
def corpora(draw):
    "A corpus of up to 60 items with speakers and texts, in any balance."
    n, speakers, texts, classes = draw(some.integers(1, 60)), draw(some.integers(1, 9)), draw(some.integers(1, 5)), draw(some.integers(1, 3))
    rng = np.random.default_rng(draw(some.integers(0, 2**32)))
    weights = rng.dirichlet(np.full(classes, draw(some.sampled_from([0.3, 5.0]))))
    rows = {
        "id": [f"item-{number:02}" for number in range(n)], "path": "nowhere", "label": rng.choice(CLASSES[:classes], n, p=weights),
        "speaker": rng.integers(0, speakers, n).astype(str), "text": rng.integers(0, texts, n).astype(str),
    }
    return Corpus("random", pd.DataFrame(rows), in_class_order(rows["label"]), "none", "none")


def shuffled(corpus: Corpus, seed: int) -> Corpus:
    "The same corpus from a table in another order."
    return Corpus(corpus.name, corpus.items.sample(frac=1, random_state=seed), corpus.classes, "none", "none")


def sound(split, corpus: Corpus, tested: bool = True) -> None:
    "No part is empty, no item is in two, no group that the policy keeps apart is on both sides, no class is missing from training."
    parts = [set(part) for part in (split.train, split.validation, split.test)]
    assert all(map(len, parts[: 2 + tested])) and not set.intersection(*parts[:2]) and not parts[2] & (parts[0] | parts[1])
    assert [len(part) for part in parts] == [len(part) for part in (split.train, split.validation, split.test)]
    items = corpus.items.set_index("id")
    for column in POLICIES[split.policy]:
        assert not set(items.loc[list(split.test), column]) & set(items.loc[[*split.train, *split.validation], column]), "a group crosses"
    assert set(items.loc[list(split.train), "label"]) == set(corpus.classes)


@given(corpora(), some.sampled_from(["random", "speaker", "text", "speaker+text"]), some.integers(-1, 8), some.floats(0.01, 0.9), some.integers(0, 2**31 - 10))
def test_a_split_keeps_its_promise_or_is_refused(corpus, policy, folds, share, seed):
    try:
        splits = make_splits(corpus, policy, folds=folds, validation=share, seed=seed)
    except ValueError as error:
        assert corpus.name in str(error) or "at least 2 folds" in str(error)
        return
    for split in splits:
        sound(split, corpus)
    assert sorted(id for split in splits for id in split.test) == sorted(corpus.items["id"]), "each item is tested once"
    assert splits == make_splits(shuffled(corpus, seed), policy, folds=folds, validation=share, seed=seed), "the order of the rows decided"


@given(corpora(), some.sampled_from(["random", "speaker", "text", "speaker+text"]), some.floats(0.01, 0.9), some.integers(0, 2**31 - 10))
def test_a_validation_split_keeps_its_promise_or_is_refused(corpus, policy, share, seed):
    try:
        split = validation_split(corpus, policy, share=share, seed=seed)
    except ValueError as error:
        assert corpus.name in str(error)
        return
    sound(split, corpus, tested=False)
    assert split == validation_split(shuffled(corpus, seed), policy, share=share, seed=seed)
    items = corpus.items.set_index("id")
    for column in POLICIES[policy][:1]:
        if items[column].nunique() > 1:
            assert not set(items.loc[list(split.train), column]) & set(items.loc[list(split.validation), column])


@given(corpora(), some.tuples(*[some.integers(-1, 30)] * 3), some.integers(0, 2**31))
def test_a_split_of_given_sizes_has_them_or_is_refused(corpus, sizes, seed):
    try:
        split = sized_split(corpus, sizes, seed=seed)
    except ValueError as error:
        assert corpus.name in str(error) or "at least 1 item" in str(error)
        return
    sound(split, corpus)
    assert tuple(map(len, (split.train, split.validation, split.test))) == sizes and split == sized_split(shuffled(corpus, seed), sizes, seed=seed)


# Scores of classes

@some.composite
def answers(draw, speakers=True):
    "Predictions of up to 40 items and three classes; some classes may never occur, and a model may always say the same."
    n, rng = draw(some.integers(1, 40)), np.random.default_rng(draw(some.integers(0, 2**32)))
    truth = rng.integers(0, draw(some.integers(1, 3)), n)
    scores = rng.dirichlet(np.ones(3), n).round(draw(some.sampled_from([1, 6])))
    if draw(some.booleans()):
        scores[:] = scores[0]  # a model that does not listen
    table = pd.DataFrame({"id": [f"{number:02}" for number in range(n)], "label": np.array(CLASSES)[truth], "predicted": np.array(CLASSES)[scores.argmax(1)]})
    table = table.assign(**{f"p_{name}": scores[:, number] for number, name in enumerate(CLASSES)})
    return table.assign(speaker=rng.integers(0, draw(some.integers(1, 8)), n).astype(str)) if speakers else table


@given(answers(), some.integers(0, 1000))
@pytest.mark.filterwarnings("ignore")
def test_scores_are_those_of_others_and_know_no_order(table, seed):
    found = classification_scores(table, CLASSES)
    truth, answer = table["label"], table["predicted"]
    present = [name for name in CLASSES if name in set(truth)]
    assert found["accuracy"] == pytest.approx(audmetric.accuracy(truth, answer))
    assert found["balanced_accuracy"] == pytest.approx(np.mean([(answer[truth == name] == name).mean() for name in present]))
    assert found["f1_weighted"] == pytest.approx(sklearn_metrics.f1_score(truth, answer, average="weighted"))
    either = sorted(set(truth) | set(answer))
    assert found["f1_macro"] == pytest.approx(sklearn_metrics.f1_score(truth, answer, average="macro", labels=either, zero_division=0))
    assert all(math.isnan(found[name]) or -1e-12 <= found[name] <= 1 + 1e-12 for name in found.index if name != "cohen_kappa")
    assert math.isnan(found["cohen_kappa"]) or -1 <= found["cohen_kappa"] <= 1 + 1e-12
    assert math.isnan(found["auc_ovr"]) == (len(present) < 3)
    again = classification_scores(table.sample(frac=1, random_state=seed), CLASSES)
    np.testing.assert_allclose(found, again, rtol=1e-12)
    names = dict(zip(CLASSES, ("x", "y", "z")))
    renamed = table.replace({"label": names, "predicted": names}).rename(columns={f"p_{old}": f"p_{new}" for old, new in names.items()})
    np.testing.assert_allclose(found, classification_scores(renamed, ("z", "x", "y")), rtol=1e-12)
    each = per_class_scores(table, CLASSES)
    assert each["support"].sum() == len(table) and np.nanmean(each["recall"]) == pytest.approx(found["balanced_accuracy"])
    assert floors(table, CLASSES).loc["majority", "accuracy"] == pytest.approx(truth.value_counts().max() / len(table))


@given(answers(), some.sampled_from(["p_sad", "label", "predicted", "id"]), some.data())
def test_a_table_that_is_not_sound_is_refused(table, column, data):
    row = data.draw(some.integers(0, len(table) - 1))
    wrong = {"p_sad": [np.nan, np.inf], "label": ["nobody", None, np.nan], "predicted": ["nobody", None, np.nan], "id": [table["id"].iloc[row - 1]]}[column]
    assume(column != "id" or len(table) > 1)
    broken = table.astype({column: object}) if column != "p_sad" else table.copy()
    broken.loc[row, column] = data.draw(some.sampled_from(wrong))
    with pytest.raises(ValueError, match="item"):
        classification_scores(broken, CLASSES)


@given(answers(), some.sampled_from([*FROM_COUNTS, "auc_ovr"]))
@pytest.mark.filterwarnings("ignore")
def test_an_interval_holds_its_score(table, metric):
    score = classification_scores(table, CLASSES)[metric]
    for found in (speaker_interval(table, metric, CLASSES), cluster_bootstrap_interval(table, metric, CLASSES, draws=50)):
        np.testing.assert_allclose(found.estimate, score, rtol=1e-9, atol=1e-12)
        assert found.n == len(table) and found.groups == table["speaker"].nunique()
    exact = speaker_interval(table, metric, CLASSES)
    assert math.isnan(exact.low) or exact.low <= exact.estimate + 1e-12 and exact.estimate <= exact.high + 1e-12
    if exact.groups < 2:
        assert math.isnan(exact.low) and math.isnan(exact.high), "one speaker says nothing about others"


# Scores of valence and arousal

NUMBERS = some.floats(-1, 1, width=32)


@some.composite
def feelings(draw):
    n = draw(some.integers(1, 30))
    column = some.one_of(some.lists(NUMBERS, min_size=n, max_size=n), NUMBERS.map(lambda value: [value] * n), some.integers(-3, 3).map(lambda value: [value / 3 + 1e-9 * i for i in range(n)]))
    return np.array(draw(column)), np.array(draw(column))


@given(feelings(), some.integers(0, 1000))
@pytest.mark.filterwarnings("ignore")
def test_scores_of_feelings_are_those_of_others(pair, seed):
    truth, said = pair
    table = pd.DataFrame({"id": [f"{number:02}" for number in range(len(truth))], "valence": truth, "predicted_valence": said})
    found = regression_scores(table).loc["valence"]
    assert found["mse"] == pytest.approx(np.mean((truth - said) ** 2)) and found["rmse"] == pytest.approx(math.sqrt(found["mse"]))
    assert found["mae"] <= found["rmse"] + 1e-12
    spread = min(np.std(truth), np.std(said))
    if len(truth) > 2 and spread > 1e-6:
        assert found["pearson"] == pytest.approx(stats.pearsonr(truth, said).statistic, abs=1e-9)
        assert found["ccc"] == pytest.approx(audmetric.concordance_cc(truth, said), abs=1e-6)
        assert abs(found["ccc"]) <= abs(found["pearson"]) + 1e-9
    for name in ("pearson", "ccc"):
        assert math.isnan(found[name]) or abs(found[name]) <= 1 + 1e-9, name
    assert not found["r2"] > 1 and not found["icc"] > 1 + 1e-9 and 0 <= found["sagr"] <= 1
    if np.ptp(said) == 0 or np.ptp(truth) == 0:
        assert math.isnan(found["pearson"]) and (math.isnan(found["ccc"]) or abs(found["ccc"]) < 1e-9), "what is constant correlates with nothing"
    np.testing.assert_allclose(found, regression_scores(table.sample(frac=1, random_state=seed)).loc["valence"], rtol=1e-6, atol=1e-9)


@given(feelings(), some.sampled_from([np.nan, np.inf, -np.inf, "0.5x", None]), some.sampled_from(["valence", "predicted_valence"]))
def test_a_feeling_that_is_no_number_is_refused(pair, value, column):
    table = pd.DataFrame({"id": [str(number) for number in range(len(pair[0]))], "valence": pair[0], "predicted_valence": pair[1]}).astype({column: object})
    table.loc[0, column] = value
    with pytest.raises(ValueError, match="not a finite number"):
        regression_scores(table)


# Arithmetic of published figures

@given(some.lists(some.integers(1, 5), min_size=1, max_size=4), some.data())
def test_accuracy_lies_where_counting_says(support, data):
    hits = [data.draw(some.integers(0, items)) for items in support]
    decimals = data.draw(some.integers(1, 4))
    recall = round(sum(hit / items for hit, items in zip(hits, support)) / len(support), decimals)
    low, high = feasible_accuracy(recall, support, decimals=decimals)
    every = [
        sum(some_hits) / sum(support) for some_hits in itertools.product(*(range(items + 1) for items in support))
        if abs(sum(hit / items for hit, items in zip(some_hits, support)) / len(support) - recall) <= 0.5 * 10**-decimals + 1e-9
    ]
    assert (low, high) == pytest.approx((min(every), max(every)))


@given(some.lists(some.tuples(NUMBERS, NUMBERS), min_size=3, max_size=12))
def test_predictions_spread_within_their_bounds(pairs):
    truth, said = np.array(pairs).T
    assume(np.std(truth) > 1e-2 and np.std(said) > 1e-2)
    rmse, correlation = float(np.sqrt(np.mean((truth - said) ** 2))), float(np.clip(np.corrcoef(truth, said)[0, 1], -1, 1))
    low, high = spread_bounds(rmse, correlation, float(np.std(truth)))
    assert low - 1e-6 <= np.std(said) <= high + 1e-6


@given(some.integers(1, 60), some.data())
def test_the_true_size_is_among_the_possible_ones(n, data):
    hits, decimals = data.draw(some.lists(some.integers(0, n), min_size=1, max_size=4)), data.draw(some.integers(0, 5))
    values = [round(hit / n, decimals) for hit in hits]
    found = possible_sizes(values, decimals=decimals, largest=60)
    every = [size for size in range(1, 61) if all(any(abs(k / size - value) <= 0.5 * 10**-decimals + 1e-12 for k in range(size + 1)) for value in values)]
    assert n in found and found.tolist() == every


@given(some.lists(some.integers(1, 6), min_size=2, max_size=3), some.data())
def test_no_answers_have_a_lower_f1(support, data):
    truth = np.repeat(np.arange(len(support)), support)
    answer = np.array([data.draw(some.integers(0, len(support) - 1)) for _ in truth])
    for average in ("macro", "weighted"):
        f1 = sklearn_metrics.f1_score(truth, answer, average=average, labels=range(len(support)), zero_division=0)
        assert least_f1((truth == answer).mean(), support, average=average) <= f1 + 1e-9


@given(some.integers(1, 500), some.data(), some.floats(0.5, 0.999))
def test_wilsons_interval_holds_its_accuracy(n, data, level):
    accuracy = data.draw(some.integers(0, n)) / n
    low, high = accuracy_interval(accuracy, n, level=level)
    assert -1e-12 <= low <= accuracy + 1e-12 and accuracy - 1e-12 <= high <= 1 + 1e-12


# Keys

LEAVES = some.one_of(some.none(), some.booleans(), some.integers(-10**20, 10**20), some.floats(allow_nan=False, allow_infinity=False), some.text(max_size=8))
VALUES = some.recursive(LEAVES, lambda inner: some.one_of(some.lists(inner, max_size=4), some.dictionaries(some.text(max_size=4), inner, max_size=4)), max_leaves=12)


@given(VALUES)
def test_a_key_survives_the_disk_and_knows_no_order(value):
    key = content_key(value)
    assert len(key) == 32 and set(key) <= set(string.hexdigits.lower())
    assert content_key(json.loads(json.dumps(canonical(value)))) == key
    assert content_key(turned(value)) == key


def turned(value):
    "The same value, with every mapping in the opposite order and every list as a tuple."
    if isinstance(value, dict):
        return {name: turned(value[name]) for name in reversed(value)}
    return tuple(map(turned, value)) if isinstance(value, list) else value


def said(value):
    "A value with types beside it, so that 1, 1.0 and True differ."
    if isinstance(value, dict):
        return ("dict", tuple(sorted((name, said(one)) for name, one in value.items())))
    return ("list", tuple(map(said, value))) if isinstance(value, list) else (type(value).__name__, repr(value))


@given(VALUES, VALUES)
def test_different_descriptions_have_different_keys(one, other):
    assert (content_key(one) == content_key(other)) == (said(one) == said(other))


@example({1: 0, "1": 1})
@example({None: 0, "None": 1})
@given(some.dictionaries(some.one_of(some.text(max_size=3), some.integers(-3, 12), some.booleans(), some.none()), some.integers(0, 3), max_size=5))
def test_no_entry_of_a_mapping_gets_lost(mapping):
    try:
        found = canonical(mapping)
    except TypeError as error:
        assert "written alike" in str(error)
        return
    assert len(found) == len(mapping)


@given(some.sampled_from([np.int8, np.int64, np.uint16, np.float32, np.float64, np.bool_, np.str_]), some.integers(0, 100))
def test_a_number_of_numpy_counts_as_the_number(kind, value):
    assert content_key({"x": kind(value)}) == content_key({"x": str(value) if kind is np.str_ else bool(value) if kind is np.bool_ else float(value) if np.issubdtype(kind, np.floating) else value})


@given(some.sampled_from([math.nan, math.inf, -math.inf, b"bytes", {1, 2}, object(), 1j, np.complex64(1), np.longdouble(1), np.arange(2), np.datetime64("2020-01-01")]))
def test_what_has_no_content_of_its_own_has_no_key(value):
    with pytest.raises((TypeError, ValueError)):
        content_key({"x": [value]})


@given(some.dictionaries(some.sampled_from(["a", "b", "rate", "kind"]), LEAVES, min_size=1), some.data())
def test_any_changed_field_changes_the_key(fields, data):
    Thing = make_dataclass("Thing", list(fields), frozen=True)
    name = data.draw(some.sampled_from(sorted(fields)))
    other = data.draw(LEAVES)
    assume(said(other) != said(fields[name]))
    assert content_key(Thing(**fields)) != content_key(Thing(**{**fields, name: other}))
    assert content_key(Thing(**fields)) == content_key(Thing(**dict(reversed(fields.items())))) != content_key(make_dataclass("Other", list(fields))(**fields))
