"""The table of the benchmarks: ratios are of repeats that stand side by side, and a benchmark that is not there is said."""
import subprocess
import sys
import time

import numpy as np
import pytest

from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "bench"))
from measuring import HEADER, Peak, Row, interleaved, markdown, read_rows, write_rows  # noqa: E402


def test_ratios_are_of_repeats_side_by_side(tmp_path):
    row = Row("a, against b", [2.0, 40.0, 3.0], [1.0, 10.0, 6.0])
    assert row.ratios == [2, 4, 0.5] and row.cells[1:5] == ("3", "6", "2", "0.5 .. 4")
    assert Row("once", [3.0], [6.0]).cells[4] == "once" and Row("one reference", [1.0, 3.0], [2.0]).ratios == [0.5, 1.5]
    write_rows(tmp_path / "rows.json", [row])
    assert read_rows(tmp_path / "rows.json") == [row]
    lines = markdown([row, row]).splitlines()
    assert len(lines) == 4 and len({len(line) for line in lines}) == 1 and all(line.count("|") == len(HEADER) + 1 for line in lines)


def test_cases_are_timed_in_turn():
    order = []
    seconds = interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, repeats=2, warm=True)
    assert order == ["a", "b"] * 3 and [len(times) for times in seconds.values()] == [2, 2]


def test_peak_sees_what_is_given_back():
    with Peak() as peak:
        held = np.ones(8_000_000)
        time.sleep(0.1)
        del held
    assert 50 < peak.grown


def test_unknown_benchmark_is_said():
    done = subprocess.run([sys.executable, str(ROOT / "tests" / "bench"), "speed"], capture_output=True, text=True)
    assert done.returncode == 2 and "no benchmark 'speed'" in done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "bench").glob("bench_*.py")), ids=lambda path: path.stem)
def test_benchmark_has_something_to_do(path):
    compile(path.read_text(encoding="utf-8"), str(path), "exec")
    assert "\ndef bench_" in path.read_text(encoding="utf-8")
