"""Searching: what choosing trials costs against the engines alone and against the trials themselves, and what a second worker saves. Asserts on results, never on time."""
import itertools
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import keras
import numpy as np
import optuna
import pandas as pd
import skopt
import soundfile
from keras import layers
from measuring import Row, interleaved, seconds_of
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.samplers import BaseSampler, TPESampler
from skopt.benchmarks import branin, hart6
from threadpoolctl import threadpool_limits

from synesthetic.corpora.base import Corpus
from synesthetic.features.mel import LogMel
from synesthetic.splits.policy import make_splits
from synesthetic.training.fit import Experiment
from synesthetic.training.ledger import Ledger
from synesthetic.training.recipe import Recipe
from synesthetic.tuning.experiments import validation_objective
from synesthetic.tuning.search import Study, make_sampler, search

SEEDS, TRIALS = 3, 30
Space = Mapping[str, BaseDistribution]
PROBLEMS = {  # function, space, minimum
    "Branin": (branin, {"x": FloatDistribution(-5.0, 10.0), "y": FloatDistribution(0.0, 15.0)}, 0.397887),
    "Hartmann-6": (hart6, {f"x{i}": FloatDistribution(0.0, 1.0) for i in range(6)}, -3.32237),
}


def ask_and_tell(sampler: BaseSampler, function: Callable, space: Space, n_trials: int) -> tuple[float, list[float]]:
    "A search in memory: the best value, and the seconds that each choice took."
    study, seconds, asked = optuna.create_study(sampler=sampler), [], []
    for _ in range(n_trials):
        seconds.append(seconds_of(lambda: asked.append(study.ask(space))))
        study.tell(asked[-1], function([asked[-1].params[name] for name in space]))
    return study.best_value, seconds


def skopt_alone(function: Callable, space: Space, seed: int) -> float:
    "scikit-optimize alone, on one thread as ours is."
    bounds = [(distribution.low, distribution.high) for distribution in space.values()]
    with threadpool_limits(1):
        return skopt.gp_minimize(function, bounds, n_calls=TRIALS, random_state=seed).fun


def engine(name: str, space: Space, seed: int) -> BaseSampler:
    "One of ours, as a study makes it."
    return make_sampler(name, space, n_startup=10, seed=seed, options={})


def engines(function: Callable, space: Space, seed: int, best: dict[str, list[float]]) -> dict[str, Callable]:
    "Our two engines and what they are made of, each of which notes the best value it found."
    return {
        "gp": lambda: best["gp"].append(ask_and_tell(engine("gp", space, seed), function, space, TRIALS)[0]),
        "skopt": lambda: best["skopt"].append(skopt_alone(function, space, seed)),
        "tpe": lambda: best["tpe"].append(ask_and_tell(engine("tpe", space, seed), function, space, TRIALS)[0]),
        "optuna": lambda: best["optuna"].append(ask_and_tell(TPESampler(seed=seed), function, space, TRIALS)[0]),
    }


def bench_engines() -> Iterator[Row]:
    "Thirty trials of a function that costs nothing, so that all of the time is choosing; and how good the best of them is."
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore")
    for name, (function, space, minimum) in PROBLEMS.items():
        best = {engine: [] for engine in ("gp", "skopt", "tpe", "optuna")}
        turns = [interleaved(engines(function, space, seed, best), repeats=1) for seed in range(SEEDS)]
        for ours, other, title in (("gp", "skopt", "skopt.gp_minimize"), ("tpe", "optuna", "Optuna's TPE")):
            yield Row(f"{TRIALS} trials of {name}, {ours}, against {title}", *[[turn[one][0] for turn in turns] for one in (ours, other)], note="a seed a repeat")
            regrets = [[max(value - minimum, 1e-6) for value in best[one]] for one in (ours, other)]
            yield Row(f"regret after {TRIALS} trials of {name}, {ours}, against {title}", *regrets, unit="regret", note="less is better; few seeds")


def bench_growth_of_choosing() -> Iterator[Row]:
    "A Gaussian process grows with what it knows."
    function, space, _ = PROBLEMS["Hartmann-6"]
    seconds = ask_and_tell(engine("gp", space, 0), function, space, 43)[1]
    late, early = (float(np.median(seconds[number - 2:number + 3])) for number in (40, 20))
    yield Row("choosing trial 40, gp, against trial 20", [late], [early], note="six parameters, median of five trials")


def build_small(input_shape, outputs, *, units=32):
    "A convolutional network that trains for some seconds."
    inputs = keras.Input(input_shape)
    x = layers.Reshape((*input_shape, 1))(layers.Normalization(axis=1, name="standardise")(inputs))
    for filters in (units, 2 * units):
        x = layers.MaxPooling2D()(layers.Conv2D(filters, 3, padding="same", activation="relu")(x))
    return keras.Model(inputs, layers.Dense(outputs, activation="softmax")(layers.GlobalAveragePooling2D()(x)), name="small")


def small_experiment(folder: Path) -> Experiment:
    "Noise of one second from four speakers, 96 clips."
    rng, rows = np.random.default_rng(0), []
    for speaker, label, take in itertools.product(range(4), ("loud", "soft"), range(12)):
        path = folder / f"s{speaker}-{label}-{take}.wav"
        soundfile.write(path, (0.2 if label == "loud" else 0.15) * rng.standard_normal(16000), 16000)
        rows.append({"id": path.stem, "path": str(path), "label": label, "speaker": f"s{speaker}"})
    corpus = Corpus("noise", pd.DataFrame(rows), ("loud", "soft"), licence="none", citation="none")
    recipe = Recipe(epochs=10, batch_size=8, ema_momentum=0.5, augmentation=None)
    return Experiment(corpus, make_splits(corpus, "speaker", folds=4, validation=0.3)[0], LogMel(duration=1.0), build_small, recipe)


def searched(experiment: Experiment, folder: Path, sampler: str, n_trials: int, workers: int) -> pd.DataFrame:
    "The trials of a search in a place of its own; features are shared."
    space = {"learning_rate": FloatDistribution(1e-4, 0.1, log=True), "units": CategoricalDistribution([8, 16])}
    place = folder / f"{sampler}-{workers}"
    objective = validation_objective(experiment, ledger=Ledger(place / "runs"), cache=folder / "cache")
    study = Study(objective, space, sampler=sampler, pruner="none", n_trials=n_trials, storage=f"sqlite:///{place}/studies.db")
    return search(study, workers=workers, progress=False)


def bench_searches() -> Iterator[Row]:
    "Trainings of some seconds: the share that choosing them takes, and two workers beside one."
    with tempfile.TemporaryDirectory() as name:
        folder, tables, seconds = Path(name), {}, {}
        experiment = small_experiment(folder)
        for sampler, n_trials, workers in (("gp", 13, 1), ("tpe", 13, 1), ("random", 8, 1), ("random", 8, 2)):
            seconds[sampler, workers] = seconds_of(lambda: tables.update({(sampler, workers): searched(experiment, folder, sampler, n_trials, workers)}))
    for sampler in ("gp", "tpe"):
        table = tables[sampler, 1].iloc[10:]
        assert (table["state"] == "complete").all()
        columns = [name for name in table if name.endswith(" seconds")]
        yield Row(f"choosing a trial, {sampler}, against the whole trial", table["sampler seconds"].tolist(), table[columns].sum(axis=1).tolist(), note="trials 10 to 12, trainings of some seconds")
    assert tables["random", 1]["learning_rate"].equals(tables["random", 2]["learning_rate"])
    yield Row("8 trainings by two workers, against one worker", [seconds["random", 2]], [seconds["random", 1]], note="the start of the processes included")
