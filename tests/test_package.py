"""What holds for the package as a whole: light import, exported code, documentation, one direction of imports."""
import ast
import importlib.util
import inspect
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import synesthetic
from conftest import ROOT

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(synesthetic.__path__, "synesthetic.")
    if not module.ispkg and not module.name.endswith("_modidx")
)
# From the ground up. A module may import from its own room or from a room on a lower floor.
FLOORS = {
    "foundation": 0, "source": 1, "corpora": 2, "models": 2, "features": 3, "splits": 4, "training": 5, "evaluation": 6, "tuning": 7,
    "crossmodal": 8, "reporting": 9, "cli": 10,
}


def run_python(code: str, *, folder: Path = ROOT) -> str:
    "What a fresh interpreter prints."
    call = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert call.returncode == 0, call.stderr
    return call.stdout.strip()


def test_import_is_light(tmp_path):
    heavy = "{'tensorflow', 'keras', 'librosa', 'pandas', 'sklearn', 'matplotlib'}"
    assert run_python(f"import sys, synesthetic; print(sorted({heavy} & set(sys.modules)))", folder=tmp_path) == "[]"


def test_help_is_light(tmp_path):
    code = (
        "import sys, synesthetic.cli\n"
        "sys.argv = ['synesthetic', '--help']\n"
        "try: synesthetic.cli.main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'tensorflow', 'keras', 'librosa'} & set(sys.modules)))"
    )
    assert run_python(code, folder=tmp_path).endswith("[]")


@pytest.mark.parametrize("name", synesthetic.__all__)
def test_public_name_resolves(name):
    assert getattr(synesthetic, name) is not None


@pytest.mark.parametrize("name", MODULES)
def test_exported_definitions_are_documented(name):
    module = importlib.import_module(name)
    for item in (getattr(module, public) for public in module.__all__):
        if (inspect.isfunction(item) or inspect.isclass(item)) and item.__module__ == name:
            assert inspect.getdoc(item), f"{name}.{item.__name__} has no docstring"


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down(name):
    room = name.split(".")[1]
    tree = ast.parse(Path(importlib.import_module(name).__file__).read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported = [importlib.util.resolve_name("." * node.level + (node.module or ""), name.rpartition(".")[0]) for node in nodes]
    for other in (module.split(".")[1] for module in imported if module.startswith("synesthetic.")):
        assert other == room or FLOORS[other] < FLOORS[room], f"{name} imports {other}: that is upward"


def test_library_matches_notebooks(tmp_path):
    copy = tmp_path / "checkout"
    copy.mkdir()
    for name in ("settings.ini", "README.md"):
        shutil.copy(ROOT / name, copy)
    for name in ("nbs", "synesthetic"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    # Otherwise the installed package would be found before the copy.
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    for command in ("nbdev_export", "nbdev_clean"):
        subprocess.run([Path(sys.executable).with_name(command)], cwd=copy, env=environment, check=True, capture_output=True)
    for folder in ("nbs", "synesthetic"):
        for path in sorted((copy / folder).rglob("*")):
            if path.suffix in (".py", ".ipynb") and ".ipynb_checkpoints" not in path.parts:
                original = ROOT / path.relative_to(copy)
                assert original.exists() and original.read_bytes() == path.read_bytes(), f"{path.relative_to(copy)} has drifted"


def test_readme_is_the_index_notebook():
    from nbconvert import MarkdownExporter

    body, _ = MarkdownExporter().from_filename(str(ROOT / "nbs" / "index.ipynb"))
    assert (ROOT / "README.md").read_text(encoding="utf-8").strip() == body.replace("](../", "](").strip(), "make readme writes it anew"


def test_stored_outputs_are_for_people():
    for path in sorted((ROOT / "nbs").rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        streams = ["".join(output["text"]) for cell in cells for output in cell.get("outputs", []) if output["output_type"] == "stream"]
        noise = [text[:80] for text in streams if "\r" in text or "absl::" in text or "cuInit" in text]
        assert not noise, f"{path.name} keeps progress bars or what TensorFlow says to itself; clear them: {noise}"


def test_the_start_notebook_is_opened_and_its_links_lead_somewhere():
    tutorials = ROOT / "nbs" / "tutorials"
    assert "jupyter lab --ServerApp.root_dir=. nbs/tutorials/00_start.ipynb" in (ROOT / "Makefile").read_text(encoding="utf-8")
    for notebook in tutorials.glob("[0-9]*.ipynb"):
        text = "".join("".join(cell["source"]) for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "markdown")
        lost = [link for link in re.findall(r"\]\(([^)#:]+)\)", text) if not (tutorials / link).is_file()]
        assert not lost, f"{notebook.name} links to {lost[0]}"
        assert notebook.name in (tutorials / "00_start.ipynb").read_text(encoding="utf-8") or notebook.name == "00_start.ipynb", f"nothing leads to {notebook.name}"
