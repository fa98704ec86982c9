"""Studies of `test_tuning.py`, in a module of their own because they are carried out in other processes, which get killed."""
import os
import pickle
import signal
import time
from contextlib import redirect_stderr
from pathlib import Path

import keras
import numpy as np
import optuna
from keras import layers
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from synesthetic import cli
from synesthetic.corpora.base import Corpus
from synesthetic.features.mel import LogMel
from synesthetic.splits.policy import make_splits
from synesthetic.training.fit import Experiment
from synesthetic.training.ledger import Ledger
from synesthetic.training.recipe import Recipe
from synesthetic.tuning import storage
from synesthetic.tuning.experiments import validation_objective
from synesthetic.tuning.search import Objective, Study, search
from tones import write_tones

STEPS = 6
LANDSCAPE = {
    "x": FloatDistribution(0.0, 1.0), "rate": FloatDistribution(1e-4, 1.0, log=True),
    "units": IntDistribution(1, 9), "kind": CategoricalDistribution(["round", "square", "flat"]),
}


class Climb:
    "A score that rises step by step. It keeps a diary of its attempts, dawdles, and kills its own process where it is told to."

    description = {"a": "climb"}
    __name__ = "climb"

    def __init__(self, diary: Path, *, pause: float = 0.0, deadly: tuple[int, int] | None = None):
        self.diary, self.pause, self.deadly = diary, pause, deadly

    def __call__(self, attempt):
        with open(self.diary, "a") as diary:
            diary.write(f"{attempt.number} {os.getpid()}\n")
        chosen, score = attempt.parameters, 0.0
        top = 1 - (chosen["x"] - 0.3) ** 2 - 0.01 * np.log10(chosen["rate"]) ** 2 - 0.1 * (chosen["kind"] == "flat")
        for step in range(1, STEPS + 1):
            time.sleep(self.pause)
            score = top * (step / STEPS) ** (chosen["units"] / 5) + 0.02 * np.random.default_rng(attempt.seed + step).standard_normal()
            if (attempt.number, step) == self.deadly:  # it has reported and does not know yet whether to stop
                attempt.trial.should_prune = lambda: os.kill(os.getpid(), signal.SIGKILL)
            if attempt.should_stop(step, score):
                break
        attempt.note("run", f"{step} steps")
        return score


def climb_study(folder: Path, *, pause: float = 0.0, deadly: tuple[int, int] | None = None, **settings) -> Study:
    "A search for the top; the same declaration in whatever folder, however slow and however deadly."
    objective = Objective(Climb(folder / "diary", pause=pause, deadly=deadly), {"height": "maximize"}, steps=STEPS)
    settings = {"n_trials": 10, "n_startup": 4, "storage": f"sqlite:///{folder}/studies.db", **settings}
    return Study(objective, LANDSCAPE, **settings)


def build_tiny(input_shape, outputs, *, units=8):
    "The smallest network that hears a pitch."
    inputs = keras.Input(input_shape)
    x = layers.Normalization(axis=1, name="standardise")(inputs)
    x = layers.Dense(units, activation="relu")(layers.GlobalAveragePooling1D(data_format="channels_first")(x))
    return keras.Model(inputs, layers.Dense(outputs, activation="softmax")(x), name="tiny")


def noisy_tones(folder: Path) -> Corpus:
    "Four speakers, low tones for sad and high ones for happy, four takes of each, with so much noise that scores differ."
    return write_tones(folder, takes=4, samples=8000)


def tones_experiment(corpus: Corpus, **recipe) -> Experiment:
    "A training of a second."
    split = make_splits(corpus, "speaker", folds=4, validation=0.3)[0]
    settings = {"epochs": 4, "batch_size": 8, "learning_rate": 0.05, "ema_momentum": 0.0, "augmentation": None, **recipe}
    return Experiment(corpus, split, LogMel(n_mels=16, duration=0.5), build_tiny, Recipe(**settings))


def training_study(experiment: Experiment, folder: Path, cache: Path, *, costs: tuple[str, ...] = (), **settings) -> Study:
    "A search over real trainings, with a storage and a ledger of its own and a shared cache of features."
    objective = validation_objective(experiment, ledger=Ledger(folder / "runs"), cache=cache, costs=costs)
    space = {"learning_rate": FloatDistribution(1e-4, 0.2, log=True), "units": CategoricalDistribution([1, 2, 8, 32])}
    settings = {"n_trials": 8, "n_startup": 3, "storage": f"sqlite:///{folder}/studies.db", **settings}
    return Study(objective, space, **settings)


def carry_out(study: Study, out: Path | None = None, elsewhere: str = "", grace: float = 600.0, **settings) -> None:
    "Search in this process, on a machine of that name, and leave the table, and the seconds until the last trial was finished, in a file."
    os.setsid()
    if elsewhere:
        storage.machine = lambda: elsewhere
    storage.GRACE = grace
    began = time.time()
    table = search(study, progress=False, **settings)
    if out:
        out.write_bytes(pickle.dumps((table, max(trial.datetime_complete for trial in study.open().trials).timestamp() - began)))


def first_only(attempt) -> float:
    "The first attempt ends at once, and all others after the test."
    time.sleep(300.0 if attempt.number else 0.0)
    return 0.0


def search_by_command(study: Study, said: Path) -> None:
    "Be the command line, with a search by two workers to carry out; what it says goes to a file."
    with open(said, "w") as stream, redirect_stderr(stream):
        cli.app = lambda: search(study, workers=2, progress=False)
        cli.main()


def die_while_choosing(study: Study, number: int, name: str) -> None:
    "Search, and be killed between two parameters of a trial: as soon as that one is in the storage."
    suggest = optuna.Trial._suggest

    def deadly(trial, parameter, distribution):
        value = suggest(trial, parameter, distribution)
        if (trial.number, parameter) == (number, name):
            os.kill(os.getpid(), signal.SIGKILL)
        return value

    optuna.Trial._suggest = deadly
    search(study, progress=False)
