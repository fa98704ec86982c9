"""Every notebook runs from top to bottom in a process of its own: the examples are the tests."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

# Reports are run by papermill on small settings, in test_report.py.
NOTEBOOKS = sorted(path for path in (ROOT / "nbs").rglob("*.ipynb") if "reports" not in path.parts and path.name[0] != ".")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT / "nbs")))
def test_notebook(notebook):
    # Without SYNESTHETIC_DATA: a notebook brings what it needs.
    environment = {key: value for key, value in os.environ.items() if key != "SYNESTHETIC_DATA"}
    run = subprocess.run(
        [Path(sys.executable).with_name("nbdev_test"), "--path", str(notebook), "--n_workers", "0", "--do_print"],
        cwd=ROOT, env={**environment, "MPLBACKEND": "agg", "TF_CPP_MIN_LOG_LEVEL": "3"}, capture_output=True, text=True,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
