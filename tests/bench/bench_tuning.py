"""Searching: what thirty trials buy, what choosing them costs, and what a second worker saves. Asserts on results, never on time."""
import itertools
import tempfile
import time
import warnings
from pathlib import Path

import keras
import numpy as np
import optuna
import pandas as pd
import pytest
import skopt
import soundfile
from keras import layers
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.samplers import RandomSampler, TPESampler
from skopt.benchmarks import branin, hart6
from threadpoolctl import threadpool_limits

from synesthetic.corpora.base import Corpus
from synesthetic.features.mel import LogMel
from synesthetic.splits.policy import make_splits
from synesthetic.training.fit import Experiment
from synesthetic.training.ledger import Ledger
from synesthetic.training.recipe import Recipe
from synesthetic.tuning.experiments import validation_objective
from synesthetic.tuning.gp import GaussianProcessSampler
from synesthetic.tuning.search import Study, search

SEEDS, TRIALS = 12, 30
PROBLEMS = {  # function, space, minimum
    "Branin": (branin, {"x": FloatDistribution(-5.0, 10.0), "y": FloatDistribution(0.0, 15.0)}, 0.397887),
    "Hartmann-6": (hart6, {f"x{i}": FloatDistribution(0.0, 1.0) for i in range(6)}, -3.32237),
}


def ask_and_tell(make_sampler, function, space, seed, n_trials=TRIALS):
    "A search in memory: the study and the seconds that each choice took."
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study, seconds = optuna.create_study(sampler=make_sampler(space, seed)), []
    for _ in range(n_trials):
        start = time.perf_counter()
        trial = study.ask(space)
        seconds.append(time.perf_counter() - start)
        study.tell(trial, function([trial.params[name] for name in space]))
    return study, seconds


def bench_ours(function, space, seed):
    return ask_and_tell(lambda space, seed: GaussianProcessSampler(space, seed=seed), function, space, seed)[0].best_value


def bench_gp_minimize(function, space, seed):
    "scikit-optimize alone, on one thread as ours is."
    bounds = [(distribution.low, distribution.high) for distribution in space.values()]
    with threadpool_limits(1):
        return skopt.gp_minimize(function, bounds, n_calls=TRIALS, random_state=seed).fun


def bench_tpe(function, space, seed):
    return ask_and_tell(lambda _, seed: TPESampler(seed=seed), function, space, seed)[0].best_value


def bench_random(function, space, seed):
    return ask_and_tell(lambda _, seed: RandomSampler(seed=seed), function, space, seed)[0].best_value


CASES = {
    "GaussianProcessSampler": bench_ours, "skopt.gp_minimize": bench_gp_minimize, "optuna's TPE": bench_tpe, "random": bench_random,
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_regret(name):
    function, space, minimum = PROBLEMS[name]
    regrets, seconds = {}, {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case, bench in CASES.items():
            start = time.perf_counter()
            regrets[case] = np.array([bench(function, space, seed) - minimum for seed in range(SEEDS)])
            seconds[case] = (time.perf_counter() - start) / SEEDS
    print(f"\nregret on {name} after {TRIALS} trials, {SEEDS} seeds")
    ours = np.median(regrets["GaussianProcessSampler"])
    for case, regret in regrets.items():
        low, median, high = np.quantile(regret, [0.25, 0.5, 0.75])
        ratio = f"ours / this = {ours / median:6.2f}"
        print(f"{case:24} median {median:8.5f}  quartiles {low:8.5f} .. {high:8.5f}  {ratio}  {seconds[case]:6.2f} s a search")
        assert (regret > -1e-4).all(), "better than the minimum"


def test_seconds_a_trial():
    function, space, _ = PROBLEMS["Hartmann-6"]
    seconds = ask_and_tell(lambda space, seed: GaussianProcessSampler(space, seed=seed), function, space, 0, 63)[1]
    guided = [float(np.median(seconds[number - 2:number + 3])) for number in (30, 60)]
    print(f"\nto choose a trial of six parameters takes {guided[0]:.2f} s at 30 trials and {guided[1]:.2f} s at 60: {guided[1] / guided[0]:.2f} times")


def build_small(input_shape, outputs, *, units=32):
    "A convolutional network that trains for some seconds."
    inputs = keras.Input(input_shape)
    x = layers.Reshape((*input_shape, 1))(layers.Normalization(axis=1, name="standardise")(inputs))
    for filters in (units, 2 * units):
        x = layers.MaxPooling2D()(layers.Conv2D(filters, 3, padding="same", activation="relu")(x))
    return keras.Model(inputs, layers.Dense(outputs, activation="softmax")(layers.GlobalAveragePooling2D()(x)), name="small")


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    "Noise of one second from four speakers, 96 clips."
    folder, rng, rows = tmp_path_factory.mktemp("noise"), np.random.default_rng(0), []
    for speaker, label, take in itertools.product(range(4), ("loud", "soft"), range(12)):
        path = folder / f"s{speaker}-{label}-{take}.wav"
        soundfile.write(path, (0.2 if label == "loud" else 0.15) * rng.standard_normal(16000), 16000)
        rows.append({"id": path.stem, "path": str(path), "label": label, "speaker": f"s{speaker}"})
    corpus = Corpus("noise", pd.DataFrame(rows), ("loud", "soft"), licence="none", citation="none")
    recipe = Recipe(epochs=10, batch_size=8, ema_momentum=0.5, augmentation=None)
    return Experiment(corpus, make_splits(corpus, "speaker", folds=4, validation=0.3)[0], LogMel(duration=1.0), build_small, recipe)


def test_two_workers(experiment):
    "The same trials, drawn at random, by one process and by two."
    space, seconds, tables = {"learning_rate": FloatDistribution(1e-4, 0.1, log=True), "units": CategoricalDistribution([8, 16])}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for workers in (1, 2):
            place = Path(folder, str(workers))
            objective = validation_objective(experiment, ledger=Ledger(place / "runs"), cache=Path(folder, "cache"))
            study = Study(objective, space, sampler="random", pruner="none", n_trials=12, storage=f"sqlite:///{place}/studies.db")
            start = time.perf_counter()
            tables[workers] = search(study, workers=workers, progress=False)
            seconds[workers] = time.perf_counter() - start
    training = {workers: table["training seconds"].sum() for workers, table in tables.items()}
    print(f"\n{len(tables[1])} trainings: one worker {seconds[1]:.1f} s, two {seconds[2]:.1f} s, start of the processes included")
    print(f"throughput two / one = {seconds[1] / seconds[2]:.2f}; seconds of training two / one = {training[2] / training[1]:.2f}")
    assert (tables[1]["state"] == "complete").all() and tables[1][list(space)].equals(tables[2][list(space)])
