"""Every notebook runs from top to bottom in a process of its own: the examples are the tests."""
import pytest

import warm
from conftest import ROOT

# Reports are run by papermill on small settings, in test_report.py.
NOTEBOOKS = sorted(path for path in (ROOT / "nbs").rglob("*.ipynb") if "reports" not in path.parts and path.name[0] != ".")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT / "nbs")))
def test_notebook(notebook, tmp_path):
    process = warm.start(warm.run_notebook, notebook, tmp_path / "log")
    process.join()
    assert process.exitcode == 0, (tmp_path / "log").read_text(encoding="utf-8")[-8000:]
