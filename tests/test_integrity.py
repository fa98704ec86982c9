"""Replays of mistakes that have happened, in realistic sizes, and how often sound models are blamed for them."""
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from synesthetic.evaluation.integrity import (
    alignment_check, class_order_check, classification_checks, numbers_check, read_predictions, recompute, swap_check, table_check,
    verify_predictions, verify_run, verify_runs,
)
from synesthetic.evaluation.metrics import METRICS
from synesthetic.evaluation.uncertainty import simulate_predictions
from synesthetic.training.ledger import Ledger

SEVEN = ("neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised")
EIGHT = ("neutral", "calm", *SEVEN[1:])
THREE = ("happy", "sad", "angry")
FER2013 = (0.17, 0.25, 0.17, 0.13, 0.14, 0.02, 0.12)  # shares of its test part, about


def hear(n, classes, accuracy, *, speakers=None, shares=None, sharpness=1.0, seed=0):
    "A sound model with calibrated scores (sharper ones are overconfident), tuned to an accuracy; Gaussian evidence for each class."
    rng, count = np.random.default_rng(seed), len(classes)
    truth, noise = rng.choice(count, n, p=shares), rng.normal(size=(n, count))
    prior = np.log(np.array(shares) if shares else np.full(count, 1 / count))
    signals = np.linspace(0.05, 6, 120)
    hits = [((s * (noise + s * np.eye(count)[truth]) + prior).argmax(axis=1) == truth).mean() for s in signals]
    signal = signals[np.abs(np.array(hits) - accuracy).argmin()]
    logits = sharpness * (signal * (noise + signal * np.eye(count)[truth]) + prior)
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores, names = scores / scores.sum(axis=1, keepdims=True), np.array(classes)
    table = pd.DataFrame({"id": [f"{i:05}" for i in range(n)], "label": names[truth], "predicted": names[scores.argmax(axis=1)]})
    table = table.assign(**{f"p_{name}": scores[:, i] for i, name in enumerate(classes)})
    return table.assign(speaker=[f"s{i:02}" for i in rng.integers(speakers, size=n)]) if speakers else table


def rename(table, names):
    "The outputs named in another order: answers and score columns alike."
    columns = {f"p_{old}": f"p_{new}" for old, new in names.items()}
    return table.assign(predicted=table["predicted"].replace(names)).rename(columns=columns)[list(table)]


def answers_of(table, rows):
    "The same labels beside the answers of other rows."
    theirs = [column for column in table if column.startswith(("predicted", "p_"))]
    return table.assign(**{column: table[column].to_numpy()[rows] for column in theirs})


def feel(n, *, r=(0.5, 0.7), lean=0.0, speakers=None, seed=0):
    "Valence and arousal, which correlate by 0.3, and a model that shrinks to the mean; `lean`: how far valence follows arousal."
    rng = np.random.default_rng(seed)
    truth = 0.4 * rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], n)
    heard = np.stack([truth[:, 0] * (1 - lean) + truth[:, 1] * lean, truth[:, 1]], axis=1)
    speaker = rng.integers(speakers or n, size=n)
    noise = rng.normal(0, 0.4, (n, 2)) + (rng.normal(0, 0.15, (speakers, 2))[speaker] if speakers else 0)
    answers = np.square(r) * heard + np.array(r) * np.sqrt(1 - np.square(r)) * noise
    table = pd.DataFrame({"id": [f"{i:05}" for i in range(n)], "valence": truth[:, 0], "arousal": truth[:, 1]})
    table = table.assign(predicted_valence=answers[:, 0], predicted_arousal=answers[:, 1])
    return table.assign(speaker=[f"s{i:02}" for i in speaker]) if speakers else table


def severities(findings, check):
    "The severities of what a check says."
    return [finding.severity for finding in findings if finding.check == check]


