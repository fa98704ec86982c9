"""Processes that begin with everything heavy imported: a fork of one that has done so takes a moment instead of eight seconds."""
import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

TESTS = Path(__file__).parent
PRELOADED = ["pytest", "nbdev.test", "librosa.feature", "fault_work", "tuning_study", "synesthetic.cli", "synesthetic.reporting.site", "synesthetic.models.pretrained_speech"]


def start(function: Callable, *arguments, **settings) -> multiprocessing.Process:
    "Start a function of a module in this folder in a process of its own."
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("MPLBACKEND", "agg")
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(TESTS), str(TESTS.parent)])  # of the server, which the first call starts
    try:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        process = context.Process(target=function, args=arguments, kwargs=settings)
        process.start()
    finally:
        os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)
    return process


def _speak_to(out: Path, err: Path) -> None:
    "Let what this process says go to files."
    for number, path in ((1, out), (2, err)):
        with open(path, "a", encoding="utf-8") as stream:
            os.dup2(stream.fileno(), number)


def run_notebook(notebook: Path, log: Path) -> None:
    "Run a notebook from top to bottom, as `nbdev_test` does; what it says goes to a file."
    _speak_to(log, log)
    os.environ.pop("SYNESTHETIC_DATA", None)  # a notebook brings what it needs
    os.chdir(TESTS.parent)
    from nbdev.test import nbdev_test

    try:
        nbdev_test(path=str(notebook), n_workers=0, do_print=True)
    finally:
        atexit._run_exitfuncs()  # a fork runs none, and joblib's idle workers would be waited for


def run_command(words: tuple[str, ...], environment: dict[str, str], folder: Path, out: Path, err: Path) -> None:
    "Be the command line."
    _speak_to(out, err)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["synesthetic", *words]
    from synesthetic.cli import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()


def synesthetic(*words: object, env: Mapping[str, str], cwd: Path = TESTS.parent) -> subprocess.CompletedProcess:
    "Type a command of the package: how it ends, and what it says."
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("out", "err")]
        process = start(run_command, tuple(map(str, words)), dict(env), cwd, *files)
        process.join()
        return subprocess.CompletedProcess(words, process.exitcode, *(file.read_text(encoding="utf-8") for file in files))
