"""Processes that begin with everything heavy imported: a fork of one that has done so takes a moment instead of eight seconds."""
import multiprocessing
import os
from collections.abc import Callable
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


def run_notebook(notebook: Path, log: Path) -> None:
    "Run a notebook from top to bottom, as `nbdev_test` does; what it says goes to a file."
    with open(log, "w", encoding="utf-8") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    os.environ.pop("SYNESTHETIC_DATA", None)  # a notebook brings what it needs
    os.chdir(TESTS.parent)
    from nbdev.test import nbdev_test

    nbdev_test(path=str(notebook), n_workers=0, do_print=True)