MODELS = {
    "faces, 7 classes, n = 7178, 0.55": dict(n=7178, classes=SEVEN, accuracy=0.55, shares=FER2013),
    "speech, 8 classes, n = 240, 0.75": dict(n=240, classes=EIGHT, accuracy=0.75, speakers=4),
    "speech, 8 classes, n = 960, 0.45": dict(n=960, classes=EIGHT, accuracy=0.45, speakers=16),
    "phrases, 3 classes, n = 120, 0.80": dict(n=120, classes=THREE, accuracy=0.80, speakers=5),
}
models = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


@models
def test_sound_model_is_ok(model):
    found = verify_predictions(hear(**model), model["classes"])
    assert found.ok and found.findings == () and found.table["agrees"].all(), str(found)


@models
@pytest.mark.parametrize("seed", range(5))
def test_two_exchanged_names_are_found(model, seed):
    table, (a, b) = hear(**model, seed=seed), model["classes"][:2]
    found = verify_predictions(rename(table, {a: b, b: a}), model["classes"])
    assert severities(found.findings, "class order") == ["error"], str(found)
    finding = next(finding for finding in found.findings if finding.check == "class order")
    assert set(finding.numbers["classes"]) == {a, b}
    assert finding.numbers["accuracy_exchanged"] == pytest.approx((table["label"] == table["predicted"]).mean())


@models
def test_alphabetical_outputs_are_named(model):
    classes = model["classes"]
    found = class_order_check(rename(hear(**model), dict(zip(sorted(classes), classes))), classes)
    assert found and all(finding.severity == "error" and "alphabetical" in finding.advice for finding in found)


@models
def test_shuffled_rows_are_found(model):
    "As a warning, since a model that has learnt nothing looks alike; up to the share of shuffled tables that agree with the labels by luck."
    rng, found = np.random.default_rng(0), []
    for seed in range(12):
        table = answers_of(hear(**model, seed=seed), rng.permutation(model["n"]))
        found.append(severities(alignment_check(table, model["classes"]), "alignment"))
    assert sum(one == ["warning"] for one in found) >= 11 and ["error"] not in found, found


@pytest.mark.parametrize(("n", "classes"), [(120, THREE), (240, EIGHT), (960, EIGHT)])
def test_confident_model_that_learnt_nothing_is_no_error(n, classes):
    "Independent answers with 0.9 on the answered class: the same table as shuffled rows make, so both explanations are given."
    for seed in range(30):
        rng = np.random.default_rng(seed)
        answer = rng.integers(len(classes), size=n)
        scores = np.where(np.arange(len(classes)) == answer[:, None], 0.9, 0.1 / (len(classes) - 1))
        table = pd.DataFrame(scores, columns=[f"p_{name}" for name in classes])
        table = table.assign(id=[f"{i:05}" for i in range(n)], label=rng.choice(classes, n), predicted=np.array(classes)[answer])
        found = verify_predictions(table, classes)
        assert found.ok, str(found)
        for finding in found.findings:
            assert "a generator that shuffles" in finding.advice and "has learnt nothing" in finding.advice


@models
@pytest.mark.parametrize("offset", [-3, -1, 1])
def test_moved_rows_are_put_back(model, offset):
    table = hear(**model)
    finding = alignment_check(answers_of(table, np.roll(np.arange(len(table)), -offset)), model["classes"])[0]
    way = f"moving the answers {'down' if offset > 0 else 'up'} by {abs(offset)} row{'s' * (abs(offset) > 1)}"
    assert finding.severity == "error" and finding.numbers["way"] == way
    assert finding.numbers["after"] == pytest.approx((table["label"] == table["predicted"]).mean())


@models
def test_order_of_class_folders_is_recognised(model):
    "As when a generator walks the folders of the classes, and the labels come from a table."
    table = hear(**model)
    finding = alignment_check(answers_of(table, np.lexsort([table["id"], table["label"]])), model["classes"])[0]
    assert finding.severity == "error" and "class folders" in finding.numbers["way"]


@pytest.mark.parametrize("accuracy", [0.3, 0.6, 0.9])
def test_sound_tables_in_another_order_are_left_alone(accuracy):
    "Sorted by answer, by label, by score, by speaker: labels and answers move together."
    for seed in range(20):
        table = hear(240, EIGHT, accuracy, speakers=4, seed=seed)
        for columns in (["predicted"], ["label"], ["p_sad"], ["speaker", "predicted"]):
            ordered = table.sort_values(columns, kind="stable", ignore_index=True)
            assert not severities(alignment_check(ordered, EIGHT), "alignment").count("error"), columns


