"""A small weekly report made from nothing, and made again when its runs are there. Asserts that both say the same, never time."""
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measuring import Row, seconds_of

ROOT, REPEATS = Path(__file__).parents[2], 2
SMALL = {"architectures": "ann,cnn", "folds": 2, "epochs": 6, "phrases": 1, "tuned": "ann", "n_trials": 6, "tuned_epochs": 4, "tuned_seeds": 1, "gan_steps": 20}


def make_report(folder: Path) -> None:
    "The week-4 report on the embedded corpus, by the command line, with a ledger and a cache of its own."
    places = {"SYNESTHETIC_RUNS": str(folder / "runs"), "SYNESTHETIC_CACHE": str(folder / "cache")}
    settings = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]
    command = [sys.executable, "-c", "from synesthetic.cli import main; main()", "report", "04", "--out", str(folder / "out"), *settings]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **places}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def numbers(folder: Path) -> dict:
    "What the report says."
    return json.loads((folder / "out" / "numbers.json").read_text(encoding="utf-8"))["numbers"]


def bench_report() -> Iterator[Row]:
    "Once from nothing, then again and again."
    with tempfile.TemporaryDirectory() as name:
        folder, again = Path(name), []
        first = seconds_of(lambda: make_report(folder))
        said = numbers(folder)
        for _ in range(REPEATS):
            again.append(seconds_of(lambda: make_report(folder)))
            assert numbers(folder) == said
    settings = ", ".join(f"{name} {value}" for name, value in SMALL.items())
    yield Row("week-4 report made again, runs kept, against from nothing", again, [first], note=f"two starts of processes and TensorFlow included; {settings}")
