"""Valence from sound: scores against independent ones, the search against scikit-optimize alone, and the week-2 report from end to end."""
import json
import pickle
import subprocess
import warnings
from pathlib import Path

import audmetric
import numpy as np
import pandas as pd
import pytest
import skopt
from optuna.distributions import FloatDistribution, IntDistribution
from scipy import stats
from sklearn.metrics import r2_score
from threadpoolctl import threadpool_limits

import warm
from synesthetic.evaluation.regression import ccc, mse, pearson, r2
from synesthetic.tuning.search import Objective, Study, search
from synesthetic.tuning.space import SPACES



@pytest.mark.parametrize("seed", range(20))
def test_scores_agree_with_independent_ones(seed):
    rng = np.random.default_rng(seed)
    truth = rng.normal(rng.normal(), rng.uniform(0.1, 3), rng.integers(2, 200))
    predicted = rng.uniform(-1, 1) * truth + rng.normal(rng.normal(), rng.uniform(0.01, 2), len(truth))
    assert pearson(truth, predicted) == pytest.approx(stats.pearsonr(truth, predicted).statistic)
    assert ccc(truth, predicted) == pytest.approx(audmetric.concordance_cc(truth, predicted))
    assert r2(truth, predicted) == pytest.approx(r2_score(truth, predicted))
    assert mse(truth, predicted) == pytest.approx(audmetric.mean_squared_error(truth, predicted))
    # Lin's coefficient is Pearson's times how far means and spreads agree.
    bias = 2 / (truth.std() / predicted.std() + predicted.std() / truth.std() + (truth.mean() - predicted.mean()) ** 2 / (truth.std() * predicted.std()))
    assert ccc(truth, predicted) == pytest.approx(pearson(truth, predicted) * bias)


def test_scores_of_constants_and_of_single_items_are_defined():
    ramp, flat, one = np.arange(5.0), np.ones(5), np.ones(1)
    assert ccc(ramp, flat) == 0 and ccc(flat, ramp) == 0 and ccc(ramp, ramp) == pytest.approx(1)
    assert all(np.isnan(score) for score in (pearson(ramp, flat), pearson(flat, ramp), ccc(flat, flat), r2(flat, ramp)))
    assert all(np.isnan(score(one, one)) for score in (pearson, ccc, r2)) and mse(one, one) == 0


SPACE = SPACES["valence"].parameters


def error(rate: float, size: float) -> float:
    "A surface over the space of the study, with its minimum of 0.25 at rate 1.2e-3 and batch size 40, and a second valley."
    x, y = (rate - 1.2e-3) / 1.5e-3, (size - 40) / 40
    return 0.25 + 0.1 * x**2 + 0.05 * y**2 - 0.06 * np.exp(-((rate - 4e-3) / 6e-4) ** 2 - ((size - 100) / 20) ** 2) + 0.01 * np.sin(6 * x)


def surface(attempt) -> float:
    "The same for a search of the package."
    return error(attempt.parameters["learning_rate"], attempt.parameters["batch_size"])


def test_package_and_gp_minimize_find_the_same(tmp_path):
    n_trials, seeds = 12, range(7)
    lowest = min(error(rate, size) for rate in np.linspace(1e-4, 5e-3, 400) for size in range(16, 129))
    ours, theirs = [], []
    dimensions = [skopt.space.Real(1e-4, 5e-3), skopt.space.Integer(16, 128)]
    for seed in seeds:
        study = Study(Objective(surface, {"squared error": "minimize"}), SPACE, n_trials=n_trials, n_startup=4, pruner="none", seed=seed, storage=f"sqlite:///{tmp_path}/s.db")
        ours.append(search(study, progress=False)["squared error"].min() - lowest)
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore")
            theirs.append(skopt.gp_minimize(lambda point: error(*point), dimensions, n_calls=n_trials, n_initial_points=4, acq_func="EI", random_state=seed).fun - lowest)
    rng = np.random.default_rng(0)
    blind = np.median([min(error(rng.uniform(1e-4, 5e-3), rng.integers(16, 129)) for _ in range(n_trials)) - lowest for _ in range(500)])
    assert np.median(ours) < 0.5 * blind and np.median(theirs) < 0.5 * blind, (ours, theirs, blind)
    # Both draw at random, so one of a hundred machines may find ours worse by chance; that it is better is no fault.
    assert stats.mannwhitneyu(ours, theirs, alternative="greater").pvalue > 0.01, (ours, theirs)


def test_space_is_that_of_the_source():
    assert SPACE == {"learning_rate": FloatDistribution(1e-4, 5e-3), "batch_size": IntDistribution(16, 128)}
    assert (SPACES["valence"].n_trials, SPACES["valence"].n_startup) == (7, 2)


SMALL = {"folds": 2, "seeds": 1, "epochs": 1, "divisions": 1, "n_trials": 3, "long_trials": 4, "tuned_seeds": 1}


def report(workplace: dict, out: Path, *more: str, **settings: object) -> subprocess.CompletedProcess:
    "The command line's report, as small as it gets."
    words = [word for name, value in {**SMALL, **settings}.items() for word in ("--set", f"{name}={value}")]
    return warm.synesthetic("report", "02", "--out", out, *words, *more, env=workplace)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> Path:
    "Pickled tones whose valence is their pitch, without speakers and without labels."
    rng, rows = np.random.default_rng(0), []
    for number in range(60):
        valence = rng.uniform(-1, 1)
        y = 0.3 * np.sin(2 * np.pi * 400 * 2**valence * np.arange(8000) / 8000) + 0.05 * rng.standard_normal(8000)
        rows.append({"id": f"tone/{number}", "audio_data": np.round(y * 20000).astype(np.int16), "sampling_rate": 8000, "valence": valence})
    file = tmp_path_factory.mktemp("recordings") / "tones.pkl"
    file.write_bytes(pickle.dumps(rows))
    return file


@pytest.fixture(scope="module")
def finished(workplace, recordings, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("report")
    run = report(workplace, out, "--corpus", str(recordings), allow_leakage="near-duplicate,duplicate")
    assert run.returncode == 0, run.stderr[-3000:]
    return out


def test_report_on_a_pickle(finished):
    numbers = json.loads((finished / "numbers.json").read_text())
    assert numbers["corpora"]["tones"]["items"] == 60 and "speakers not known" in numbers["mark"]
    for name, number in numbers["numbers"].items():
        assert number["runs"] or number["corpus"] == "tones", name
    table = pd.read_csv(finished / "tables/comparison.csv", index_col=1)
    assert set(table.index) == {"dense", "dense, flat input", "ridge", "mean"} and table["mark"].str.contains("speakers not known").all()
    assert table.loc["ridge", "ccc"] > table.loc["mean", "ccc"]
    trials = pd.read_csv(finished / "tables/search.csv", index_col=0)
    assert len(trials) == 7 and trials["MSE, ours"].notna().sum() == 3 and trials.loc[5, "MSE, source"] == 0.7194
    page = (finished / "week_02.html").read_text()
    assert "speakers not known" in page and 'src="http' not in page and "<audio" in page


@pytest.mark.fault("hostile files refused")
def test_bad_parameters_and_hostile_files_are_said_in_a_line(workplace, tmp_path):
    hostile = tmp_path / "hostile.pkl"
    hostile.write_bytes(b"\x80\x02cos\nsystem\n(X\x04\x00\x00\x00truetR.")
    run = report(workplace, tmp_path / "out", "--corpus", str(hostile))
    assert run.returncode == 1 and "hostile.pkl: this pickle is not opened: it asks for os.system" in run.stderr and "Traceback" not in run.stderr