def test_order_that_only_restores_chance_is_not_claimed():
    "A model that is worse than chance as it stands: any other order is better, and none is right."
    for seed in range(30):
        rng, table = np.random.default_rng(seed), hear(400, SEVEN, 0.9, seed=seed)[["id", "label", "predicted"]]
        wrong = table["predicted"].map(dict(zip(SEVEN, np.roll(SEVEN, 1)))).where(rng.uniform(size=400) < 0.75, rng.choice(SEVEN, 400))
        assert not any("way" in finding.numbers for finding in alignment_check(table.assign(predicted=wrong), SEVEN))
        turned = feel(400, seed=seed).eval("predicted_valence = -0.2 * predicted_valence + 0.1 * arousal")
        assert not any("way" in finding.numbers for finding in numbers_check(turned))


def test_each_seed_is_checked_for_itself():
    "Answers rolled by one row within each seed; the rows of the seeds stand under each other, or beside each other."
    table = hear(400, EIGHT, 0.7, speakers=5)[["id", "label", "predicted", "speaker"]]
    rolled = answers_of(table, np.roll(np.arange(400), 1))
    under = pd.concat([rolled.assign(seed=seed) for seed in range(3)], ignore_index=True)
    for several in (under, under.sort_values(["id", "seed"], ignore_index=True), under.rename(columns={"seed": "architecture"})):
        found = verify_predictions(several)
        assert not found.ok and [finding.numbers.get("way") for finding in found.findings] == ["moving the answers up by 1 row"]
        assert found.n == 400 and len(found.parts) == 3 and str(found).startswith("NOT OK: 400 items each for 3 models")
    one = verify_predictions(pd.concat([table.assign(seed=1), rolled.assign(seed=2)]))
    assert [finding.what.split(":")[0] for finding in one.findings] == ["seed 2"]
    assert verify_predictions(pd.concat([table.assign(seed=seed) for seed in range(3)])).ok


def test_repeated_item_does_not_hide_moved_rows():
    rolled = answers_of(hear(240, EIGHT, 0.7), np.roll(np.arange(240), 1))
    found = verify_predictions(pd.concat([rolled, rolled.iloc[:1]]))
    assert severities(found.findings, "items") == severities(found.findings, "alignment") == ["error"]


@pytest.mark.parametrize("change", [
    lambda name: name.capitalize(), lambda name: f"{SEVEN.index(name)}", lambda name: f" {name}-".strip(), lambda name: name.upper(),
])
def test_other_names_are_one_error(change):
    table = hear(240, SEVEN, 0.6)
    found = verify_predictions(table.assign(predicted=table["predicted"].map(change)))
    assert [finding.check for finding in found.findings] == ["table"] and "name classes differently" in found.findings[0].what, str(found)


@pytest.mark.parametrize("accuracy", [0.4, 0.6, 0.9])
@pytest.mark.parametrize("first", [0, 1])
def test_classes_counted_from_elsewhere(accuracy, first):
    "Labels 0..6 and answers 1..7, or the other way round; no claim that rows were moved."
    table, (ours, theirs) = hear(240, SEVEN, accuracy), (first, 1 - first)
    number = {name: i for i, name in enumerate(SEVEN)}
    label, predicted = (table[column].map(lambda name: str(number[name] + start)) for column, start in (("label", ours), ("predicted", theirs)))
    shifted = pd.DataFrame({"id": table["id"], "label": label, "predicted": predicted})
    found = verify_predictions(shifted)
    assert [finding.check for finding in found.findings] == ["table"] and "name classes differently" in found.findings[0].what, str(found)
    same = shifted.assign(predicted=table["predicted"].map(lambda name: str(number[name] + ours)))
    assert verify_predictions(same).ok and "table" not in [finding.check for finding in verify_predictions(same).findings]


