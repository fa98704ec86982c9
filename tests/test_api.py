"""The public names: listed once, documented on one page, with hints that check."""
import ast
import importlib.util
import re
import subprocess
import sys

import pytest
from conftest import ROOT

import synesthetic
from synesthetic.reporting.api import api_page, define, public_names, undocumented

NAMES = [(module, name) for found in public_names().values() for module, name in found]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_stub_is_what_the_package_offers():
    names = [name for _, name in NAMES]
    assert len(set(names)) == len(names), "a name is listed twice"
    assert sorted(dir(synesthetic)) == sorted(synesthetic.__all__) == sorted([*names, *public_names()])


def test_every_name_is_where_the_stub_says():
    for module, name in NAMES:
        define(module, name)


def test_nothing_is_left_unsaid():
    assert [f"{module}: {gap}" for module, name in NAMES for gap in undocumented(module, name)] == []


def test_the_page_is_current():
    assert (ROOT / "API.md").read_text(encoding="utf-8") == api_page(), "make api writes it anew"


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_readme_names_exist(block):
    used = {node.attr for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "sy"}
    assert used <= set(synesthetic.__all__)


def test_the_wheel_carries_stub_and_marker():
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert all(f'"{name}"' in setup for name in ("py.typed", "*.pyi")) and (ROOT / "synesthetic" / "py.typed").is_file()


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is a development dependency")
def test_hints_check(tmp_path):
    "Those of the library, and those of the library as README uses it."
    files = []
    for number, block in enumerate(BLOCKS):
        whole = block if "import synesthetic" in block else BLOCKS[number - 1] + block  # it goes on from the one before
        files.append(tmp_path / f"block_{number}.py")
        files[-1].write_text(whole, encoding="utf-8")
    call = subprocess.run([sys.executable, "-m", "mypy", "synesthetic", *files], cwd=ROOT, capture_output=True, text=True)
    assert call.returncode == 0, call.stdout[-3000:] + call.stderr[-1000:]
