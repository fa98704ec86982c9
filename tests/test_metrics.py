"""Every score of classes and of dimensions against an independent implementation, to 1e-9, on random tables and at the edges."""
import audmetric
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as sk

from synesthetic.evaluation.metrics import METRICS
from synesthetic.evaluation.regression import REGRESSION_METRICS

CLOSE = {"abs": 1e-9, "rel": 0, "nan_ok": True}


def table(seed: int, classes: int, items: int, ties: bool = False, truth: list[int] | None = None) -> tuple[pd.DataFrame, list[str], np.ndarray]:
    "Random answers with probabilities, their classes, and the truth as numbers."
    rng, names = np.random.default_rng(seed), [f"c{number}" for number in range(classes)]
    truth = rng.integers(classes, size=items) if truth is None else np.array(truth)
    p = rng.dirichlet(np.ones(classes), len(truth)) + 0.6 * np.eye(classes)[truth] * rng.random((len(truth), 1))
    p = np.round(p, 1) + 0.01 if ties else p
    p /= p.sum(axis=1, keepdims=True)
    answer = p.argmax(axis=1)
    frame = pd.DataFrame({"id": [f"{i:04}" for i in range(len(truth))], "label": [names[t] for t in truth], "predicted": [names[a] for a in answer]})
    return frame.assign(**{f"p_{name}": p[:, number] for number, name in enumerate(names)}), names, truth


def by_hand(frame: pd.DataFrame, names: list[str]) -> dict[str, float]:
    "All scores from counts and ranks."
    counts = np.array([[((frame["label"] == a) & (frame["predicted"] == b)).sum() for b in names] for a in names], float)
    hits, true, said, n = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0), counts.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, f1 = hits / true, 2 * hits / (true + said)
        chance = (true * said).sum() / n**2
        kappa = (hits.sum() / n - chance) / (1 - chance)
    areas = []
    for name in names:
        positive = (frame["label"] == name).to_numpy()
        ranks = stats.rankdata(frame[f"p_{name}"])
        m = positive.sum()
        areas.append((ranks[positive].sum() - m * (m + 1) / 2) / (m * (n - m)) if 0 < m < n else np.nan)
    kept = true + said > 0
    return {
        "accuracy": hits.sum() / n, "balanced_accuracy": np.nanmean(recall), "f1_macro": f1[kept].mean(), "f1_weighted": (np.nan_to_num(f1) * true).sum() / n,
        "cohen_kappa": kappa, "auc_ovr": np.mean(areas),
    }


RANDOM = [(seed, classes, items, ties) for seed, (classes, items, ties) in enumerate([(2, 5, False), (3, 40, False), (7, 600, False), (8, 600, True), (7, 21, True), (2, 300, True)] * 3)]


@pytest.mark.parametrize("seed, classes, items, ties", RANDOM)
def test_classes_at_random(seed, classes, items, ties):
    frame, names, truth = table(seed, classes, items, ties)
    found, expected = {name: metric(frame, names) for name, metric in METRICS.items()}, by_hand(frame, names)
    assert found == {name: pytest.approx(value, **CLOSE) for name, value in expected.items()}
    if len(set(truth)) == classes:  # audmetric leaves out answers of classes that do not occur
        assert found["balanced_accuracy"] == pytest.approx(audmetric.unweighted_average_recall(frame["label"].tolist(), frame["predicted"].tolist()), **CLOSE)
    assert found["accuracy"] == pytest.approx(audmetric.accuracy(frame["label"].tolist(), frame["predicted"].tolist()), **CLOSE)
    if len(set(truth)) == classes > 2:
        p = frame[[f"p_{name}" for name in names]].to_numpy()
        assert found["auc_ovr"] == pytest.approx(sk.roc_auc_score(truth, p, multi_class="ovr"), **CLOSE)


@pytest.mark.parametrize("truth", [[0, 0, 0, 0], [0], [0, 1, 1, 1, 1, 1], [2, 2, 0]])
def test_classes_at_the_edges(truth):
    frame, names, _ = table(1, 3, len(truth), truth=truth)
    expected = by_hand(frame, names)
    assert {name: metric(frame, names) for name, metric in METRICS.items()} == {name: pytest.approx(value, **CLOSE) for name, value in expected.items()}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("n", [2, 3, 50, 1000])
def test_dimensions_at_random(seed, n):
    rng = np.random.default_rng([seed, n])
    truth = rng.uniform(-1, 1, n)
    answer = 0.4 * truth + rng.normal(0.1, rng.uniform(0.01, 1), n)
    found = {name: metric(truth, answer) for name, metric in REGRESSION_METRICS.items()}
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(truth, answer), **CLOSE)
    assert found["mae"] == pytest.approx(audmetric.mean_absolute_error(truth, answer), **CLOSE)
    assert found["pearson"] == pytest.approx(stats.pearsonr(truth, answer).statistic, **CLOSE)
    assert found["ccc"] == pytest.approx(audmetric.concordance_cc(truth, answer), **CLOSE)
    assert found["sagr"] == pytest.approx(((truth > 0) == (answer > 0)).mean(), **CLOSE)
    assert found["r2"] == pytest.approx(sk.r2_score(truth, answer), **{**CLOSE, "rel": 1e-9})


def test_dimensions_at_the_edges():
    ramp, flat, one = np.linspace(-1, 1, 9), np.full(9, 0.3), np.array([0.5])
    assert REGRESSION_METRICS["sagr"](np.array([-1.0, 0.0, 0.0, 2.0]), np.array([-2.0, 0.0, 1.0, -1.0])) == 0.5  # zero agrees with zero only
    assert all(np.isnan(REGRESSION_METRICS[name](*pair)) for name in ("pearson", "ccc") for pair in ((flat, flat), (one, one)))
    assert REGRESSION_METRICS["ccc"](ramp, flat) == 0 and REGRESSION_METRICS["rmse"](one, one) == 0
