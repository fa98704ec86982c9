"""Searches that are killed, shared, cut off and fed with nonsense: no trial is lost, none is done twice, every second is accounted for."""
import itertools
import math
import multiprocessing
import os
import pickle
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
import sqlalchemy
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState
from scipy import stats

from synesthetic.training.ledger import Ledger
from synesthetic.tuning import storage
from synesthetic.tuning.effort import anytime, anytime_band, compare_engines, engine_verdict, engines_at, searches_needed, separate_engines, smallest_p
from synesthetic.tuning.experiments import COSTS, MEASURE, winner
from synesthetic.tuning.gp import GaussianProcessSampler
from synesthetic.tuning.pareto import pareto_front
from synesthetic.tuning.results import ACCOUNTS, best_trial, quiet, trials_table
from synesthetic.tuning.search import ENGINES, Objective, Study, search
import warm
from tuning_study import LANDSCAPE, STEPS, carry_out, climb_study, die_while_choosing, first_only, noisy_tones, search_by_command, tones_experiment, training_study

SECONDS = [f"{account} seconds" for account in ACCOUNTS]
POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.fixture
def tmp_path(home):
    "A folder for one test."
    return Path(tempfile.mkdtemp(dir=home))


@pytest.fixture(scope="module")
def start():
    "Start a function of `tuning_study` in a process that has imported everything already."
    processes = []

    def begin(function, *arguments, **settings) -> multiprocessing.Process:
        processes.append(warm.start(function, *arguments, **settings))
        return processes[-1]

    begin(os.getpid).join()  # from here on the server is warm
    yield begin
    for process in processes:
        process.kill()


def finish(process: multiprocessing.Process, seconds: float = 120, code: int = 0) -> None:
    "Wait for a process that must end well, or with another code."
    process.join(seconds)
    assert process.exitcode == code


def finished(study: Study) -> dict:
    "When each finished trial was finished."
    return {trial.number: trial.datetime_complete for trial in study.open().trials if trial.state.is_finished()}


def diary(folder: Path) -> list[int]:
    "The trials that were begun, in that order."
    file = folder / "diary"
    return [int(line.split()[0]) for line in file.read_text().splitlines()] if file.exists() else []


def runs(folder: Path) -> dict:
    "When each run of a ledger was written."
    return {run.key: (run.folder / "record.json").stat().st_mtime for run in Ledger(folder / "runs").runs()}


def kept(before: dict, after: dict) -> bool:
    "Whether nothing of what was there is gone or was made anew."
    return {key: after.get(key) for key in before} == before


def outcome(table: pd.DataFrame) -> pd.DataFrame:
    "The table without what may differ: the seconds, and how often a trial was interrupted."
    return table.drop(columns=[*SECONDS, "interrupted"])


def at_work(study: Study, process: multiprocessing.Process) -> bool:
    "Whether a trial is marked as being worked on by that process."
    running = study.open().get_trials(states=(TrialState.RUNNING,))
    return any((trial.user_attrs.get("owner") or {}).get("process") == process.pid for trial in running)


def kill_and_resume(start, study: Study, folder: Path, delays: list[float], early: int = 0) -> tuple[int, int]:
    "Carry out a study that is killed so many seconds after its start, or later after its first trial has begun; say how many kills met it alive, and how many at a trial."
    kills = met = 0
    for i, delay in enumerate([*delays, None]):
        done, written, begun = finished(study), runs(folder), len(diary(folder))
        process = start(carry_out, study)
        if delay is None:
            finish(process)
        else:
            while i >= early and process.is_alive() and not at_work(study, process):
                time.sleep(0.01)
            time.sleep(delay)
            process.kill()
            process.join()
            kills += process.exitcode == -signal.SIGKILL
            met += at_work(study, process)
        assert kept(done, finished(study)), "a finished trial was done again"
        assert kept(written, runs(folder)), "a finished run was done again"
        assert not set(diary(folder)[begun:]) & set(done), "the function was asked for a finished trial"
    return kills, met


# Killed and resumed


