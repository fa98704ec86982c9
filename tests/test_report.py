"""The week-4 report from end to end on a small corpus: papermill alone, the command line, a kill, and a second run."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pandas as pd
import psutil
import pytest

import warm
from conftest import ROOT

COMMAND = Path(sys.executable).with_name("synesthetic")
SMALL = {"architectures": "ann,cnn", "folds": 2, "epochs": 1, "phrases": 1, "tuned": "ann", "n_trials": 5, "tuned_epochs": 2, "tuned_seeds": 1, "gan_steps": 2}
SETTINGS = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]


def report(workplace: dict, out: Path, *more: str) -> subprocess.CompletedProcess:
    "The command line's report, as small as it gets."
    return warm.synesthetic("report", "04", "--out", out, *SETTINGS, *more, env=workplace)


def keys(workplace: dict) -> dict[str, float]:
    "The finished runs and when each was finished."
    folders = Path(workplace["SYNESTHETIC_RUNS"]).glob("[0-9a-f]*")
    return {folder.name: (folder / "record.json").stat().st_mtime for folder in folders}


@pytest.fixture(scope="module")
def finished(workplace, tmp_path_factory) -> Path:
    "A report that was killed with SIGKILL once a run was finished, and then asked for again."
    out = tmp_path_factory.mktemp("report")
    process = subprocess.Popen(
        [COMMAND, "report", "04", "--out", str(out), *SETTINGS], env=workplace, cwd=ROOT, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )
    deadline = time.monotonic() + 900
    while not keys(workplace) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    family = psutil.Process(process.pid).children(recursive=True)  # its kernel, and the workers of that
    os.killpg(process.pid, signal.SIGKILL)
    psutil.wait_procs([process, *family], timeout=120)
    assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE], "it left a process behind"
    before = keys(workplace)
    assert before and not (out / "week_04.html").exists()
    again = report(workplace, out)
    assert again.returncode == 0, again.stderr[-3000:]
    after = keys(workplace)
    assert {key: after[key] for key in before} == before, "a finished run was done again"
    return out


@pytest.mark.fault("kills survived")
def test_report_leaves_what_it_promises(finished):
    for name in ("week_04.ipynb", "week_04.html", "numbers.json", "tables/comparison.csv", "figures/comparison.png"):
        assert (finished / name).stat().st_size > 0, name
    table = pd.read_csv(finished / "tables/comparison.csv", index_col=0)
    assert {"svm", "ann", "cnn", "(chance)", "(majority class)"} == set(table.index)
    assert (table["mark"] == "text-dependent").all()


def test_every_number_has_its_runs(finished, workplace):
    report = json.loads((finished / "numbers.json").read_text())
    assert report["corpora"]["embedded"]["fingerprint"] and report["parameters"]["epochs"] == 1 and report["mark"] == "text-dependent"
    known = set(keys(workplace))
    for name, number in report["numbers"].items():
        assert (number["runs"] or number["corpus"] in report["corpora"]) and set(number["runs"]) <= known, name


def test_numbers_follow_from_the_runs(finished, workplace):
    from sklearn.metrics import recall_score

    from synesthetic.training.ledger import Ledger, gather_predictions

    number = json.loads((finished / "numbers.json").read_text())["numbers"]["cnn.uar"]
    ledger = Ledger(workplace["SYNESTHETIC_RUNS"])
    answers = gather_predictions([ledger.get(key) for key in number["runs"]])
    assert recall_score(answers["label"], answers["predicted"], average="macro") == pytest.approx(number["value"])


def test_tuning_is_in_the_report(finished):
    trials = pd.read_csv(finished / "tables/trials.csv", index_col=0)
    assert len(trials) == 5 and trials["state"].isin(["complete", "pruned"]).all() and (trials["mark"] == "text-dependent").all()
    numbers = json.loads((finished / "numbers.json").read_text())["numbers"]
    difference = numbers["tuning.points"]
    assert difference["value"] == pytest.approx(100 * (numbers["tuned.uar"]["value"] - numbers["untuned.uar"]["value"]))
    assert difference["low"] <= difference["value"] <= difference["high"] and len(difference["runs"]) == 2
    page = (finished / "week_04.html").read_text()
    assert ("cannot be told apart" in page) == (difference["low"] <= 0 <= difference["high"])
    for figure in ("search", "search_slices", "search_surrogate", "tuned_learning_curves", "tuned_confusion", "tuned_and_untuned"):
        assert (finished / f"figures/{figure}.png").stat().st_size > 0


def test_page_stands_alone(finished):
    page = (finished / "week_04.html").read_text()
    assert "Synthetic music stands in for recordings here" in page
    assert 'src="http' not in page and "<audio" in page and "text-dependent" in page


def test_executed_notebook_is_tidy(finished):
    notebook = nbformat.read(finished / "week_04.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert outputs and not any(o.output_type == "stream" and o.name == "stderr" for o in outputs)


def test_second_report_trains_nothing(finished, workplace):
    before, numbers = keys(workplace), json.loads((finished / "numbers.json").read_text())["numbers"]
    assert report(workplace, finished).returncode == 0
    assert keys(workplace) == before
    assert json.loads((finished / "numbers.json").read_text())["numbers"] == numbers


def test_papermill_alone(finished, workplace, tmp_path):
    small = [word for name, value in {**SMALL, "out": tmp_path}.items() for word in ("-p", name, str(value))]
    call = [sys.executable, "-m", "papermill", "nbs/reports/week_04.ipynb", str(tmp_path / "out.ipynb"), *small]
    run = subprocess.run(call, env=workplace, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    assert (tmp_path / "numbers.json").exists() and (tmp_path / "out.ipynb").exists()


BAD_PARAMETERS = [
    (["--set", "epoch=3"], "week_04 has no parameter 'epoch'; did you mean 'epochs'?"),
    (["--set", "seeds=many"], "seeds must be of type int, not 'many'"),
    (["--corpus", "ravdes"], "unknown corpus 'ravdes'; known are embedded, ravdess, emodb"),
    (["--corpus", "ravdess", "--data", "/no/such/folder"], "ravdess is not at /no/such/folder. To get it: download"),
    (["--profile", "fast"], "unknown profile 'fast'"),
    (["--set", "classes=happy,joyful"], "joyful"),
    (["--set", "policy=random"], "choose speaker, text or speaker+text"),
    (["--data", "/somewhere"], "embedded is made by the package and reads no folder"),
    (["--set", "classes=happy"], "single class 'happy'"),
    (["--set", "policy=speakers"], "unknown split policy 'speakers'"),
    (["--set", "allow_leakage="], "test and training share"),
    (["--set", "sampler=bayes"], "unknown engine 'bayes'; known are gp, tpe, random, grid"),
    (["--set", "pruner=mean"], "unknown pruner 'mean'"),
    (["--set", "tuned=vgg"], "unknown architecture 'vgg'"),
]


@pytest.fixture(scope="module")
def refused(workplace, tmp_path_factory) -> dict[str, subprocess.CompletedProcess]:
    "All the bad calls, two at a time: most of each is the start of a kernel."
    with ThreadPoolExecutor(2) as pool:
        folders = [tmp_path_factory.mktemp("refused") for _ in BAD_PARAMETERS]
        runs = pool.map(lambda case, folder: report(workplace, folder, *case[0]), BAD_PARAMETERS, folders)
        return {message: run for (_, message), run in zip(BAD_PARAMETERS, runs)}


@pytest.mark.fault("bad inputs tried")
@pytest.mark.parametrize("message", [message for _, message in BAD_PARAMETERS])
def test_bad_parameters_are_said_in_a_line(refused, message):
    run = refused[message]
    assert run.returncode == 1
    last = [line for line in run.stderr.splitlines() if line.startswith("synesthetic: ")]
    assert last and message in run.stderr, run.stderr[-2000:]
    assert "Traceback" not in run.stderr


@pytest.fixture(scope="module")
def copied(finished, workplace, tmp_path_factory) -> Path:
    "A copy of the finished report, to be tampered with."
    folder = tmp_path_factory.mktemp("copied") / "report"
    shutil.copytree(finished, folder)
    return folder


def verify(workplace: dict, folder: Path) -> subprocess.CompletedProcess:
    "The command line's verification."
    return warm.synesthetic("reports", "verify", folder, env=workplace)


def test_report_can_be_verified(copied, workplace):
    before, kept = keys(workplace), (copied / "numbers.json").read_bytes()
    found = verify(workplace, copied)
    assert found.returncode == 0 and found.stdout.startswith("ok"), found.stdout + found.stderr[-2000:]
    assert keys(workplace) == before and (copied / "numbers.json").read_bytes() == kept


def test_an_edited_number_is_drift(copied, workplace):
    stated = json.loads((copied / "numbers.json").read_text())
    stated["numbers"]["cnn.uar"]["value"] += 0.001
    (copied / "numbers.json").write_text(json.dumps(stated))
    found = verify(workplace, copied)
    assert found.returncode == 1 and "DRIFT" in found.stdout and "cnn.uar" in found.stdout


@pytest.mark.fault("damaged files noticed")
def test_edited_predictions_are_noticed(copied, workplace):
    key = json.loads((copied / "numbers.json").read_text())["numbers"]["cnn.uar"]["runs"][0]
    file = Path(workplace["SYNESTHETIC_RUNS"], key, "predictions.parquet")
    kept = file.read_bytes()
    table = pd.read_parquet(file)
    table.assign(predicted=table["label"]).to_parquet(file, index=False)
    found, runs = verify(workplace, copied), warm.synesthetic("runs", "verify", env=workplace)
    file.write_bytes(kept)
    assert found.returncode == 1 and "was altered after it was finished: predictions.parquet" in found.stdout
    assert runs.returncode == 1 and f"{key} cnn" in runs.stdout and "predictions.parquet was altered" in runs.stdout


def test_missing_runs_are_not_made_in_silence(copied, workplace, tmp_path):
    found = verify({**workplace, "SYNESTHETIC_RUNS": str(tmp_path / "elsewhere")}, copied)
    assert found.returncode == 1 and "runs are not in the ledger" in found.stdout and not (tmp_path / "elsewhere").exists()


def test_week_one(workplace, tmp_path):
    settings = ("--corpus", "embedded,embedded-paintings", "--set", "planted=2", "--set", "folds=2")
    run = warm.synesthetic("report", "01", "--out", tmp_path, *settings, env=workplace)
    assert run.returncode == 0, run.stderr[-3000:]
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    assert set(numbers["corpora"]) == {"embedded", "embedded-paintings"}
    assert numbers["numbers"]["embedded.random.leak_in_points"]["runs"] and numbers["numbers"]["embedded.near_pairs"]["value"] == 0
    assert numbers["numbers"]["embedded.planted_recall"]["value"] == 1
    claims = pd.read_csv(tmp_path / "tables/claims.csv")
    assert claims["source"].nunique() == 5 and claims["verdict"].notna().all()
    page = (tmp_path / "week_01.html").read_text()
    assert "Synthetic paintings stand in for works of art" in page and "<audio" in page and 'src="http' not in page