def test_huge_numbers_are_valid_json():
    table = feel(60)
    for factor in (1e160, 1e300):
        found = verify_predictions(table.assign(valence=factor * table["valence"], predicted_valence=factor * table["predicted_valence"]))
        assert found.table["agrees"].all() and not severities(found.findings, "metrics"), str(found)
        told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        assert next(row for row in told["metrics"] if row["metric"] == "valence.mse")["first"] is None


def test_constant_truth_is_said():
    found = verify_predictions(feel(60).assign(valence=0.1 + 0.2))
    finding = next(finding for finding in found.findings if finding.check == "constant")
    assert "constant" in finding.what and "correlations are undefined" in finding.what and len(str(found)) < 300


def test_ids_sorted_as_text():
    "Answers in the order item-1, item-10, item-11, ..., labels in the order item-1, item-2, ..."
    table = hear(300, SEVEN, 0.6).assign(id=[f"item-{i}" for i in range(300)])
    finding = alignment_check(answers_of(table, np.argsort(table["id"].to_numpy(str), kind="stable")), SEVEN)[0]
    assert finding.severity == "error" and finding.numbers["way"].endswith("sorted ids")


def test_network_that_learnt_voices_is_not_called_misaligned():
    "Sure of itself, at chance, but its answers depend on the speaker: its rows are in order."
    table, rng = hear(240, EIGHT, 0.125, speakers=6, sharpness=40), np.random.default_rng(0)
    by_voice = rng.dirichlet(np.full(8, 0.7), 6)[table["speaker"].str[1:].astype(int)]
    answer = (by_voice.cumsum(axis=1) > rng.uniform(size=(240, 1))).argmax(axis=1)
    scores = pd.DataFrame(0.02 + 0.84 * np.eye(8)[answer], columns=[f"p_{name}" for name in EIGHT])
    table = table.assign(predicted=np.array(EIGHT)[answer], **scores)
    assert severities(alignment_check(table, EIGHT), "alignment") == ["warning"]


def test_permuted_score_columns_are_named():
    table = hear(240, EIGHT, 0.7)
    turned = table.rename(columns={"p_sad": "p_angry", "p_angry": "p_fearful", "p_fearful": "p_sad"})[list(table)]
    finding = table_check(turned, EIGHT)[0]
    assert finding.severity == "error" and finding.advice.count("holds") == 3 and "p_angry holds sad" in finding.advice


@pytest.mark.parametrize(("n", "speakers"), [(120, 5), (300, 10), (1500, None)])
def test_valence_scored_as_arousal_is_found(n, speakers):
    for seed in range(5):
        table = feel(n, r=(0.65, 0.8), speakers=speakers, seed=seed)
        exchanged = table.rename(columns={"predicted_valence": "predicted_arousal", "predicted_arousal": "predicted_valence"})
        assert severities(swap_check(exchanged), "axes") == ["error"]
        alone = exchanged.drop(columns="predicted_arousal")  # the arousal model's answers, called valence
        assert severities(swap_check(alone), "axes")[:1] in (["error"], ["warning"])
        assert severities(swap_check(table.assign(predicted_valence=-table["predicted_valence"])), "axes") == ["error"]
        assert severities(swap_check(table.assign(valence=table["arousal"])), "axes") == ["error"]
        assert swap_check(table) == []


def test_misaligned_numbers_are_put_back():
    table = feel(300, speakers=10)
    found = numbers_check(answers_of(table, np.roll(np.arange(300), 1)))
    assert [finding.numbers["way"] for finding in found] == ["moving the answers up by 1 row"] * 2
    shuffled = numbers_check(answers_of(table, np.random.default_rng(0).permutation(300)))
    assert severities(shuffled, "alignment") == ["warning"] * 2


def test_wrong_formula_is_found(monkeypatch):
    "Macro F1 over the answered classes only."
    table = hear(240, EIGHT, 0.7).replace({"predicted": {"calm": "neutral"}})[["id", "label", "predicted"]]
    assert recompute(table, EIGHT)["agrees"].all()

    def generous(predictions, classes):
        return f1_score(predictions["label"], predictions["predicted"], labels=sorted(set(predictions["predicted"])), average="macro")

    monkeypatch.setitem(METRICS, "f1_macro", generous)
    found = verify_predictions(table, EIGHT)
    assert not found.ok and severities(found.findings, "metrics") == ["error"]