@pytest.mark.fault("kills survived", count=10)
@pytest.mark.parametrize("engine", ["gp", "tpe"])
def test_study_killed_a_dozen_times_ends_as_if_it_had_not_been(engine, start, tmp_path):
    folders = [tmp_path / "straight", tmp_path / "killed"]
    for folder in folders:
        folder.mkdir()
    straight, broken = (climb_study(folder, pause=0.05, sampler=engine) for folder in folders)
    finish(start(carry_out, straight))
    delays = np.random.default_rng(list(ENGINES).index(engine)).uniform(0.0, 0.4, 14)
    kills, met = kill_and_resume(start, broken, folders[1], delays.tolist(), early=3)
    assert kills >= 10 and met >= 5, "the kills hardly ever met a trial"
    tables = [trials_table(study.open()) for study in (straight, broken)]
    assert tables[1]["interrupted"].sum() == met
    pd.testing.assert_frame_equal(outcome(tables[0]), outcome(tables[1]))
    assert best_trial(straight.open()).number == best_trial(broken.open()).number


@pytest.mark.fault("kills survived")
@pytest.mark.parametrize("engine", ENGINES)
def test_study_killed_between_two_parameters_chooses_the_same(engine, start, tmp_path):
    for name in ("straight", "broken"):
        (tmp_path / name).mkdir()
    straight, broken = (climb_study(tmp_path / name, sampler=engine, n_trials=7) for name in ("straight", "broken"))
    search(straight, progress=False)
    for number in (1, 5):
        process = start(die_while_choosing, broken, number, next(iter(LANDSCAPE)))
        process.join()
        assert process.exitcode == -signal.SIGKILL
    table = search(broken, progress=False)
    assert table["interrupted"].tolist() == [0, 1, 0, 0, 0, 1, 0]
    pd.testing.assert_frame_equal(outcome(table), outcome(trials_table(straight.open())))


@pytest.mark.fault("kills survived")
@pytest.mark.parametrize("pruner", ["median", "halving", "hyperband"])
def test_trial_killed_after_some_reports_is_pruned_where_it_would_have_been(pruner, start, tmp_path):
    settings = {"sampler": "random", "pruner": pruner, "n_trials": 16, "seed": 5}
    places = [tmp_path / name for name in ("straight", "late", "early")]  # and not other names: Hyperband draws by them
    for place in places:
        place.mkdir()
    straight = search(climb_study(places[0], **settings), progress=False)
    late = straight.index[(straight["state"] == "complete") & (straight.index > 5)][0]
    early = straight.index[(straight["state"] == "pruned") & (straight["steps"] > 1)][-1]
    for place, number, step in ((places[1], late, STEPS - 1), (places[2], early, int(straight.loc[early, "steps"]))):
        process = start(carry_out, climb_study(place, deadly=(int(number), step), **settings))
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert trials_table(climb_study(place, **settings).open()).loc[number, ["state", "steps"]].tolist() == ["running", step]
        pd.testing.assert_frame_equal(outcome(search(climb_study(place, **settings), progress=False)), outcome(straight))


def test_zombie_counts_as_gone():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = {**storage.signature(), "process": child.pid, "born": storage.psutil.Process(child.pid).create_time()}
    assert not storage.is_gone(owner)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # nobody asks how it ended, as in a container whose first process does not care
    assert storage.is_gone(owner)
    child.wait()


def test_ctrl_c_while_the_engine_chooses_loses_no_trial(tmp_path, monkeypatch):
    study, guess, calls = climb_study(tmp_path, n_trials=7), GaussianProcessSampler._guess, []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return guess(*arguments)

    monkeypatch.setattr(GaussianProcessSampler, "_guess", interrupted)
    with pytest.raises(KeyboardInterrupt):
        search(study, progress=False)
    assert search(study, progress=False)["state"].isin(["complete", "pruned"]).all()  # in the same process, as in a notebook


def test_trial_that_another_worker_has_taken_over_is_left_alone(tmp_path):
    study = climb_study(tmp_path)
    opened = study.open()
    storage.enqueue(opened, 2)
    trial = storage.claim(opened, study.space, 2)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    dead = {**storage.signature(), "process": child.pid, "born": storage.psutil.Process(child.pid).create_time()}
    child.kill(), child.wait()
    trial.set_user_attr("owner", dead)
    seen = opened.get_trials(deepcopy=True)  # by a worker that is slow to do something about it
    assert storage.release_dead(opened) == [0] and storage.claim(opened, study.space, 2).number == 0

    class Slow:
        "The study as the slow worker saw it."
        _storage = opened._storage

        def get_trials(self, **_):
            return [one for one in seen if one.number == 0]

    storage.release_dead(Slow())
    assert [one.state.name for one in opened.trials] == ["RUNNING", "WAITING"]


# Real trainings


@pytest.fixture(scope="module")
def tones(home):
    "A tiny experiment and the cache of its features."
    folder = Path(tempfile.mkdtemp(dir=home))
    return tones_experiment(noisy_tones(folder / "corpus")), folder / "cache"


