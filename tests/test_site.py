"""The site of all reports: what its pages promise, in their text and, where Chromium is installed, in a browser."""
import base64
import io
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pandas as pd
import pytest
from IPython.display import Audio
from nbformat import NotebookNode, write
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from browser import CHROMIUM, Browser
from conftest import ROOT
from synesthetic.reporting import site as site_module
from synesthetic.reporting.site import HIGHLIGHTS, make_index
from synesthetic.reporting.tables import show_table

HOSTILE = "<script>document.title = 'hacked'</script>"
COMMITTED = sorted((ROOT / "reports").glob("week_*/embedded/week_*[0-9].ipynb"))
SMALL = (("04", "embedded"), ("04", 'my "#1" <b>tones'), ("05", "ravdess"), ("07", "embedded"))
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


def small_notebook(week: str) -> NotebookNode:
    "A report that was executed, with two tables of one caption, a wide figure, a sound and hostile text everywhere."
    wide = pd.DataFrame([[0.5] * 20, [0.25] * 20, [1000.0] * 20], index=["cnn", HOSTILE, "ann"], columns=[f"a long column {i}" for i in range(20)])
    table = {"text/html": show_table(wide, f"Scores {HOSTILE}", note=HOSTILE, mark=HOSTILE)._repr_html_()}
    sound = {"text/html": f"<p>{HOSTILE}{Audio(np.sin(np.arange(4000) / 5), rate=8000)._repr_html_()}</p>"}
    stream = io.BytesIO()
    Image.new("RGB", (1500, 300), "white").save(stream, "PNG")
    figure = {"image/png": base64.b64encode(stream.getvalue()).decode()}
    shown = [table, table, sound, figure, {"text/markdown": f"### Of {HOSTILE}\n\n" + "x" * 300}, {"text/plain": HOSTILE + "x" * 300}]
    return new_notebook(cells=[
        new_markdown_cell(f"# Week {int(week)}: is it {HOSTILE}?\n\nIt is {HOSTILE}."), new_markdown_cell("## Findings\n\n## Findings"),
        new_code_cell('report.save_figure(figure, "comparison")', outputs=[new_output("display_data", data) for data in shown]), new_markdown_cell("## Limits"),
    ])


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


def copy_committed(folder: Path) -> None:
    "The committed reports, away from the checkout."
    for notebook in COMMITTED:
        place = folder / notebook.parent.relative_to(ROOT / "reports")
        shutil.copytree(notebook.parent, place, ignore=shutil.ignore_patterns("*.html"))


@pytest.fixture(scope="module", params=["small", "committed"])
def site(request, tmp_path_factory) -> Path:
    "A folder of reports, with pages and index."
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "committed":
        copy_committed(folder)
    for week, corpus in SMALL if request.param == "small" else ():
        put_report(folder, week, corpus)
    assert make_index(folder) == folder / "index.html"
    return folder


class Page(HTMLParser):
    "The tags of a page."

    def __init__(self, path: Path):
        super().__init__()
        self.path, self.text, self.tags = path, path.read_text(encoding="utf-8"), []
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def every(self, *names: str) -> list[dict]:
        return [attributes for tag, attributes in self.tags if tag in names]

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]


@pytest.fixture(scope="module")
def pages(site) -> list[Page]:
    return [Page(path) for path in sorted(site.rglob("*.html"))]


def test_the_index_lists_each_report(site):
    links = {unquote(link["href"]) for link in Page(site / "index.html").every("a")}
    reports = {path.with_suffix(".html").relative_to(site).as_posix() for path in site.glob("*/*/week_*.ipynb")}
    assert links == reports and len(reports) >= 4


def test_every_page_leads_to_the_index_and_its_neighbours(site, pages):
    weeks = sorted(path.name for path in site.glob("week_*"))
    for page in (page for page in pages if page.path.name != "index.html"):
        links, place = [unquote(urlsplit(link["href"]).path) for link in page.every("a")], weeks.index(page.path.stem)
        assert "../../index.html" in links
        for week in (*weeks[max(place - 1, 0):place], *weeks[place + 1:place + 2]):
            assert any(link.startswith(f"../../{week}/") for link in links), (page.path, week)


def test_links_and_pictures_resolve(pages):
    for page in pages:
        names, addresses = set(page.values("id")), [*page.values("href"), *page.values("src")]
        assert addresses
        for address in (urlsplit(address) for address in addresses if not address.startswith("data:")):
            assert not address.scheme and not address.netloc, (page.path, address)
            assert (page.path.parent / unquote(address.path)).exists(), (page.path, address)
            assert not address.fragment or unquote(address.fragment) in names, (page.path, address)


def test_nothing_comes_from_elsewhere(pages):
    for page in pages:
        assert not page.every("link", "iframe", "object", "embed", "base")
        assert not re.search(r"@import|url\(", page.text)
        rules = next(meta["content"] for meta in page.every("meta") if meta.get("http-equiv") == "Content-Security-Policy")
        assert "default-src 'none'" in rules and "http" not in rules and "unsafe-inline" not in rules.partition("script-src")[2]


def test_pages_are_sound(pages):
    for page in pages:
        assert len(page.values("id")) == len(set(page.values("id"))), page.path
        assert all(picture.get("alt", "").strip() and "No description" not in picture["alt"] for picture in page.every("img")), page.path
        assert any(meta.get("name") == "viewport" and "width=device-width" in meta["content"] for meta in page.every("meta"))
        assert len(page.every("h1")) == 1 and page.every("html")[0]["lang"] == "en"