@pytest.mark.parametrize("classes", [THREE, SEVEN, EIGHT], ids=len)
def test_implementations_agree_on_random_tables(classes):
    "Also with absent classes, with classes never answered, with ties and with few items."
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 5, 10, 40):
        for _ in range(10):
            scores = rng.integers(0, 4, (n, len(classes))).astype(float)
            table = pd.DataFrame(scores, columns=[f"p_{name}" for name in classes]).assign(id=[str(i) for i in range(n)])
            table = table.assign(label=rng.choice(classes, n), predicted=np.array(classes)[scores.argmax(axis=1)])
            numbers = {name: rng.integers(-2, 3, n) / 2 for name in ("valence", "predicted_valence")}
            found = recompute(table.assign(**numbers), classes)
            assert found["agrees"].all(), found


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 15])
def test_few_items_never_make_an_error(n):
    for seed in range(20):
        table = hear(n, THREE, 0.34, speakers=2, sharpness=5, seed=seed)
        assert verify_predictions(table, THREE).ok
        assert not severities(swap_check(feel(n, seed=seed)) + numbers_check(feel(n, seed=seed)), "axes").count("error")


def clean(number, items, classes, accuracy, speaker_sd, *, confused=0.0, uneven=False, seed=0):
    "A sound model. `confused`: the share of what it knows of two neighbouring classes that it gives to the other one."
    table = simulate_predictions(number, items, classes, accuracy=accuracy, speaker_sd=speaker_sd, seed=seed)
    rng, (a, b), hit = np.random.default_rng([seed, 1]), classes[-2:], table["label"] == table["predicted"]
    known = hit & (rng.uniform(size=len(table)) < confused * max(0, 1 - 1 / len(classes) / accuracy))
    table = table.assign(predicted=table["label"].map({a: b, b: a}).where(known).fillna(table["predicted"]))
    keep = dict(zip(classes, np.linspace(1, 0.12, len(classes)) if uneven else np.ones(len(classes))))
    return table[rng.uniform(size=len(table)) < table["label"].map(keep)].reset_index(drop=True)[["id", "label", "predicted", "speaker"]]


SOUND = {
    "3 classes, n = 120, 0.37": (6, 20, THREE, 0.37, 0.05),
    "3 classes, n = 120, 0.60": (5, 24, THREE, 0.60, 0.10),
    "3 classes, n = 120, 0.95": (5, 24, THREE, 0.95, 0.03),
    "4 classes, n = 60, 0.27": (3, 20, ("neutral", *THREE), 0.27, 0.05),
    "8 classes, n = 240, 0.15": (4, 60, EIGHT, 0.15, 0.05),
    "8 classes, n = 240, 0.30": (4, 60, EIGHT, 0.30, 0.10),
    "8 classes, n = 240, 0.60": (4, 60, EIGHT, 0.60, 0.10),
    "8 classes, n = 960, 0.90": (16, 60, EIGHT, 0.90, 0.05),
}


@pytest.mark.parametrize("setting", SOUND.values(), ids=SOUND)
def test_sound_models_are_left_alone(setting):
    "200 models: a quarter of them plain, confused, with uneven classes, and both. At most 2% errors and at most 2% warnings."
    errors, warnings = 0, 0
    for seed in range(200):
        table = clean(*setting, confused=0.35 * (seed % 2), uneven=seed % 4 > 1, seed=seed)
        found = classification_checks(table, setting[2])
        errors += any(finding.severity == "error" for finding in found)
        # That answers are no better than chance is true of the weakest models; it is no false alarm.
        warnings += any(finding.severity == "warning" and "no better than chance" not in finding.what for finding in found)
    assert errors <= 4 and warnings <= 4, f"{errors} errors and {warnings} warnings among 200 sound models"