@pytest.fixture(scope="module")
def straight(start, tones, home) -> dict:
    "Studies of one and of several objectives that nobody disturbs: study, folder, table and seconds of wall clock."
    done = {}
    for name, settings in {"one": {}, "several": {"costs": ("parameters",), "n_trials": 6}}.items():
        folder = Path(tempfile.mkdtemp(dir=home))
        study = training_study(tones[0], folder, tones[1], **settings)
        finish(start(carry_out, study, folder / "out"))
        done[name] = study, folder, *pickle.loads((folder / "out").read_bytes())
    return done


@pytest.mark.fault("kills survived")
@pytest.mark.parametrize("name, kills", [("one", 3), ("several", 1)])
def test_trainings_killed_and_resumed_end_as_if_they_had_not_been(name, kills, straight, start, tones, tmp_path):
    study, _, table, seconds = straight[name]
    broken = replace(
        study, storage=f"sqlite:///{tmp_path}/studies.db",
        objective=replace(study.objective, function=replace(study.objective.function, ledger=Ledger(tmp_path / "runs"))),
    )
    assert broken.key == study.key
    delays = np.random.default_rng(kills).uniform(0.0, 0.5, kills) * seconds / len(table)  # less than a training takes
    alive, met = kill_and_resume(start, broken, tmp_path, delays.tolist())
    assert alive == kills and met >= 1
    resumed = trials_table(broken.open())
    assert resumed["interrupted"].sum() == met and table["run"].str.len().eq(32).all()
    pd.testing.assert_frame_equal(outcome(resumed), outcome(table))
    if name == "several":
        measures = list(study.objective.directions)
        assert pareto_front(broken.open(), measures).equals(pareto_front(study.open(), measures))
    else:
        assert best_trial(broken.open()).params == best_trial(study.open()).params


@pytest.mark.parametrize("name", ["one", "several"])
def test_every_second_is_accounted_for(name, straight):
    _, _, table, wall = straight[name]
    assert table[SECONDS].sum().sum() == pytest.approx(wall, rel=0.02, abs=0.3)
    assert (table[SECONDS] >= 0).all(axis=None) and (table["training seconds"] > 0).all()


def blind(folder: Path, experiment) -> None:
    "Assert that no run of a ledger knows a test item."
    found, hidden = Ledger(folder / "runs").runs(), set(experiment.split.test)
    assert found and hidden
    for run in found:
        assert set(run.predictions["part"]) == {"validation"} and not set(run.predictions["id"]) & hidden
        split = run.experiment["split"]
        assert split["test"] == [] and not (set(split["train"]) | set(split["validation"])) & hidden


def test_no_run_of_a_search_knows_a_test_item(straight, tones):
    for _, folder, table, _ in straight.values():
        blind(folder, tones[0])
        assert set(table["run"]) == set(runs(folder))


def test_selection_looks_at_the_validation_score_only(straight, tones):
    study, folder, table, _ = straight["one"]
    complete = table[table["state"] == "complete"]
    chosen = winner(study.open(), tones[0])
    best = complete[complete[MEASURE] == complete[MEASURE].max()].iloc[0]
    assert {(one.recipe.learning_rate, one.options["units"]) for one in chosen} == {(best["learning_rate"], best["units"])}
    predictions = Ledger(folder / "runs").get(best["run"]).predictions
    recalls = (predictions["label"] == predictions["predicted"]).groupby(predictions["label"]).mean()
    assert recalls.mean() == pytest.approx(best[MEASURE], abs=1e-6)
    assert all(one.split.test == tones[0].split.test for one in chosen) and len({one.key for one in chosen} | set(table["run"])) == 3 + table["run"].nunique()


# Engines under equal minutes


def made_search(ends, scores, *, seed=None, states=None, saved=None, sampler=0.6, direction="maximize"):
    "A search whose trials ended after so many minutes with these scores, each after so many seconds of choosing."
    with quiet():
        study, last = optuna.create_study(direction=direction), 0.0
    if seed is not None:
        study.set_user_attr("engine", {"sampler": "made", "seed": seed})
    for i, (end, score) in enumerate(zip(ends, scores)):
        seconds = {"sampler": sampler, "training": 60 * (end - last) - sampler, "evaluation": 0.0, "idle": 0.0}
        facts = {"seconds": seconds, "minutes": end, "workers": 1, **({"saved": saved[i]} if saved else {})}
        state = states[i] if states else TrialState.COMPLETE
        study.add_trial(optuna.create_trial(state=state, value=None if state == TrialState.FAIL else score, user_attrs=facts))
        last = end
    return study


