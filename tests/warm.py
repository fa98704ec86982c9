"""Processes that begin with everything heavy imported: a fork of one that has done so takes a moment instead of eight seconds."""
import atexit
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Connection, Listener, wait
from pathlib import Path
from threading import Lock, Thread

TESTS = Path(__file__).parent
PRELOADED = [
    "pytest", "nbdev.test", "ipykernel.kernelapp", "librosa.feature", "fault_work", "tuning_study", "synesthetic.cli", "synesthetic.reporting.site",
    "synesthetic.reporting.atelier", "synesthetic.models.pretrained_speech", "synesthetic.tuning.effort",
    "optuna.storages._rdb.models", "alembic.command", "freeze",
]
STARTING = Lock()


def start(function: Callable, *arguments, **settings) -> multiprocessing.Process:
    "Start a function of a module in this folder in a process of its own."
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("MPLBACKEND", "agg")
    with STARTING:
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


def _leave() -> None:
    "Do at the end what other processes do by themselves, and a fork does not; joblib's idle workers would be waited for, up to five minutes."
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor(reuse=True).shutdown(kill_workers=True)
    atexit._run_exitfuncs()


def run_notebook(notebook: Path, log: Path) -> None:
    "Run a notebook from top to bottom, as `nbdev_test` does; what it says goes to a file."
    _speak_to(log, log)
    os.environ.pop("SYNESTHETIC_DATA", None)  # a notebook brings what it needs
    os.chdir(TESTS.parent)
    import nbdev
    from nbdev.test import nbdev_test

    nbdev.nbdev_export = lambda: None  # the last cell of each: all of it is exported once, in test_package.py
    try:
        nbdev_test(path=str(notebook), n_workers=0, do_print=True)
    finally:
        _leave()


def _be(program: Callable, words: list[str], environment: Mapping[str, str], folder: str | Path, out: Path, err: Path) -> None:
    "Be a program: with its words, environment and folder, and files for what it says."
    _speak_to(out, err)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = words
    try:
        program()
    finally:
        _leave()


def run_kernel(arguments: list[str], environment: dict[str, str], folder: str) -> None:
    "Be a Jupyter kernel."
    from ipykernel.kernelapp import launch_new_instance

    environment.pop("JPY_PARENT_PID", None)  # its parent is another: `_kernel` looks after it
    _be(launch_new_instance, ["ipykernel_launcher", *arguments], environment, folder, Path(os.devnull), Path(os.devnull))


def _kernel(asked: Connection) -> None:
    "Start a kernel, and end it if whoever asked for it is gone."
    process = start(run_kernel, *asked.recv())
    if process.sentinel in wait([asked, process.sentinel]):
        process.join()
        asked.send(process.exitcode)
    process.kill()
    process.join()
    asked.close()


def _serve(listener: Listener) -> None:
    "Start a kernel for everyone who asks, until the listener is closed."
    with suppress(OSError):
        while True:
            Thread(target=_kernel, args=(listener.accept(),), daemon=True).start()


@cache
def kernels() -> str:
    "Let kernels be forks too: the folder that Jupyter has to be told of, in JUPYTER_PATH."
    folder = tempfile.TemporaryDirectory()
    listener, spec = Listener(f"{folder.name}/socket", family="AF_UNIX"), Path(folder.name, "kernels", "python3", "kernel.json")
    atexit.register(folder.cleanup)
    atexit.register(listener.close)
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, str(TESTS / "warm_kernel.py"), listener.address, "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}), encoding="utf-8")
    Thread(target=_serve, args=(listener,), daemon=True).start()
    return folder.name


def run_command(words: tuple[str, ...], environment: dict[str, str], folder: Path, out: Path, err: Path) -> None:
    "Be the command line."
    from synesthetic.cli import main

    _be(main, ["synesthetic", *words], environment, folder, out, err)


def synesthetic(*words: object, env: Mapping[str, str], cwd: Path = TESTS.parent) -> subprocess.CompletedProcess:
    "Type a command of the package: how it ends, and what it says."
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("out", "err")]
        process = start(run_command, tuple(map(str, words)), {**env, "JUPYTER_PATH": kernels()}, cwd, *files)
        process.join()
        return subprocess.CompletedProcess(words, process.exitcode, *(file.read_text(encoding="utf-8") for file in files))
