"""The wheel, used from another folder: what it holds, and that import, audit, training and the command line need nothing of the checkout."""
import json
import os
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from conftest import ROOT
from synesthetic import __version__

SOURCES = ("synesthetic", "data/published", "data/taxonomies", "nbs/reports")
FILES = ("setup.py", "settings.ini", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")
# One process, because TensorFlow takes its time to load. It prints what it found as JSON.
PROGRAM = """
import contextlib, io, json, sys
from pathlib import Path

import synesthetic as sy

found = {"package": sy.__file__}
from synesthetic.corpora.taxonomy import taxonomy_names
from synesthetic.evaluation.claims import SOURCES, published
from synesthetic.foundation import data_folder, package_checkout, runs_folder
from synesthetic.reporting.report import report_folder, template
from synesthetic.training.ledger import current_commit, package_versions

found["checkout"] = package_checkout()
found["templates"] = [str(template(str(week))) for week in range(1, 7)]
found["taxonomies"] = taxonomy_names()
found["published"] = [len(published(source)) for source in SOURCES]
found["folders"] = [str(folder) for folder in (data_folder(), runs_folder(), report_folder("week_04", "embedded"))]
found["commit"], found["version"] = current_commit(), package_versions(["synesthetic"])

corpus = sy.load_corpus("embedded", performers=4, phrases=1, duration=1.0)
split = sy.make_splits(corpus, "speaker", folds=2)[0]
found["leaks"] = sy.audit_split(corpus, split).leaks
run = sy.run_experiment(sy.Experiment(corpus, split, sy.LogMel(), sy.build_ann, sy.Recipe(epochs=1), allow_leakage=("text",)))
found["run"], found["answers"] = str(run.folder), len(run.predictions)

def command(*words):
    sys.argv, said = ["synesthetic", *words], io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            from synesthetic.cli import main
            main()
        except SystemExit as end:
            return [end.code, said.getvalue()]

calls = {"claims": ["claims"], "corpora": ["corpora"], "version": ["--version"], "verify": ["runs", "verify"], "index": ["reports", "index"],
         "reports": ["reports", "verify"], "paint": ["paint", "--help"], "tune": ["tune", "--help"]}
found["said"] = {name: command(*words) for name, words in calls.items()}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    "A wheel, built from an sdist as `python -m build` does, out of a copy that no other test sees."
    folder = tmp_path_factory.mktemp("build")
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / "source")
    (folder / "source" / "commit.txt").write_text("c0ffee")  # as an sdist has it, where there is no git
    call = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), str(folder / "source")]
    built = subprocess.run(call, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    return next((folder / "dist").glob("*.whl"))


def test_wheel_holds_what_it_needs_and_no_more(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    shipped = {name.partition("shipped/")[2] for name in names if "shipped/" in name}
    beside = {str(path.relative_to(ROOT)) for pattern in ("data/*/*.csv", "nbs/reports/week_*.ipynb") for path in ROOT.glob(pattern)}
    assert shipped == beside | {"commit.txt"}
    assert {name.split("/")[0] for name in names} == {"synesthetic", f"synesthetic-{__version__}.dist-info"}
    assert not [name for name in names if any(word in name for word in ("test_", "/runs/", "numbers.json", "__pycache__"))]
    assert wheel.stat().st_size < 2**20


def test_wheel_says_what_it_is(wheel):
    archive = zipfile.ZipFile(wheel)
    about = Parser().parsestr(archive.read(f"synesthetic-{__version__}.dist-info/METADATA").decode())
    assert about["License-Expression"] == "Apache-2.0" and about["Requires-Python"] == ">=3.11,<3.14"
    assert {"lab", "faiss", "opensmile", "postgres", "dev"} == set(about.get_all("Provides-Extra"))
    wanted = [line for line in about.get_all("Requires-Dist") if 'extra == "dev"' in line]
    assert any(line.startswith("jupyterlab") for line in wanted) and not any(line.startswith("opensmile") for line in wanted)
    assert about.get_payload().lstrip().startswith("# synesthetic")


@pytest.fixture(scope="module")
def used(wheel, workplace, tmp_path_factory) -> dict:
    "What an installed wheel finds and does in an empty folder; `target` is where it lies, `here` the folder."
    target, here = tmp_path_factory.mktemp("target"), tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)], check=True)
    kept = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place and Path(place).resolve() != ROOT]
    places = {"PYTHONPATH": os.pathsep.join([str(target), *kept]), "SYNESTHETIC_CACHE": workplace["SYNESTHETIC_CACHE"]}
    environment = {name: value for name, value in workplace.items() if name not in ("SYNESTHETIC_RUNS", "SYNESTHETIC_DATA")}
    call = subprocess.run([sys.executable, "-c", PROGRAM], cwd=here, env={**environment, **places}, capture_output=True, text=True)
    assert call.returncode == 0, call.stderr[-3000:]
    return {**json.loads(call.stdout.splitlines()[-1]), "target": target.resolve(), "here": here.resolve()}


def test_wheel_finds_what_it_ships(used):
    assert Path(used["package"]).is_relative_to(used["target"]) and used["checkout"] is None
    assert all(Path(path).is_relative_to(used["target"] / "synesthetic" / "shipped") for path in used["templates"])
    assert "ravdess" in used["taxonomies"] and len(used["published"]) == 5 and min(used["published"]) > 0
    assert used["commit"] == "c0ffee" and used["version"] == {"synesthetic": __version__}


def test_wheel_audits_and_trains(used):
    assert used["leaks"] == ["text"] and used["answers"] > 0
    assert Path(used["run"]).parent == used["here"] / "runs"


def test_wheel_writes_where_one_works(used):
    assert used["folders"] == [str(used["here"] / name) for name in ("data", "runs", "reports/week_04/embedded")]
    assert {path.name for path in used["here"].iterdir()} <= {"runs", "reports"}
    assert not [path for path in used["target"].rglob("*") if path.name in ("runs", "reports") and path.parent.name != "nbs"]


@pytest.mark.parametrize("name, words", [
    ("claims", "->"), ("corpora", "ravdess"), ("version", f"synesthetic {__version__}"), ("verify", "1 of 1 runs are ok"), ("index", "index.html"),
    ("reports", "there are no finished reports"), ("paint", "--pictures"), ("tune", "--sampler"),
])
def test_wheel_has_its_commands(used, name, words):
    code, said = used["said"][name]
    assert code in ((1,) if name == "reports" else (0, None)) and words in said  # there is none to be verified