def random_searches(rng, count, mean=0.5, spread=0.1, seeds=True):
    "Searches of six trials, whose ends and scores are drawn."
    return [
        made_search(np.cumsum(rng.uniform(0.5, 1.5, 6)).tolist(), rng.normal(mean, spread, 6).tolist(), seed=seed if seeds else None)
        for seed in range(count)
    ]


def test_minutes_are_equal_whatever_a_search_did_afterwards():
    rng = np.random.default_rng(0)
    for study in random_searches(rng, 30):
        ends, scores = (np.array([facts(t) for t in study.trials]) for facts in (lambda t: t.user_attrs["minutes"], lambda t: t.value))
        for minutes in rng.uniform(0.2, 8, 5):
            row = engines_at({"made": [study]}, minutes, floor=0.4).iloc[0]
            done = scores[ends <= minutes]
            assert row["trials"] == len(done)
            assert row["best"] == done.max() if len(done) else np.isnan(row["best"])
            moments = (np.arange(20000) + 0.5) * minutes / 20000  # the area by brute force
            heights = [max([0.4, *scores[ends <= moment]]) for moment in moments[::20]]
            assert row["area"] == pytest.approx(np.mean(heights), abs=2e-3)
        cut = made_search(ends[:3].tolist(), scores[:3].tolist(), seed=0)  # had it been stopped there, nothing would be different
        before = (ends[2] + ends[3]) / 2
        columns = ["trials", "best", "area"]
        assert engines_at({"a": [study]}, before, floor=0.4)[columns].equals(engines_at({"a": [cut]}, before, floor=0.4)[columns])


def test_pruned_failed_and_replayed_trials_cost_time_and_find_nothing():
    states = [TrialState.PRUNED, TrialState.FAIL, TrialState.COMPLETE]
    study = made_search([1, 2, 3], [0.9, 0.8, 0.6], states=states)
    assert engines_at({"a": [study]}, 2.5).loc[0, ["trials", "best"]].tolist() == [2, pytest.approx(np.nan, nan_ok=True)]
    assert engines_at({"a": [study]}, 3).loc[0, "best"] == 0.6
    replayed = made_search([1, 2], [0.5, 0.7], saved=[60.0, 60.0])  # another engine had paid for both
    assert anytime(replayed)["minutes"].tolist() == [2, 4]
    assert engines_at({"a": [replayed]}, 3).loc[0, ["trials", "best"]].tolist() == [1, 0.5]
    assert compare_engines({"a": [replayed]}, 3).loc["a", "seconds a trial"] == 120


def test_a_search_without_a_result_counts_and_does_not_crash():
    rng = np.random.default_rng(1)
    late, never = made_search([9], [0.99], seed=0), optuna.create_study(direction="maximize")
    engines = {"late": [late, never], "soon": random_searches(rng, 2)}
    table = compare_engines(engines, 5, floor=0.25)
    assert table.loc["late", ["without a result", "area", "trials"]].tolist() == [2, 0.25, 0] and np.isnan(table.loc["late", "best"])
    assert table.loc["late", "trials per minute"] == pytest.approx(1 / 9) and table.loc["soon", "without a result"] == 0
    apart = separate_engines(engines, 5, floor=0.25)
    assert apart.index.tolist() == ["late"] and apart["estimate"].item() == 0.25 and apart["reference"].item() == "soon"
    assert separate_engines(engines, 5)["estimate"].item() == engines_at(engines, 5)["best"].min()
    assert compare_engines({"never": [never], "soon": engines["soon"]}, 5).loc["never", "searches"] == 1
    band = anytime_band([late, never], floor=0.25)
    assert band["low"].eq(0.25).all() and band["high"].iloc[-1] == 0.99


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_lower_is_better_where_that_is_wanted(direction):
    rng, sign = np.random.default_rng(2), 1 if direction == "maximize" else -1
    engines = {
        engine: [made_search([1, 2, 3], (sign * rng.normal(mean, 0.01, 3)).tolist(), seed=seed, direction=direction) for seed in range(8)]
        for engine, mean in (("worse", 0.3), ("better", 0.6))
    }
    apart = separate_engines(engines, 3).iloc[0]
    assert apart["reference"] == "better" and apart.name == "worse" and apart["difference"] > 0 and apart["separable"]
    table = compare_engines(engines, 3, floor=0.0 if sign > 0 else 1.0)
    assert (sign * table["best"]).idxmax() == "better" and sign * (table["best"] - table["area"]).min() > 0


