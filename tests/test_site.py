"""The site of all reports: what its pages promise, in their text and, where Chromium is installed, in a browser."""
import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
from nbformat import write
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from conftest import ROOT
from synesthetic.reporting.site import HIGHLIGHTS, make_index
from synesthetic.reporting.tables import show_table

HOSTILE = "<script>document.title = 'hacked'</script><img src=x onerror=alert(1)>"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
COMMITTED = sorted((ROOT / "reports").glob("week_*/embedded/week_*[0-9].ipynb"))


def small_notebook(week: str) -> dict:
    "A report that was executed, with a wide table, a wide figure, a sound and hostile text."
    wide = pd.DataFrame([[0.5] * 20, [0.25] * 20], index=["cnn", HOSTILE], columns=[f"a long column {i}" for i in range(20)])
    table = {"text/html": show_table(wide, HOSTILE, note=HOSTILE, mark=HOSTILE)._repr_html_()}
    raw = {"text/html": f"<p>{HOSTILE}</p><audio controls><source src='data:audio/wav;base64,UklGRg==' type='audio/wav'></audio>"}
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    outputs = [new_output("display_data", data) for data in (table, table, raw, {"image/png": pixel}, {"text/markdown": f"### Of {HOSTILE}"}, {"text/plain": HOSTILE})]
    cells = [
        new_markdown_cell(f"# Week {int(week)}: is it {HOSTILE}?\n\nIt is {HOSTILE}."), new_markdown_cell("## Findings\n\n## Findings"),
        new_code_cell('report.save_figure(figure, "comparison")', outputs=outputs), new_markdown_cell("## Limits"),
    ]
    return new_notebook(cells=cells)


def put_report(folder: Path, week: str, corpus: str) -> Path:
    "Lay down a small report as `synesthetic report` would."
    place = folder / f"week_{week}" / corpus
    (place / "figures").mkdir(parents=True)
    Image.new("RGB", (1500, 300), "white").save(place / "figures/comparison.png")
    number = {"value": 1.5, "low": -1.0, "high": 4.0, "mark": HOSTILE, "runs": [], "corpus": HOSTILE}
    stated = {"numbers": {"tuning.points": number}, "corpora": {HOSTILE: {"items": 12}}, "parameters": {"profile": HOSTILE}, "commit": HOSTILE}
    (place / "numbers.json").write_text(json.dumps(stated))
    write(small_notebook(week), place / f"week_{week}.ipynb")
    return place / f"week_{week}.ipynb"


def copy_committed(folder: Path) -> Path:
    "The committed reports, away from the checkout."
    for notebook in COMMITTED:
        place = folder / notebook.parent.relative_to(ROOT / "reports")
        place.mkdir(parents=True)
        for name in (notebook.name, "numbers.json"):
            shutil.copy(notebook.parent / name, place)
        shutil.copytree(notebook.parent / "figures", place / "figures")
    return folder


@pytest.fixture(scope="module", params=["small", "committed"])
def site(request, tmp_path_factory) -> Path:
    "A folder of reports, with pages and index."
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "committed":
        copy_committed(folder)
    else:
        for week, corpus in (("04", "embedded"), ("04", 'my "#1" <b>tones</b>'), ("05", "ravdess"), ("07", "embedded")):
            put_report(folder, week, corpus)
    assert make_index(folder) == folder / "index.html"
    return folder


class Page(HTMLParser):
    "The tags of a page."

    def __init__(self, path: Path):
        super().__init__()
        self.path, self.tags = path, []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def every(self, *names: str) -> list[dict]:
        return [attributes for tag, attributes in self.tags if tag in names]


def pages(folder: Path) -> list[Page]:
    return [Page(path) for path in sorted(folder.rglob("*.html"))]


def test_the_index_lists_each_report(site):
    links = {unquote(link["href"]) for link in Page(site / "index.html").every("a")}
    expected = {path.with_suffix(".html").relative_to(site).as_posix() for path in site.glob("*/*/week_*.ipynb")}
    assert links == expected and len(expected) >= 4


def test_every_page_leads_to_the_index_and_to_its_neighbours(site):
    for page in pages(site):
        if page.path.name != "index.html":
            links = [unquote(urlsplit(link["href"]).path) for link in page.every("a")]
            weeks = sorted({path.name for path in site.glob("week_*")})
            place = weeks.index(page.path.stem)
            assert "../../index.html" in links
            for week in weeks[max(place - 1, 0):place] + weeks[place + 1:place + 2]:
                assert any(link.startswith(f"../../{week}/") for link in links), (page.path, week)


def test_links_and_pictures_resolve(site):
    for page in pages(site):
        names = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
        addresses = [attributes[kind] for _, attributes in page.tags for kind in ("href", "src") if kind in attributes]
        assert addresses
        for address in (urlsplit(address) for address in addresses if not address.startswith("data:") and address != "x"):
            assert not address.scheme and not address.netloc, address
            assert (page.path.parent / unquote(address.path)).exists(), (page.path, address)
            assert not address.fragment or unquote(address.fragment) in names, (page.path, address)


def test_nothing_comes_from_elsewhere(site):
    for page in pages(site):
        text = page.path.read_text(encoding="utf-8")
        assert not re.search(r"@import|url\(", text) and not page.every("link", "iframe", "object", "embed", "base")
        rules = next(meta["content"] for meta in page.every("meta") if meta.get("http-equiv") == "Content-Security-Policy")
        assert "default-src 'none'" in rules and "http" not in rules and "unsafe-inline" not in rules.partition("script-src")[2]


def test_pages_are_sound(site):
    for page in pages(site):
        names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(names) == len(set(names)), page.path
        assert all(picture.get("alt") for picture in page.every("img")), page.path
        assert any(meta.get("name") == "viewport" and "width=device-width" in meta["content"] for meta in page.every("meta"))
        assert len(page.every("h1")) == 1 and page.every("html")[0]["lang"] == "en"
        assert not [tag for tag, attributes in page.tags if tag == "th" and "tabindex" in attributes]  # the script adds what needs it


def test_committed_reports_have_a_key_number_and_a_figure():
    for notebook in COMMITTED:
        highlight = HIGHLIGHTS[notebook.stem]
        assert (notebook.parent / "figures" / f"{highlight.figure}.png").is_file(), notebook.stem


def test_every_card_has_its_number(site):
    text = (site / "index.html").read_text(encoding="utf-8")
    known = 2 if "tuning.points" in (site / "week_04/embedded/numbers.json").read_text() and (site / "week_07").exists() else len(COMMITTED)
    assert len(re.findall(r'class="number">[-+0-9.]+ \[[-+0-9.]+, [-+0-9.]+\]<', text)) == known


def test_hostile_text_is_text(tmp_path):
    notebook = put_report(tmp_path, "04", 'my "#1" <b>tones</b>')
    index = make_index(tmp_path)
    for page in (Page(index), Page(notebook.with_suffix(".html"))):
        assert len(page.every("script")) == 1 and "document.title" not in page.path.read_text().partition("<script>")[2].partition("HOSTILE")[0].split("</script>")[0]