@pytest.mark.parametrize(("n", "classes", "accuracy"), [(120, THREE, 0.42), (240, EIGHT, 0.24), (960, EIGHT, 0.20)])
def test_overconfident_networks_are_left_alone(n, classes, accuracy):
    "Weak, and sure of itself all the same (mean score 0.9 and more), as overfitted networks are."
    found = [alignment_check(hear(n, classes, accuracy, sharpness=40, speakers=5, seed=seed), classes) for seed in range(200)]
    assert sum("error" in severities(one, "alignment") for one in found) <= 4


@pytest.mark.parametrize("lean", [0.0, 0.4])
def test_sound_regressions_are_left_alone(lean):
    "200 models of valence and arousal, weak and strong; some lean on arousal where they are asked for valence."
    findings = []
    for seed in range(200):
        table = feel((60, 120, 300, 1000)[seed % 4], r=((0.3, 0.6), (0.5, 0.7), (0.8, 0.9))[seed % 3], lean=lean, speakers=5, seed=seed)
        findings += swap_check(table) + numbers_check(table)
    assert sum(finding.severity == "error" for finding in findings) <= 4
    assert sum(finding.severity == "warning" and finding.check != "alignment" for finding in findings) <= 4


def test_ledger_is_verified(tmp_path):
    ledger, sound = Ledger(tmp_path), hear(240, EIGHT, 0.7, speakers=4)
    exchanged = rename(sound, {"sad": "calm", "calm": "sad"})
    parts = {"cnn": {"test": sound, "validation": sound}, "ann": {"validation": sound}, "resnet": {"test": exchanged}}
    for name, tables in parts.items():
        table = pd.concat([table.assign(part=part) for part, table in tables.items()], ignore_index=True)
        description = {"architecture": {"name": name}, "corpus": {"name": "simulated", "classes": list(EIGHT)}}
        ledger.add(description, table, pd.DataFrame({"loss": [1.0]}), {})
    table = verify_runs(ledger.runs()).set_index("architecture")
    assert table["part"].to_dict() == {"cnn": "test", "ann": "validation", "resnet": "test"} and (table["n"] == 240).all()
    assert table["ok"].to_dict() == {"cnn": True, "ann": True, "resnet": False} and "exchanged" in table.loc["resnet", "findings"]
    run = next(run for run in ledger.runs() if run.experiment["architecture"]["name"] == "ann")
    with pytest.raises(ValueError, match="has no test part; it has validation"):
        verify_run(run, "test")


def test_broken_runs_stop_nothing(tmp_path):
    ledger, sound = Ledger(tmp_path), hear(240, EIGHT, 0.7, speakers=4).assign(part="test")
    runs = {}
    for name in ("good", "gone", "rubbish", "unlabelled", "no record", "no names"):
        description = {"architecture": {"name": name}, "corpus": {"name": "simulated", "classes": list(EIGHT)}}
        table = sound.drop(columns="label") if name == "unlabelled" else sound
        runs[name] = ledger.add({"name": name} if name == "no names" else description, table, pd.DataFrame({"loss": [1.0]}), {})
    (runs["gone"].folder / "predictions.parquet").unlink()
    (runs["rubbish"].folder / "predictions.parquet").write_bytes(b"no table")
    (runs["no record"].folder / "record.json").unlink()
    (tmp_path / "archive").mkdir()  # of somebody's own, and no run
    (tmp_path / ("a" * 32)).mkdir()
    table = verify_runs(ledger.runs()).set_index("key")
    assert len(table) == 7 and table.index[table["ok"]].tolist() == [runs["good"].key]
    assert (table["errors"] == 1 - table["ok"]).all() and "experiment.json" in table.loc["a" * 32, "findings"]
    for name, reason in (("gone", "predictions.parquet is missing"), ("unlabelled", "nothing to verify"), ("no record", "record.json is missing")):
        assert reason in table.loc[runs[name].key, "findings"] and runs[name].key in table.loc[runs[name].key, "findings"]
    json.dumps(table.to_dict("records"), allow_nan=False)