@pytest.mark.parametrize("count", [3, 4, 5, 6, 7, 8])
def test_p_values_are_exact(count):
    "Against every way to deal the scores, gone through by hand, and against Wilcoxon's and Mann and Whitney's tests where all ranks agree."
    rng = np.random.default_rng(count)
    engines = {"a": random_searches(rng, count, 0.5), "b": random_searches(rng, count, 0.56)}
    scores = engines_at(engines, 4, floor=0.0)["best"].fillna(0).to_numpy().reshape(2, count)
    gap, slack = abs(scores[0].mean() - scores[1].mean()), 1e-12
    flips = np.array(list(itertools.product((1, -1), repeat=count))) @ (scores[0] - scores[1]) / count
    assert separate_engines(engines, 4, floor=0.0)["p"].item() == pytest.approx((np.abs(flips) >= gap - slack).mean())
    total, parts = scores.sum(), [sum(part) for part in itertools.combinations(scores.ravel(), count)]
    dealt = np.abs(2 * np.array(parts) - total) / count
    assert separate_engines(engines, 4, floor=0.0, paired=False)["p"].item() == pytest.approx((dealt >= gap - slack).mean())
    apart = {"a": [made_search([1], [0.1 + 0.01 * s], seed=s) for s in range(count)], "b": [made_search([1], [0.9 - 0.01 * s**2], seed=s) for s in range(count)]}
    low, high = (engines_at({"x": apart[name]}, 1)["best"].to_numpy() for name in "ab")
    assert separate_engines(apart, 1)["p"].item() == smallest_p(count) == pytest.approx(stats.wilcoxon(low, high, method="exact").pvalue)
    unpaired = separate_engines(apart, 1, paired=False)["p"].item()
    assert unpaired == pytest.approx(smallest_p(count, paired=False)) == stats.mannwhitneyu(low, high, method="exact").pvalue


@pytest.mark.parametrize("paired", [True, False])
def test_too_few_searches_never_have_a_winner(paired):
    "However far apart four engines are: one search fewer than needed separates nothing, and as many as needed do."
    needed = searches_needed(4, paired=paired)
    for count in range(1, needed + 1):
        engines = {name: [made_search([1], [rank + 0.01 * seed], seed=seed) for seed in range(count)] for rank, name in enumerate("abcd")}
        apart = separate_engines(engines, 1, paired=paired)
        assert apart["separable"].any() == (count == needed)
        assert engine_verdict(apart).startswith("Winner: d is" if count == needed else "No winner: ")
        assert count == needed or "It takes " + str(needed) in engine_verdict(apart)


def test_engines_that_are_alike_are_seldom_separated():
    rng, found = np.random.default_rng(3), 0
    for _ in range(120):
        engines = {name: [made_search([1], [score], seed=seed) for seed, score in enumerate(rng.normal(0.5, 0.1, 8))] for name in "abcd"}
        found += separate_engines(engines, 1)["separable"].any()
    assert found <= stats.binom.ppf(0.999, 120, 0.05)


def test_holm_allows_for_all_pairs_and_pairing_needs_equal_seeds():
    rng = np.random.default_rng(4)
    engines = {name: random_searches(rng, 5, mean) for name, mean in (("a", 0.4), ("b", 0.5), ("c", 0.6))}
    apart = separate_engines(engines, 5)
    p = np.sort(apart["p"].to_numpy())
    assert sorted(apart["p_holm"]) == pytest.approx(np.minimum(1, np.maximum.accumulate(p * [3, 2, 1])).tolist())
    assert len(apart) == math.comb(3, 2) and apart["paired"].all()
    moved = {**engines, "c": engines["c"][1:] + random_searches(rng, 1)}  # seeds 1 to 4 and 0: the same, in another order
    shuffled = {**engines, "c": engines["c"][::-1]}
    assert separate_engines(moved, 5)["paired"].all()
    pd.testing.assert_frame_equal(separate_engines(shuffled, 5), apart)
    assert not separate_engines({**engines, "c": random_searches(rng, 5, seeds=False)}, 5)["paired"].any()
    with pytest.raises(ValueError, match="need the same seeds"):
        separate_engines({**engines, "c": engines["c"][:4]}, 5, paired=True)


