"""Shared fixtures: small recordings, a small corpus, and the real corpora where a machine has them."""
import gc
import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from synesthetic.corpora.base import Corpus
from tones import write_tones

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]


SLOW = ("test_report", "test_atelier", "test_tuning", "test_faults", "test_notebooks")  # begun first, so that no process is left with a long one at the end


def pytest_collection_modifyitems(items):
    "Begin with what takes longest."
    items.sort(key=lambda item: SLOW.index(item.path.stem) if item.path.stem in SLOW else len(SLOW))


@pytest.hookimpl(optionalhook=True)  # of xdist
def pytest_xdist_make_scheduler(config, log):
    "Keep the tests of a file in one process, because they share its reports and searches; every notebook goes where there is room."
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0]
            return nodeid if Path(file).stem == "test_notebooks" else file

    return Scheduler(config, log)


@pytest.fixture
def faults(request):
    "Count what a test has survived: `faults('kills survived', 15)`. What it says counts if the test passes."
    return lambda kind, count=1: request.node.user_properties.append(("fault", (kind, count)))


def pytest_collection_finish(session):
    "A test that is marked as a fault counts as one, or as many as its mark says. What was imported so far is not searched for garbage at each training."
    gc.collect()
    gc.freeze()
    for item in session.items:
        item.user_properties += [("fault", (mark.args[0], mark.kwargs.get("count", 1))) for mark in item.iter_markers("fault")]


def pytest_terminal_summary(terminalreporter):
    "Say how many faults of each kind were tried, in which files, and survived."
    counts = {}
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties if report.when == "call" else ():
            if name == "fault":
                file, (kind, count) = Path(report.nodeid.partition("::")[0]).stem, value
                counts.setdefault(kind, Counter())[file] += count
    if counts:
        terminalreporter.section("faults survived: nothing finished lost, no wrong number in silence")
    for kind, files in sorted(counts.items()):
        terminalreporter.write_line(f"{kind:30} {sum(files.values()):5}   {', '.join(f'{file} {count}' for file, count in files.most_common())}")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory) -> dict[str, str]:
    "An environment with a ledger of its own, and a cache for all tests of one call: what it holds is found by its content."
    base = tmp_path_factory.getbasetemp()
    cache = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"
    places = {"SYNESTHETIC_RUNS": str(tmp_path_factory.mktemp("workplace") / "runs"), "SYNESTHETIC_CACHE": str(cache)}
    return {**os.environ, **places, "MPLBACKEND": "agg", "TF_CPP_MIN_LOG_LEVEL": "3"}


@pytest.fixture(scope="module")
def home():
    "A folder for all tests of a file, in memory where it can be: what is killed and read again need not wait for a disk."
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture
def real_data() -> Path:
    "The folder of real corpora; the test is skipped where there is none."
    folder = os.environ.get("SYNESTHETIC_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("SYNESTHETIC_DATA does not point at real corpora")
    return Path(folder)


@pytest.fixture
def tone_corpus(tmp_path) -> Corpus:
    "Four speakers, low tones for sad and high ones for happy, two takes of each, half a second long."
    return write_tones(tmp_path / "tones", takes=2, samples=8000, loud=0.3, noise=0.05)
