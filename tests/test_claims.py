"""What holds for the published claims as a whole: well-formed tables, a verdict for each, arithmetic that follows the figures."""
import pytest

from conftest import ROOT
from synesthetic.evaluation.arithmetic import possible_sizes
from synesthetic.evaluation.claim_audit import VERDICTS, audit_claims, claim_verdicts
from synesthetic.evaluation.claims import SOURCES, decimals, published, read_protocol

CLAIM_NAME = r"[a-z0-9_]+(\.[a-z0-9_]+)*"


def names(cell: str) -> list[str]:
    "The claims in a cell of an audit."
    return [name for name in cell.split(", ") if name]


def test_every_source_has_a_table_and_every_table_a_source():
    assert {path.stem for path in (ROOT / "data" / "published").glob("*.csv")} == set(SOURCES)


@pytest.mark.parametrize("source", SOURCES)
def test_table_is_well_formed(source):
    table = published(source)
    assert table["claim"].str.fullmatch(CLAIM_NAME).all() and table["claim"].is_unique
    assert table[["subject", "metric", "place"]].ne("").all(axis=None)
    assert table["value"].notna().all() and (table["upper"].notna() == (table["relation"] == "range")).all()
    assert (table["upper"].dropna() > table.loc[table["upper"].notna(), "value"]).all()
    assert table.loc[table["unit"] == "share", ["value", "upper"]].stack().dropna().between(0, 1).all()
    counts = table.loc[table["unit"] == "count", "value"]
    assert (counts % 1 == 0).all() and (table["n"].dropna() % 1 == 0).all() and (table["n"].dropna() > 0).all()


@pytest.mark.parametrize("source", SOURCES)
def test_protocol_is_words_with_values(source):
    for claim in published(source).itertuples():
        parts = [part for part in claim.protocol.split(";") if part]
        words = read_protocol(claim.protocol)
        assert len(words) == len(parts) and all(words) and all(words.values()), claim.claim


def test_accuracy_with_known_items_is_whole_items():
    for source in SOURCES:
        for claim in published(source).query("metric == 'accuracy' and n.notna()").itertuples():
            places = int(decimals(source)[claim.claim])
            assert claim.n in possible_sizes([claim.value], decimals=places, largest=int(claim.n)), claim.claim


@pytest.mark.parametrize("source", SOURCES)
def test_every_claim_has_one_verdict(source):
    verdicts = claim_verdicts(source)
    assert verdicts["claim"].tolist() == published(source)["claim"].tolist()
    assert set(verdicts["verdict"]) <= set(VERDICTS)
    assert (verdicts["question"] != "").equals(~verdicts["verdict"].isin(["used", "stated alone"]))


@pytest.mark.parametrize("source", SOURCES)
def test_audit_rests_on_claims_of_the_source(source):
    audit, claims = audit_claims(source), set(published(source)["claim"])
    assert audit["question"].is_unique and audit["question"].str.endswith("?").all()
    for check in audit.itertuples():
        named = names(check.claims) + names(check.rests_on)
        assert named and set(named) <= claims and len(set(named)) == len(named), check.question


@pytest.mark.parametrize("source", SOURCES)
def test_arithmetic_follows_the_figures(source):
    "Another figure, another line: for each claim that a check rests on, the audit runs with it changed, and some line shows it."
    table, original = published(source), audit_claims(source)
    moved = set()
    for row, claim in enumerate(table["claim"]):
        changed = table.copy()
        changed.loc[row, "value"] *= 0.98
        audit = audit_claims(source, tables={source: changed})
        differs = (audit["arithmetic"] != original["arithmetic"]) | (audit["verdict"] != original["verdict"])
        moved |= set(original.loc[differs, "question"])
        for check in original[differs].itertuples():
            assert claim in names(check.claims) + names(check.rests_on), f"{check.question} does not say that it rests on {claim}"
    assert moved == set(original["question"])


def test_reader_audits_an_own_table():
    table = published("week_04")
    table.loc[table["claim"] == "tuned.peak_accuracy", "value"] = 0.9
    verdicts = claim_verdicts("week_04", tables={"week_04": table}).set_index("claim")["verdict"]
    assert verdicts["tuned.peak_accuracy"] != "contradicted" == claim_verdicts("week_04").set_index("claim")["verdict"]["tuned.peak_accuracy"]


def test_claim_is_impossible_only_if_every_reading_is():
    verdicts = claim_verdicts().set_index(["source", "claim"])
    for claim, checks in audit_claims("fer2013_cnn").assign(claim=lambda audit: audit["claims"].str.split(", ")).explode("claim").groupby("claim"):
        read = checks[checks["reading"] != ""]
        excluded = set(read.loc[read["verdict"] == "impossible", "reading"])
        left = set(read["reading"]) - excluded
        outright = (checks["verdict"] == "impossible") & (checks["reading"] == "")
        if excluded:
            expected = "impossible as read" if left and not outright.any() else "impossible"
            assert verdicts.at[("fer2013_cnn", claim), "verdict"] == expected
            assert all(reading in verdicts.at[("fer2013_cnn", claim), "others"] for reading in left)


def test_impossible_names_its_reading():
    audit = audit_claims("fer2013_cnn").set_index("reading")
    macro = audit.loc["as macro average"]
    assert macro["verdict"] == "impossible" and "= 0.245" in macro["arithmetic"]
    assert audit.index[audit["verdict"] == "impossible"].all() and audit.loc[audit["verdict"] == "impossible", "question"].str.startswith("Read as").all()


@pytest.mark.parametrize(("source", "claim"), [
    ("week_04", "tuning.best.accuracy"), ("speech_encoder", "target.gain"), ("speech_encoder", "autospeech.bca"),
    ("speech_encoder", "listeners.bca"), ("speech_encoder", "grid.accuracy"), ("speech_encoder", "optuna.minutes"),
    ("fer2013_cnn", "happy.images"),
])
def test_what_hangs_on_something_unstated_cannot_be_told(source, claim):
    assert claim_verdicts(source).set_index("claim").at[claim, "verdict"] == "cannot be told"


@pytest.mark.parametrize(("claim", "words"), [
    ("grid.accuracy", ("part", "share", "classes", "corpus")), ("listeners.bca", ("part", "training", "corpus")),
    ("autospeech.bca", ("part", "corpus")), ("optuna.minutes", ("trials", "corpus")),
])
def test_protocol_does_not_say_more_than_the_source(claim, words):
    protocol = read_protocol(published("speech_encoder").set_index("claim").at[claim, "protocol"])
    assert {protocol[word] for word in words} == {"not stated"}