def test_a_real_search_is_cut_within_a_trial(tmp_path):
    "What a search has begun when its time is up, and ends after it, counts for nothing."
    engines = {}
    for engine in ("random", "tpe"):
        study = climb_study(tmp_path, pause=0.02, sampler=engine, n_trials=6, seed=3, name=engine)
        search(study, progress=False)
        engines[engine] = [study.open()]
    ends = {engine: sorted(trial.user_attrs["minutes"] for trial in study.trials) for engine, (study,) in engines.items()}
    for engine in engines:
        limit = (ends[engine][3] + ends[engine][4]) / 2
        found = engines_at(engines, limit, floor=0.0).set_index("engine")
        assert found.loc[engine, "trials"] == 4 and (found["trials"] == [sum(end <= limit for end in one) for one in ends.values()]).all()
        best = max([t.value for t in engines[engine][0].trials if t.user_attrs["minutes"] <= limit and t.state == TrialState.COMPLETE], default=np.nan)
        assert found.loc[engine, "best"] == pytest.approx(best, nan_ok=True) and (found["seed"] == 3).all()
    apart, table = separate_engines(engines, floor=0.0), compare_engines(engines, floor=0.0)
    assert apart["paired"].item() and apart["p"].item() == apart["smallest_p"].item() == 1
    assert (table["seconds a trial"] > 0.02).all() and (table["sampler seconds a trial"] < table["seconds a trial"]).all()


def test_a_front_over_score_latency_and_energy(tones, tmp_path):
    study = training_study(tones[0], tmp_path, tones[1], costs=("latency", "energy"), n_trials=4, sampler="random")
    table = search(study, progress=False)
    measures = [MEASURE, COSTS["latency"], COSTS["energy"]]
    assert list(study.objective.directions) == measures and (table[measures[1:]] > 0).all(axis=None)
    by_units = table.groupby("units")["energy proxy (TFLOP)"]
    assert (by_units.nunique() == 1).all() and by_units.first().is_monotonic_increasing  # the same arithmetic for the same network
    assert set(measures) <= set(pareto_front(study.open(), measures))


# Several workers


def owners(study: Study) -> list:
    "The process that finished each trial."
    return [trial.user_attrs["owner"]["process"] for trial in study.open().trials]


def test_two_workers_share_a_study(tones, tmp_path):
    study = training_study(tones[0], tmp_path, tones[1])
    table = search(study, workers=2, progress=False)
    assert table.index.tolist() == list(range(8)) and table["state"].isin(["complete", "pruned"]).all()
    assert table["interrupted"].sum() == 0 and len(set(owners(study))) == 2
    configurations = table.drop_duplicates(["learning_rate", "units"])
    assert len(configurations) == table["run"].nunique() == len(runs(tmp_path)) == (table["training seconds"] > 0).sum()
    blind(tmp_path, tones[0])


@pytest.mark.fault("kills survived")
def test_killed_worker_says_that_the_study_can_go_on(tmp_path):
    study = climb_study(tmp_path, pause=0.05, n_trials=12)
    deadly = replace(study, objective=climb_study(tmp_path, pause=0.05, deadly=(4, 3)).objective)
    with pytest.raises(RuntimeError, match="was killed.*nothing that was finished is lost: the same command goes on from here"):
        search(deadly, workers=2, progress=False)
    done = finished(study)
    assert 3 <= len(done) < 12 and 4 not in done
    table = search(study, workers=2, progress=False)
    assert len(table) == 12 and table["state"].isin(["complete", "pruned"]).all() and kept(done, finished(study))
    assert table.loc[4, "interrupted"] >= 1 and set(Counter(diary(tmp_path))) == set(range(12))
    again = [number for number, times in Counter(diary(tmp_path)).items() if times > 1]
    assert not set(again) & set(done) and set(again) <= set(table.index[table["interrupted"] > 0])


@pytest.mark.fault("kills survived")
@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)])
def test_workers_end_with_the_command_that_started_them(number, code, start, tmp_path):
    study = Study(Objective(first_only, {"height": "maximize"}), LANDSCAPE, sampler="random", n_trials=9, storage=f"sqlite:///{tmp_path}/studies.db")
    command, opened = start(search_by_command, study, tmp_path / "said"), study.open()
    while command.is_alive() and len(running := opened.get_trials(states=(TrialState.RUNNING,))) + len(finished(study)) < 3:
        time.sleep(0.05)
    assert list(finished(study)) == [0] and [trial.number for trial in running] == [1, 2]
    os.kill(command.pid, number)
    finish(command, code=code)
    until = time.monotonic() + 60  # it takes a second; the trials would take five minutes
    while not (gone := all(storage.is_gone(trial.user_attrs["owner"]) for trial in running)) and time.monotonic() < until:
        time.sleep(0.05)
    assert gone, "a worker lives on"
    assert storage.release_dead(opened) == [1, 2] and list(finished(study)) == [0]
    assert ("finished runs are kept, and the same command goes on from there" in (tmp_path / "said").read_text()) == (number == signal.SIGTERM)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_processes_may_begin_a_new_database_at_the_same_moment(database, start, tmp_path, request):
    place = {"storage": request.getfixturevalue("postgres")("begun")} if database == "postgresql" else {}
    study = climb_study(tmp_path, pause=0.02, sampler="random", **place)
    for process in [start(carry_out, study) for _ in range(3)]:
        finish(process)
    assert trials_table(study.open())["state"].isin(["complete", "pruned"]).all()
    assert sorted(diary(tmp_path)) == list(range(10))


