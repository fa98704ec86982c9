"""The audit from the command line: corpora, tables of ids, real data with known flaws, and copies that were planted."""
import json
import os
import subprocess

import pandas as pd
import pytest
import soxr
from PIL import ImageOps

import warm
from synesthetic.corpora.catalogue import load_corpus
from synesthetic.corpora.synthetic_music import synthetic_music
from synesthetic.splits.duplicates import conflicting_labels, find_duplicates
from synesthetic.splits.leakage import audit_split, audit_splits
from synesthetic.splits.planted import PICTURE_CHANGES, SOUND_CHANGES, _cropped, plant_copies, search_quality
from synesthetic.splits.policy import make_splits


def synesthetic(*words: str, **environment: str) -> subprocess.CompletedProcess:
    "Type a command."
    return warm.synesthetic(*words, env={**os.environ, **environment})


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> str:
    return str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def augmented(tmp_path_factory) -> pd.DataFrame:
    "A split as it is often made: copies first, then 80/20 at random."
    folder = tmp_path_factory.mktemp("augmented")
    corpus = plant_copies(synthetic_music(folder, performers=3, phrases=4), folder, copies=6, changes=["noise at 20 dB", "50 ms later"])
    table = corpus.items.rename(columns={"id": "file_name", "speaker": "actor"}).drop(columns=["copy_of", "change", "text"])
    return table.rename(columns={"file_name": "name"}).assign(split=["test" if i % 5 == 0 else "train" for i in range(len(table))])


def test_a_clean_corpus_passes(cache):
    audit = synesthetic("audit", "embedded", "--allow", "text", SYNESTHETIC_CACHE=cache)
    assert audit.returncode == 0 and "nothing is shared that must not be" in audit.stdout, audit.stdout + audit.stderr
    strict = synesthetic("audit", "embedded", SYNESTHETIC_CACHE=cache)
    assert strict.returncode == 1 and "refused: text" in strict.stdout


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_augmentation_before_the_split_is_found(augmented, tmp_path, cache, suffix):
    file = tmp_path / f"split.{suffix}"
    augmented.to_csv(file, index=False) if suffix == "csv" else augmented.to_json(file, orient="records", lines=True)
    audit = synesthetic("audit", "--table", file, "--json", SYNESTHETIC_CACHE=cache)
    found = json.loads(audit.stdout)
    assert audit.returncode == 1 and {"speaker", "near-duplicate"} <= set(found["refused"]), audit.stderr
    assert found["leaks"]["near-duplicate"]["shared"] > 0 and found["conflicts"] == []


def test_a_split_that_keeps_copies_together_is_clean(augmented, tmp_path, cache):
    augmented.assign(split=(augmented["actor"] == "p01").map({True: "test", False: "train"})).to_csv(tmp_path / "split.csv", index=False)
    audit = synesthetic("audit", "--table", tmp_path / "split.csv", SYNESTHETIC_CACHE=cache)
    assert audit.returncode == 0, audit.stdout + audit.stderr


@pytest.mark.parametrize(
    "table, message",
    [
        ("speaker,part\na,train\n", "no column says which item a row is"),
        ("id,part\nx,train\ny,holdout\n", "row 2 has the part 'holdout'"),
        ("id,part\nx,train\ny,train\n", "a split needs training items and others"),
        ("", "no table of CSV or JSON lines"),
    ],
)
def test_bad_tables_are_said_in_a_line(tmp_path, table, message):
    (tmp_path / "table.csv").write_text(table)
    audit = synesthetic("audit", "--table", tmp_path / "table.csv")
    assert audit.returncode == 2 and message in audit.stderr and "Traceback" not in audit.stderr


def test_ids_of_a_known_corpus_need_no_speakers(tmp_path, cache):
    ids = synthetic_music(cache + "/synthetic_music").items["id"]
    pd.DataFrame({"id": ids[::2]}).to_csv(tmp_path / "fold1_train.csv", index=False)
    pd.DataFrame({"id": ids[1::2]}).to_csv(tmp_path / "fold1_test.csv", index=False)
    audit = synesthetic(
        "audit", "embedded", "--classes", "happy,sad,angry", "--table", tmp_path / "fold1_train.csv", "--table", tmp_path / "fold1_test.csv",
        SYNESTHETIC_CACHE=cache,
    )
    assert audit.returncode == 1 and "12 of 12 groups shared" in audit.stdout, audit.stdout + audit.stderr


def test_ravdess_has_one_pair(real_data, cache):
    corpus = load_corpus("ravdess", real_data)
    pairs = find_duplicates(corpus, cache=cache, progress=False).pairs
    assert pairs[["first", "second", "kind"]].to_numpy().tolist() == [["03-01-03-01-02-01-07", "03-01-03-01-02-02-07", "exact"]]