def test_hostile_text_is_shown_as_text(pages):
    for page in pages:
        assert len(page.every("script")) == 1 and HOSTILE not in page.text, page.path


@pytest.mark.parametrize("notebook", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_report_has_its_key_number_and_figure(notebook, tmp_path):
    place = tmp_path / notebook.stem / "embedded"
    shutil.copytree(notebook.parent, place, ignore=shutil.ignore_patterns("*.html"))
    index = make_index(tmp_path).read_text(encoding="utf-8")
    assert re.search(r'class="number">[-+.\d]+ \[[-+.\d]+, [-+.\d]+\]<', index)
    assert f"{HIGHLIGHTS[notebook.stem].figure}.png" in index


def test_one_broken_report_does_not_hide_the_others(tmp_path):
    put_report(tmp_path, "04", "embedded"), put_report(tmp_path, "05", "embedded").write_text("{")
    put_report(tmp_path, "06", "embedded").with_name("numbers.json").write_text('{"numbers": [], "corpora": {"a": 1}, "parameters": 3}')
    index = make_index(tmp_path).read_text(encoding="utf-8")
    assert index.count("this report cannot be read") == 2 and index.count("Report on embedded") == 1


def test_a_regenerated_report_joins_the_index(tmp_path, monkeypatch):
    def lay_down(notebook, output, parameters):
        return put_report(tmp_path / "reports", notebook.stem[-2:], output.parent.name)

    monkeypatch.setattr(site_module, "execute", lay_down)
    monkeypatch.setattr(site_module, "project_folder", lambda: tmp_path)
    monkeypatch.setattr(site_module, "report_folder", lambda report, corpus, pictures: tmp_path / "reports" / report / corpus)
    for week in ("04", "05"):
        page = site_module.regenerate(week)
        assert "Report on embedded" in (tmp_path / "reports/index.html").read_text(encoding="utf-8")
    assert "← Week 4" in page.read_text(encoding="utf-8") and "Week 5 →" in (tmp_path / "reports/week_04/embedded/week_04.html").read_text(encoding="utf-8")


def test_the_command_line_makes_the_index(tmp_path):
    put_report(tmp_path, "04", "embedded")
    command = [Path(sys.executable).with_name("synesthetic"), "reports", "index"]
    made = subprocess.run([*command, tmp_path], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0 and made.stdout.strip() == str(tmp_path / "index.html"), made.stderr
    assert not list(tmp_path.rglob("*.part"))
    missing = subprocess.run([*command, tmp_path / "nowhere"], cwd=ROOT, capture_output=True, text=True)
    assert missing.returncode == 2 and "there is no folder" in missing.stderr


@pytest.fixture(scope="module")
def browser():
    try:
        one = Browser()
    except (OSError, TimeoutError) as error:
        pytest.skip(f"Chromium does not start here: {error}")
    yield one
    one.close()


@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_the_screen_and_say_no_error(browser, site, pages, width):
    for page in pages:
        browser.open(page.path, width=width, dark=width == 390)
        assert browser.run("document.documentElement.scrollWidth") <= width, page.path
        assert not browser.complaints() and not browser.requests(), page.path
        assert browser.run("[...document.images].every(one => one.loading == 'lazy' || one.naturalWidth > 0)"), page.path
        assert browser.run("document.title") != "hacked"


@needs_browser
def test_sounds_can_be_played(browser, pages):
    waiting = """Promise.all([...document.querySelectorAll("audio")].map(one => one.duration || new Promise(done => {
        one.onloadedmetadata = () => done(one.duration); one.querySelector("source").onerror = () => done(0); one.load(); })))"""
    lengths = []
    for page in (page for page in pages if page.every("audio")):
        browser.open(page.path, width=390)
        lengths += browser.run(waiting)
    assert lengths and min(lengths) > 0


@needs_browser
def test_a_table_is_sorted_by_a_click(browser, tmp_path):
    page = put_report(tmp_path, "04", "embedded").with_suffix(".html")
    make_index(tmp_path)
    browser.open(page, width=1280)
    column = "[...document.querySelector('table').tBodies[0].rows].map(row => row.cells[1].textContent)"
    click = "document.querySelector('table').tHead.rows[0].cells[1].click()"
    assert browser.run(column) == ["0.500", "0.250", "1,000.000"]
    browser.run(click)
    assert browser.run(column) == ["0.250", "0.500", "1,000.000"]
    browser.run(click)
    assert browser.run(column) == ["1,000.000", "0.500", "0.250"]
    assert browser.run("document.querySelector('details').open")


@needs_browser
def test_light_and_dark(browser, tmp_path):
    page = put_report(tmp_path, "04", "embedded").with_suffix(".html")
    make_index(tmp_path)
    colours = []
    for dark in (False, True):
        browser.open(page, width=390, dark=dark)
        colours.append(browser.run("[document.body, document.querySelector('figure')].map(one => getComputedStyle(one).backgroundColor)"))
    assert colours == [["rgb(255, 255, 255)"] * 2, ["rgb(23, 24, 26)", "rgb(255, 255, 255)"]]
    assert not browser.run("document.querySelector('details').open")