@pytest.fixture(scope="module")
def postgres():
    "A server of PostgreSQL, with a function that gives the URL of a new database."
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL: pip install psycopg[binary]")
    tool = {name: next((str(one / name) for one in reversed(POSTGRES)), shutil.which(name)) for name in ("initdb", "pg_ctl")}
    if None in tool.values():
        pytest.skip("there is no PostgreSQL server here")
    folder, rise = Path(tempfile.mkdtemp(prefix="synesthetic-postgres-")), []
    if os.getuid() == 0:  # which PostgreSQL refuses to run as
        user = next((name for name in ("postgres", "nobody") if name in {one.pw_name for one in pwd.getpwall()}), None)
        if not user or not shutil.which("runuser"):
            pytest.skip("PostgreSQL does not run as root, and there is nobody else to run it as")
        shutil.chown(folder, user)
        rise = ["runuser", "-u", user, "--"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(name: str, *arguments: str) -> None:
        with open(os.devnull, "w") as nowhere:  # the server would keep a pipe open
            done = subprocess.run([*rise, tool[name], *arguments], cwd=folder, stdout=nowhere, stderr=nowhere, timeout=60)
        if done.returncode:
            pytest.skip(f"PostgreSQL cannot be started here: {name} failed")

    data = ("-D", str(folder / "data"))
    try:
        call("initdb", *data, "-A", "trust", "-U", "ada", "--no-sync")
        call("pg_ctl", *data, "-w", "-l", str(folder / "log"), "-o", f"-F -p {port} -k {folder} -h 127.0.0.1", "start")

        def new_database(name: str) -> str:
            url = f"postgresql+psycopg://ada:secret@127.0.0.1:{port}/"
            with sqlalchemy.create_engine(f"{url}postgres", isolation_level="AUTOCOMMIT").connect() as connection:
                connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
            return url + name

        yield new_database
        subprocess.run([*rise, tool["pg_ctl"], *data, "-m", "immediate", "stop"], cwd=folder, capture_output=True, timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_two_machines_share_a_study_on_postgresql(postgres, start, tmp_path):
    study = climb_study(tmp_path, pause=0.03, n_trials=12, storage=postgres("shared"))
    study.open()  # that two may do this at the same moment is a test of its own
    for process in [start(carry_out, study, elsewhere=machine) for machine in ("east", "west")]:
        finish(process)
    trials = study.open().trials
    assert {trial.user_attrs["owner"]["machine"] for trial in trials[:12]} == {"east", "west"}
    table = trials_table(study.open())
    assert len(table) == 12 and table["state"].isin(["complete", "pruned"]).all() and table["interrupted"].sum() == 0
    assert sorted(diary(tmp_path)) == list(range(12))


@pytest.mark.parametrize("elsewhere", ["east", ""])
def test_trial_of_a_killed_machine_is_found_by_the_survivor(elsewhere, postgres, start, tmp_path):
    study = climb_study(tmp_path, pause=0.05, n_trials=8, storage=postgres(f"survived_{elsewhere or 'here'}"))
    killed = start(carry_out, replace(study, objective=climb_study(tmp_path, deadly=(2, 3)).objective), elsewhere=elsewhere)
    killed.join()
    assert killed.exitcode == -signal.SIGKILL and len(finished(study)) == 2
    finish(start(carry_out, study, elsewhere="west" if elsewhere else ""))  # of a process on this machine the system knows
    states = trials_table(study.open())["state"]
    assert states[2] == "running" if elsewhere else states.isin(["complete", "pruned"]).all()
    time.sleep(0.5)
    finish(start(carry_out, study, elsewhere="west" if elsewhere else "", grace=0.5))
    table = trials_table(study.open())
    assert table["state"].isin(["complete", "pruned"]).all() and table["interrupted"].tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert Counter(diary(tmp_path)) == {**dict.fromkeys(range(8), 1), 2: 2}


# Bad input

LINE = {"x": FloatDistribution(0.0, 1.0)}


class Answers:
    "What a careless function may give, one answer an attempt."

    description = {"a": "list of answers"}
    __name__ = "answers"

    def __init__(self, *answers):
        self.answers = answers

    def __call__(self, attempt):
        answer = self.answers[attempt.number]
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_answers_that_are_no_score_fail_and_the_study_lives(tmp_path):
    answers = {
        0.5: "", None: "gave None", "high": "gave 'high'", (0.1, 0.2): r"gave \(0.1, 0.2\)", (): r"gave \(\)", float("-inf"): "gave -inf",
        float("nan"): "gave nan", 1j: "gave 1j", MemoryError("no more"): "MemoryError: no more", "x" * 10**5: "gave 'xxx", 0.25: "",
    }
    study = Study(Objective(Answers(*answers), {"height": "minimize"}), LINE, n_trials=len(answers), storage=f"sqlite:///{tmp_path}/s.db")
    table = search(study, progress=False)
    for (_, row), message in zip(table.iterrows(), answers.values()):
        assert row["state"] == ("failed" if message else "complete") and pd.Series(row["error"]).str.contains(message).all(), row
    assert best_trial(study.open()).value == 0.25 and table[SECONDS].notna().all(axis=None)


def test_wrong_number_of_values_fails_with_several_objectives(tmp_path):
    answers = [0.5, (0.5, 1.0), (0.5, 1.0, 2.0), (0.5, float("nan")), (0.6, None)]
    objective = Objective(Answers(*answers), {"score": "maximize", "size": "minimize"})
    study = Study(objective, LINE, n_trials=5, n_startup=2, storage=f"sqlite:///{tmp_path}/s.db")
    assert search(study, progress=False)["state"].tolist() == ["failed", "complete", "failed", "failed", "failed"]
    assert pareto_front(study.open(), ["score", "size"])["size"].tolist() == [1.0]


@pytest.mark.parametrize("settings, message", [
    ({"options": {"acquisition": "UCB"}}, "unknown acquisition function 'UCB'"),
    ({"sampler": "grid", "options": {"levels": {"y": 2}}}, "divides 'y'"),
    ({"sampler": "tpe", "options": {"acquisition": "EI"}}, "acquisition"),
    ({"sampler": "random", "options": {"levels": {"x": 2}}}, "levels"),
    ({"seed": -1}, "seed"),
    ({"n_startup": 0}, "n_startup must be a whole number of at least 1"),
    ({"pruner": "asha"}, "unknown pruner 'asha'"),
])
def test_declaration_that_cannot_work_is_refused_where_it_is_made(settings, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Study(Objective(Answers(), {"height": "minimize"}), LINE, **settings)


@pytest.mark.parametrize("url", [
    "postgresql+psycopg://ada:secret@127.0.0.1:1/studies", "postgresql+psycopg://ada:secret@127.0.0.1:port/studies",
    "postgresql+psycopg:/ada:secret@127.0.0.1/studies", "ada:secret@127.0.0.1/studies",
    "postgresql+psycopg://127.0.0.1:1/studies?user=ada&password=secret",
])
def test_storage_out_of_reach_is_named_without_its_password(url):
    study = Study(Objective(Answers(0.5), {"height": "minimize"}), LINE, storage=url)
    with pytest.raises(ConnectionError, match="cannot open the studies at") as caught:
        search(study, progress=False)
    assert "secret" not in str(caught.value)


def test_damaged_database_is_named_and_left_as_it_is(tmp_path):
    study, file = climb_study(tmp_path, sampler="random"), tmp_path / "studies.db"
    search(study, progress=False)
    content = file.read_bytes()
    for damaged in (b"", content[:100] + b"\0" * (len(content) - 100), content[:len(content) // 2]):
        file.write_bytes(damaged)
        if not damaged:  # an empty file is a new database
            assert len(search(study, progress=False)) == 10
            continue
        with pytest.raises(ConnectionError, match="cannot open the studies at .*studies.db: (file|database disk image)"):
            search(study, progress=False)
        assert file.read_bytes() == damaged


def test_workers_that_cannot_be(tmp_path):
    with pytest.raises(ValueError, match="workers must be at least 1, not 0"):
        search(climb_study(tmp_path), workers=0, progress=False)