def test_emodb_at_random_shares_all_speakers(real_data, cache):
    corpus = load_corpus("emodb", real_data)
    table = audit_splits(corpus, make_splits(corpus, "random"), cache=cache).table
    assert table.loc["speaker", "shared"] == table.loc["speaker", "groups"] == 10 and table.loc["near-duplicate", "shared"] == 0


def test_fer2013_shares_pictures_between_its_parts(real_data):
    corpus = load_corpus("fer2013", real_data)
    found, audit = find_duplicates(corpus, progress=False), audit_split(corpus, make_splits(corpus, "official")[0])
    kinds = found.pairs["kind"].value_counts()
    assert kinds["exact"] == 415 and kinds["near"] > 800 and len(found.unusable) == 6
    assert audit.table.loc["duplicate", "shared"] == 133 and audit.table.loc["near-duplicate", "shared"] > 200
    assert len(conflicting_labels(corpus, found)) > 100


@pytest.mark.parametrize("name", ["ravdess", "emodb", "paintings"])
def test_planted_copies_are_found(real_data, tmp_path, name):
    planted = plant_copies(load_corpus(name, real_data), tmp_path, copies=10)
    found = find_duplicates(planted, cache=tmp_path, progress=False)
    quality = search_quality(planted, found.pairs, found.groups())
    assert quality.loc["(all)", "recall"] > 0.93 and quality.loc["(all)", "precision"] > 0.98


LIMITS = [  # corpus, change, the least and the most of the copies that are found: what README says is found, and what is not
    ("emodb", "a tenth cut", lambda y, rng: y[len(y) // 10:], 0.8, 1),
    ("emodb", "a third cut", lambda y, rng: y[len(y) // 3:], 0, 0.5),
    ("emodb", "slower", lambda y, rng: soxr.resample(y, 100, 101), 0, 0.3),
    ("paintings", "4% cut off one side", lambda picture, rng: _cropped(picture, 0.04, 0, 0, 0), 0.8, 1),
    ("paintings", "8% cut off all around", lambda picture, rng: _cropped(picture, 0.08, 0.08, 0.08, 0.08), 0, 0.4),
    ("paintings", "framed", lambda picture, rng: ImageOps.expand(picture, min(picture.size) // 20), 0, 0.4),
    ("paintings", "upside down", lambda picture, rng: ImageOps.flip(picture), 0, 0),
]


@pytest.mark.parametrize("name", ["emodb", "paintings"])
def test_the_limits_of_the_search_are_those_of_readme(real_data, tmp_path, monkeypatch, name):
    limits = pd.DataFrame([row[1:] for row in LIMITS if row[0] == name], columns=["change", "do", "least", "most"]).set_index("change")
    for change, do in limits["do"].items():
        monkeypatch.setitem(SOUND_CHANGES if name == "emodb" else PICTURE_CHANGES, change, do)
    planted = plant_copies(load_corpus(name, real_data), tmp_path, copies=20, changes=list(limits.index))
    found = find_duplicates(planted, cache=tmp_path, progress=False)
    recall = search_quality(planted, found.pairs, found.groups())["recall"].drop("(all)")
    assert recall.between(limits["least"], limits["most"]).all(), recall


def test_predictions_of_a_user_are_verified(tmp_path):
    rows = [{"filename": f"{i}.wav", "y_true": "sad" if i % 2 else "happy", "y_pred": "sad" if (i % 2) ^ (i % 7 == 0) else "happy"} for i in range(300)]
    sound, swapped = pd.DataFrame(rows), pd.DataFrame(rows)
    swapped["y_pred"] = swapped["y_pred"].map({"sad": "happy", "happy": "sad"})
    sound.to_csv(tmp_path / "sound.csv", index=False)
    swapped.to_csv(tmp_path / "swapped.csv", index=False)
    good, bad = (synesthetic("runs", "verify", tmp_path / f"{name}.csv") for name in ("sound", "swapped"))
    assert good.returncode == 0 and "ok: 300 items" in good.stdout, good.stdout + good.stderr
    assert bad.returncode == 1 and "NOT OK" in bad.stdout


def test_claims_can_be_read_by_machines(tmp_path):
    rows = json.loads(synesthetic("claims", "fer2013_cnn", "--json").stdout)
    assert any(row["verdict"] == "impossible" and "0.245" in row["arithmetic"] for row in rows)
    assert "there is no source 'nobody'" in synesthetic("claims", "nobody").stderr