def test_columns_that_are_no_scores(tmp_path):
    table, extra = hear(240, SEVEN, 0.6), {"p_value": 0.03, "score_total": 2, "prob_max": 0.7, "P_id": "x7", "score_sum": 1.0}
    for kept in (table, table[["id", "label", "predicted"]]):
        kept.assign(**extra).to_csv(tmp_path / "extra.csv", index=False)
        found = verify_predictions(read_predictions(tmp_path / "extra.csv"))
        assert found.ok and ("auc_ovr" in found.table["metric"].tolist()) == (kept is table) and "not taken for scores" in str(found)
    for columns in (list(table), [column for column in table if column != "predicted"]):
        bare = table[columns].rename(columns=lambda name: name.removeprefix("p_"))
        bare[bare["label"] != "disgust"].to_csv(tmp_path / "bare.csv", index=False)
        read = read_predictions(tmp_path / "bare.csv")
        assert {f"p_{name}" for name in SEVEN} <= set(read) and verify_predictions(read).ok
    table.rename(columns={"p_sad": "p_Sad"}).to_csv(tmp_path / "case.csv", index=False)
    assert "were not taken for scores" in str(verify_predictions(read_predictions(tmp_path / "case.csv")))


def test_json_by_columns(tmp_path):
    table = hear(60, THREE, 0.8)[["id", "label", "predicted"]]
    table.to_json(tmp_path / "col.json")
    (tmp_path / "lists.json").write_text(json.dumps({"y_true": table["label"].tolist(), "y_pred": table["predicted"].tolist()}))
    table.to_json(tmp_path / "rows.json", orient="index")
    for name in ("col", "lists", "rows"):
        read = read_predictions(tmp_path / f"{name}.json")
        assert read[["label", "predicted"]].to_numpy().tolist() == table[["label", "predicted"]].to_numpy().tolist()
    for text, column in (
        ('[{"label": ["a", "b"], "predicted": ["a", "b"]}]', "label"), ('{"id": "x", "label": "a", "predicted": {"0": "a"}}', "predicted"),
    ):
        (tmp_path / "nested.json").write_text(text)
        with pytest.raises(ValueError, match=f"nested.json: the column '{column}' holds a (list|mapping) in row 1"):
            read_predictions(tmp_path / "nested.json")


@pytest.mark.parametrize("word", ["nan", "NaN", "None", "NULL"])
def test_missing_words_are_refused(tmp_path, word):
    for column, line in (("label", f"a,{word},sad"), ("predicted", f"a,sad,{word}")):
        (tmp_path / "a.csv").write_text(f"id,label,predicted\n{line}\n")
        with pytest.raises(ValueError, match=f"'{column}' is empty in row 1 .*'{word}' is a missing value"):
            read_predictions(tmp_path / "a.csv")


def test_files_of_others(tmp_path):
    table = hear(60, THREE, 0.8)[["id", "label", "predicted"]]
    table.rename(columns={"id": "filename", "label": "y_true", "predicted": "Y Pred"}).to_csv(tmp_path / "plain.csv", index=False)
    found = verify_predictions(read_predictions(tmp_path / "plain.csv"))
    assert found.ok and found.table["metric"].tolist() == [name for name in METRICS if name != "auc_ovr"] and "AUC" in found.notes[0]
    feel(60).rename(columns={"predicted_valence": "pred_valence", "predicted_arousal": "arousal_pred"}).to_parquet(tmp_path / "axes.parquet")
    assert len(verify_predictions(read_predictions(tmp_path / "axes.parquet")).table) == 16
    for name, text, message in (
        ("empty.csv", "id,label,predicted\n", "empty.csv: there are no rows"),
        ("nothing.csv", "", "nothing.csv: No columns"),
        ("twice.csv", "id,label,predicted,prob_a,score_a\n1,a,a,0.5,0.5\n", "'p_a' occurs more than once"),
        ("array.npy", "", r"cannot read .npy; save it as .csv"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(ValueError, match=message):
            read_predictions(tmp_path / name)
    with pytest.raises(ValueError, match="absent.csv: "):
        read_predictions(tmp_path / "absent.csv")
