"""What every benchmark uses: interleaved timing, a process of its own for what must not be disturbed, and the one table of ratios."""
import json
import multiprocessing
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

HEADER = ("what", "ours", "reference", "ratio", "spread", "unit", "note")
KEY = "Ratio is ours / reference: of s, ms and MB less is better, of GFLOP/s and % more. Spread: the least and greatest ratio of the interleaved repeats."


@dataclass(frozen=True)
class Row:
    "A line of the table: one quantity, measured of us and of a reference in turn."

    what: str  # task, and after a comma what it is held against
    ours: list[float]  # one number a repeat
    reference: list[float]  # likewise, or a single one that is not repeated
    unit: str = "s"
    note: str = ""

    @property
    def ratios(self) -> list[float]:  # of the repeats, each measured side by side
        "Ours by the reference."
        others = self.reference * len(self.ours) if len(self.reference) == 1 else self.reference
        return [ours / other for ours, other in zip(self.ours, others)]

    @property
    def cells(self) -> tuple[str, ...]:  # one for each column of `HEADER`
        "The line as text."
        spread = f"{number(min(self.ratios))} .. {number(max(self.ratios))}" if len(self.ratios) > 1 else "once"
        middle = [number(statistics.median(values)) for values in (self.ours, self.reference, self.ratios)]
        return self.what, *middle, spread, self.unit, self.note


def number(value: float) -> str:
    "Three significant digits, without an exponent."
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) >= 1e-4 else f"{value:.1g}"


def markdown(rows: Iterable[Row]) -> str:
    "The rows as one table, padded so that it can be read in a terminal too."
    lines = [HEADER, *(row.cells for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    "Keep rows for the process that makes the table."
    path.write_text(json.dumps([asdict(row) for row in rows]), encoding="utf-8")


def read_rows(path: Path) -> list[Row]:
    "Read rows that another process has kept."
    return [Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))]


def seconds_of(work: Callable[[], object]) -> float:
    "How long something takes."
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def interleaved(
    cases: Mapping[str, Callable[[], object]],  # what is to be timed
    *,
    repeats: int = 3,
    warm: bool = False,  # do each once before, untimed
) -> dict[str, list[float]]:  # s, one a repeat
    "Time cases in turn, so that whatever disturbs the machine disturbs all of them."
    if warm:
        for case in cases.values():
            case()
    seconds = {name: [] for name in cases}
    for _ in range(repeats):
        for name, case in cases.items():
            seconds[name].append(seconds_of(case))
    return seconds


def apart(work: Callable, *arguments: object) -> object:
    "Call a function of a module in a fresh process, for peaks of memory and what is imported once only."
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def own_memory() -> float:  # MB
    "What this process holds that is not a file's: pages of a file can be dropped and read again."
    info = psutil.Process().memory_info()
    return (info.rss - getattr(info, "shared", 0)) / 1e6


class Peak:
    "Within the block, the most memory of its own that this process holds: `with Peak() as peak: ...; peak.grown`."

    def __enter__(self) -> "Peak":
        self.before, self._done = own_memory(), threading.Event()
        self.most, self._watcher = self.before, threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_) -> None:
        self._done.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._done.wait(0.005):
            self.most = max(self.most, own_memory())

    @property
    def grown(self) -> float:  # MB
        "How far memory rose above what was held at the beginning."
        return self.most - self.before
