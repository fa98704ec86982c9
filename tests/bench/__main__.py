"""All benchmarks, each in a process of its own, and one table of ratios at the end: `make bench`, or `make bench only=features,audit`."""
import argparse
import importlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import KEY, Row, markdown, read_rows, write_rows

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "reports" / "bench.md"
NAMES = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def arguments() -> argparse.Namespace:
    "What the command line asks for."
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help=f"names of benchmarks, separated by spaces or commas: {', '.join(NAMES)}")
    parser.add_argument("--out", type=Path, default=TABLE, help="where the table is written")
    parser.add_argument("--rows", type=Path, help="do a single benchmark in this process and write its rows there")
    wanted = parser.parse_args()
    wanted.only = [name for word in wanted.only for name in word.split(",") if name] or NAMES
    unknown = sorted(set(wanted.only) - set(NAMES))
    return parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}") if unknown else wanted


def measure_here(name: str, path: Path) -> None:
    "Do what a module's functions named `bench_...` measure; each yields rows."
    module = importlib.import_module(f"bench_{name}")
    benches = [one for title, one in vars(module).items() if title.startswith("bench_") and one.__module__ == module.__name__]
    write_rows(path, [row for bench in benches for row in bench()])


def measure_apart(name: str, folder: Path) -> list[Row] | str:
    "The rows of a benchmark from a process of its own, or the end of what it said before it failed."
    path = folder / f"{name}.json"
    command = [sys.executable, str(HERE), "--rows", str(path), name]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "SYNESTHETIC_RUNS": str(folder / "runs"), "SYNESTHETIC_CACHE": str(folder / "cache"), "MPLBACKEND": "agg"}
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **quiet})
    return read_rows(path) if done.returncode == 0 else done.stderr[-3000:]


def measured(names: list[str]) -> tuple[list[Row], list[str]]:
    "The rows of all benchmarks, and which of them failed; a line of progress for each."
    rows, failed, began = [], [], time.monotonic()
    for number, name in enumerate(names, 1):
        print(f"{number}/{len(names)} {name} ...", end=" ", flush=True)
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = measure_apart(name, Path(folder))
        print(f"{'failed' if isinstance(found, str) else f'{len(found)} rows'} after {time.monotonic() - start:.0f} s, {time.monotonic() - began:.0f} s in all", flush=True)
        if isinstance(found, str):
            failed.append(name)
            print(found)
        else:
            rows += found
    return rows, failed


def main() -> int:
    "Measure, print the table, and keep it."
    wanted = arguments()
    if wanted.rows:
        measure_here(wanted.only[0], wanted.rows)
        return 0
    rows, failed = measured(wanted.only)
    table = f"{markdown(rows)}\n\n{KEY} {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}.\n"
    wanted.out.parent.mkdir(parents=True, exist_ok=True)
    wanted.out.write_text(f"# Benchmarks\n\n{table}", encoding="utf-8")
    print(f"\n{table}\n{wanted.out}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
