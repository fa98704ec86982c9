"""What goes wrong on other people's machines, in one place: each kind of fault is tried here or in the file that is named, and counted at the end of a test run.

| fault | tried here | and in |
|---|---|---|
| kill -9 | of a training at 15 moments and at random ones | test_report, test_tuning (searches, workers), test_atelier (GAN), test_face_models |
| two at once | the same run, the same report, the same numbers | test_bad_audio (the same features), test_tuning (the same search) |
| damage on the disk | every file of a run, features, checkpoints: flipped and cut off | test_bad_audio, test_integrity, test_report |
| full disk | for runs, cache and reports | |
| read-only folders | data, runs, cache, reports | |
| interrupted downloads | of speech encoders and of ImageNet weights | |
| a clock that is set | of trainings, ledgers and searches | |
| bad input | every command of the command line | test_bad_audio, test_properties, test_report, test_valence |
| hostile files | | test_pickled, test_valence, test_site |

What is said at the end is counted from the tests that have passed.
"""
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import psutil
import pytest
import soundfile

import fault_work
import warm
from synesthetic.corpora.speech import load_emodb
from synesthetic.features.cache import extract
from synesthetic.features.mel import LogMel
from synesthetic.foundation import content_key
from synesthetic.training.ledger import Ledger, Run


@pytest.fixture
def tmp_path(home):
    "A folder for one test."
    return Path(tempfile.mkdtemp(dir=home))


class Elsewhere:
    "Other processes that have imported everything already, which takes a moment instead of seconds."

    def __init__(self, home: Path):
        self.home, self.processes = home, []

    def start(self, work, *arguments, clock: float = 0.0, **settings):
        "Begin a function of `fault_work`: the process and the file that will say what came of it."
        file = Path(tempfile.mkdtemp(dir=self.home)) / "outcome.json"
        process = warm.start(fault_work.outcome, str(file), work, arguments, settings, clock)
        self.processes.append(process)
        return process, file

    def do(self, work, *arguments, **settings) -> dict:
        "What a function of `fault_work` gave, or how it failed."
        return self.end(*self.start(work, *arguments, **settings))

    def gave(self, work, *arguments, **settings):
        "What a function of `fault_work` gave, which must not fail."
        found = self.do(work, *arguments, **settings)
        assert "gave" in found, found["trace"]
        return found["gave"]

    def end(self, process, file: Path) -> dict:
        "Wait for a process that must not die."
        process.join(240)
        assert process.exitcode == 0, f"it ended with {process.exitcode}"
        return json.loads(file.read_text())


@pytest.fixture(scope="module")
def elsewhere(home):
    place = Elsewhere(home)
    place.start(fault_work.nothing)[0].join()  # from here on the server is warm
    yield place
    for process in place.processes:
        process.kill()


@pytest.fixture(scope="module")
def tones(home) -> Path:
    "The recordings of all trainings here."
    fault_work.short_tones(home / "tones")
    return home / "tones"


@pytest.fixture(scope="module")
def straight(elsewhere, tones, home) -> list[dict]:
    "What three trainings give that nothing happens to."
    return elsewhere.gave(fault_work.train_all, tones, home / "straight")


# Killed


def test_a_training_killed_at_every_moment_ends_as_if_it_had_not_been(elsewhere, tones, straight, tmp_path, faults):
    for moment in fault_work.MOMENTS:
        process, _ = elsewhere.start(fault_work.train, tones, tmp_path, moment=moment)
        process.join(240)
        assert process.exitcode == -signal.SIGKILL, f"it did not die {moment}"
        assert len(Ledger(tmp_path / "runs").runs()) == (moment == list(fault_work.MOMENTS)[-1])
    written = {file: file.stat().st_mtime_ns for file in (tmp_path / "runs").glob("[0-9a-f]*/*")}
    diary = tmp_path / "diary"
    assert elsewhere.gave(fault_work.train, tones, tmp_path, diary=diary) == straight[0]
    assert not diary.exists() and {file: file.stat().st_mtime_ns for file in written} == written, "a finished run was done again"
    assert not list((tmp_path / "runs" / "unfinished").iterdir())
    faults("kills survived", len(fault_work.MOMENTS))


def test_trainings_killed_at_random_end_as_if_they_had_not_been(elsewhere, tones, straight, tmp_path, faults):
    rng, kills = np.random.default_rng(int.from_bytes(os.urandom(4))), 0
    for _ in range(6):
        kept = {run.key: (run.folder / "record.json").stat().st_mtime_ns for run in Ledger(tmp_path / "runs").runs()}
        process, _ = elsewhere.start(fault_work.train_all, tones, tmp_path)
        process.join(rng.uniform(0.2, 2.5))
        process.kill()
        process.join()
        kills += process.exitcode == -signal.SIGKILL
        now = {run.key: (run.folder / "record.json").stat().st_mtime_ns for run in Ledger(tmp_path / "runs").runs()}
        assert {key: now.get(key) for key in kept} == kept, "a finished run was lost or done again"
        assert all(not run.altered for run in Ledger(tmp_path / "runs").runs())
    assert elsewhere.gave(fault_work.train_all, tones, tmp_path) == straight
    faults("kills survived", kills)


# Two at once


def test_two_processes_make_one_run(elsewhere, tones, straight, tmp_path, faults):
    "One trains and the other waits, also if the first is killed meanwhile; the second goes on from there."
    diary = tmp_path / "diary"
    first, _ = elsewhere.start(fault_work.train, tones, tmp_path, diary=diary, pause=120.0)
    while first.is_alive() and not list((tmp_path / "runs" / "unfinished").glob("*/checkpoint.npz")):
        time.sleep(0.02)
    others = [elsewhere.start(fault_work.train, tones, tmp_path, diary=diary) for _ in range(2)]
    said = [file.with_suffix(".said") for _, file in others]
    while first.is_alive() and not all(one.exists() and "another process is at work on the run" in one.read_text() for one in said):
        time.sleep(0.02)
    assert first.is_alive(), "it ended before the others met it"
    first.kill()
    assert [elsewhere.end(*one).get("gave") for one in others] == [straight[0]] * 2
    epochs = [line.split() for line in diary.read_text().splitlines()]
    assert len({process for process, _ in epochs}) == 2, "the third one trained what the second had made"
    faults("kills survived")
    faults("met at the same work", 3)


TEMPLATE = """
import json, os, time
from pathlib import Path

place = Path(out)
with open(place / "diary", "a") as stream:
    stream.write("begin\\n")
time.sleep(0.5)
with open(place / "diary", "a") as stream:
    stream.write("end\\n")
print("the number is", 7 * 6)
"""


def write_template(folder: Path) -> Path:
    "A report that takes a moment."
    parameters = nbformat.v4.new_code_cell('out: str = ""\nlabel: str = "x"', metadata={"tags": ["parameters"]})
    cells = [nbformat.v4.new_markdown_cell("# A report"), parameters, nbformat.v4.new_code_cell(TEMPLATE)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "week_99.ipynb")
    return folder / "week_99.ipynb"


def test_two_processes_make_one_report_one_after_the_other(elsewhere, tmp_path, faults):
    out = tmp_path / "report"
    out.mkdir()
    both = [elsewhere.start(fault_work.make_report, write_template(tmp_path), out, out=str(out)) for _ in range(2)]
    for one in both:
        assert elsewhere.end(*one)["gave"] == str(out / "week_99.ipynb")
    assert (out / "diary").read_text().split() == ["begin", "end"] * 2
    assert "the number is 42" in (out / "week_99.ipynb").read_text() and sorted(file.name for file in out.iterdir()) == ["diary", "week_99.ipynb"]
    faults("met at the same work", 2)


def test_two_processes_state_the_same_numbers(elsewhere, tmp_path, faults):
    both = [elsewhere.start(fault_work.state_numbers, tmp_path / "report", 8) for _ in range(2)]
    assert [elsewhere.end(*one).get("gave") for one in both] == [8, 8]
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["numbers.json", "tables"]
    faults("met at the same work", 2)


# Damage on the disk


def flipped(file: Path, position: int, bit: int) -> None:
    "Change one bit of a file."
    content = bytearray(file.read_bytes())
    content[position % len(content)] ^= 1 << bit
    file.write_bytes(content)


def example_run(folder: Path) -> Run:
    "A run of twenty answers, with an array, made without training."
    rng = np.random.default_rng(0)
    answers = pd.DataFrame({"part": "test", "id": [f"{i}" for i in range(20)], "label": "happy", "predicted": "sad", "p_happy": rng.random(20)})
    history = pd.DataFrame({"epoch": [1, 2], "loss": [0.7, 0.5]})
    description = {"corpus": {"name": "toy"}, "architecture": {"name": "cnn"}, "split": {"policy": "speaker", "fold": 0, "folds": 2}, "recipe": {"seed": 3}}
    return Ledger(folder).add(description, answers, history, {"parameters": 12, "mark": "", "seconds": {"training": 1.0}}, arrays={"pictures": rng.random((3, 4))})


def read_all(folder: Path) -> list:
    "Everything that a run says."
    (run,) = Ledger(folder).runs()
    found = Ledger(folder).get(run.key)
    numbers = {name: value for name, value in found.record.items() if name in ("parameters", "mark", "seconds")}
    return [found.experiment, found.predictions.to_csv(), found.history.to_csv(), found.array("pictures").tolist(), numbers]


def test_a_flipped_bit_of_a_run_is_named_and_no_number_is_made_of_it(tmp_path, faults):
    run, rng, tried = example_run(tmp_path / "runs"), np.random.default_rng(0), 0
    whole = read_all(tmp_path / "runs")
    for file in sorted(run.folder.iterdir()):
        content = file.read_bytes()
        for position in rng.integers(0, len(content), 25):
            flipped(file, position, int(rng.integers(8)))
            try:
                assert read_all(tmp_path / "runs") == whole, f"{file.name}, byte {position}: another number in silence"
            except ValueError as error:
                assert "is damaged" in str(error) and file.name in str(error) and "Remove the folder and it will be made again" in str(error)
            file.write_bytes(content)
            tried += 1
        for length in (0, len(content) // 2, len(content) - 1):
            file.write_bytes(content[:length])
            try:
                assert read_all(tmp_path / "runs") == whole  # without its last line break, a table or a record says the same
                assert length == len(content) - 1 and file.name in ("experiment.json", "record.json")
            except ValueError as error:
                assert file.name in str(error)
            file.write_bytes(content)
            tried += 1
    faults("damaged files noticed", tried)


def test_a_damaged_network_is_not_loaded_and_its_run_is_made_again(elsewhere, tones, straight, home, tmp_path, faults):
    shutil.copytree(home / "straight", tmp_path / "copy")
    folder = tmp_path / "copy" / "runs" / straight[0]["key"]
    flipped(folder / "model.keras", (folder / "model.keras").stat().st_size // 2, 3)
    failed = elsewhere.do(fault_work.load_network, folder)
    assert "model.keras was altered after the run was finished. Remove the folder and it will be made again" in failed["error"]
    shutil.rmtree(folder)
    assert elsewhere.gave(fault_work.train, tones, tmp_path / "copy") == straight[0]
    faults("damaged files noticed")


def test_flipped_features_are_computed_again(tones, tmp_path, faults):
    corpus, spec, rng = fault_work.short_tones(tones), LogMel(n_mels=16, duration=0.25), np.random.default_rng(0)
    whole = np.array(extract(corpus, spec, cache=tmp_path).values)
    (entry,) = (tmp_path / "features").iterdir()
    for file in ("values.npy", "items.json"):
        for position in rng.integers(0, (entry / file).stat().st_size, 15):
            flipped(entry / file, position, int(rng.integers(8)))
            found = extract(corpus, spec, cache=tmp_path)
            np.testing.assert_array_equal(found.values, whole)
            assert found.ids == tuple(corpus.items["id"]) and not found.skipped
    faults("damaged files noticed", 30)


# A full disk


@pytest.fixture
def small_disk(home):
    "A file system of one megabyte and a half; the test is skipped where none can be mounted."
    disk = Path(tempfile.mkdtemp(dir=home))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1536k", "tmpfs", str(disk)], capture_output=True, text=True) if shutil.which("mount") else None
    if mounted is None or mounted.returncode:
        pytest.skip("a file system can only be mounted by root, and not in every container")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_for_runs_is_named_and_costs_nothing_that_was_finished(elsewhere, tones, straight, small_disk, faults):
    rooms = [0, 16384, 10**6]
    found = elsewhere.do(fault_work.train_on_full_disk, tones, small_disk / "work", small_disk, rooms)
    said = found.get("gave")
    assert said and said[0] and not said[-1], found
    for error in filter(None, said):
        assert str(small_disk / "work" / "runs") in error and ("no space" in error.lower() or "could not be written" in error), error
    assert elsewhere.gave(fault_work.train, tones, small_disk / "work", cache=small_disk.parent / "cache") == straight[0]
    faults("full disks", sum(map(bool, said)))


def test_a_full_disk_for_any_file_of_a_run_leaves_no_run(small_disk, faults):
    folder, said = small_disk / "runs", []
    for room in range(0, 90112, 4096):
        fault_work.fill(small_disk, room)
        try:
            run = example_run(folder)
        except OSError as error:
            assert "no space is left on the disk" in str(error) and str(folder) in str(error), error
            assert not [path for path in folder.iterdir()] and not Ledger(folder).runs(), "half a run was left"
            said.append(error)
        else:
            assert not run.altered and len(run.predictions) == 20
            break
    assert len(said) >= 3 and Ledger(folder).runs()
    faults("full disks", len(said))


def test_a_full_disk_for_features_is_named_and_no_entry_is_left(elsewhere, tones, small_disk, faults):
    for room in (0, 8192, 65536):
        fault_work.fill(small_disk, room)
        found = elsewhere.do(fault_work.compute_features, tones, small_disk / "cache")
        assert "no space is left on the disk" in found["error"] and str(small_disk / "cache") in found["error"], found
        assert not [path for path in (small_disk / "cache").rglob("*") if path.is_file()]
    (small_disk / "filler").unlink()
    assert elsewhere.do(fault_work.compute_features, tones, small_disk / "cache") == elsewhere.do(fault_work.compute_features, tones, small_disk.parent / "other")
    faults("full disks", 3)


def test_a_full_disk_for_a_report_is_named_and_keeps_the_old_one(elsewhere, small_disk, faults):
    report = small_disk / "report"
    assert elsewhere.gave(fault_work.state_numbers, report, 1) == 1
    before = {path: path.read_bytes() for path in report.rglob("*") if path.is_file()}
    for room in (0, 100):
        fault_work.fill(small_disk, room)
        found = elsewhere.do(fault_work.state_numbers, report, 1)
        assert "no space is left on the disk" in found["error"] and str(report) in found["error"], found
        assert {path: path.read_bytes() for path in report.rglob("*") if path.is_file()} == before
    found = elsewhere.do(fault_work.make_report, write_template(small_disk.parent), report, out=str(report))
    assert "ace" in found["error"] and str(report) in found["error"] and not (report / "week_99.ipynb").exists(), found
    faults("full disks", 3)


# Folders that cannot be written to


@pytest.fixture
def read_only(home):
    "Make a folder read-only, also for root; the test is skipped where that cannot be done."
    mounted = []

    def bind(folder: Path) -> Path:
        place = Path(tempfile.mkdtemp(dir=home))
        calls = [["mount", "--bind", str(folder), str(place)], ["mount", "-o", "remount,ro,bind", str(place)]]
        if not shutil.which("mount") or any(subprocess.run(call, capture_output=True).returncode for call in calls):
            pytest.skip("a folder can only be made read-only for root by a mount, and not in every container")
        mounted.append(place)
        with pytest.raises(OSError):
            (place / "written").touch()
        return place

    yield bind
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_corpus_in_a_read_only_folder_works(tones, read_only, tmp_path, faults):
    corpus_folder = tmp_path / "emodb"
    corpus_folder.mkdir()
    for number, path in enumerate(sorted(tones.glob("*.wav"))[:8]):
        shutil.copy(path, corpus_folder / f"{number % 4 + 10}a0{number}{'FT'[number % 2]}a.wav")
    corpus = load_emodb(read_only(corpus_folder))
    features = extract(corpus, LogMel(n_mels=16, duration=0.25), cache=tmp_path / "cache")
    np.testing.assert_array_equal(features.values, extract(load_emodb(corpus_folder), LogMel(n_mels=16, duration=0.25), cache=tmp_path / "other").values)
    faults("read-only folders")


def test_a_read_only_cache_serves_what_it_has_and_says_what_it_cannot_take(tones, read_only, tmp_path, faults):
    corpus = fault_work.short_tones(tones)
    whole = np.array(extract(corpus, LogMel(n_mels=16, duration=0.25), cache=tmp_path / "cache").values)
    place = read_only(tmp_path / "cache")
    np.testing.assert_array_equal(extract(corpus, LogMel(n_mels=16, duration=0.25), cache=place).values, whole)
    with pytest.raises(OSError, match=f"Read-only file system: '{place}/features"):
        extract(corpus, LogMel(n_mels=8, duration=0.25), cache=place)
    faults("read-only folders", 2)


def test_read_only_runs_are_read_and_nothing_is_trained_in_vain(elsewhere, tones, straight, read_only, home, tmp_path, faults):
    shutil.copytree(home / "straight", tmp_path / "copy")
    place, diary = read_only(tmp_path / "copy"), tmp_path / "diary"
    assert elsewhere.gave(fault_work.train, tones, place) == straight[0]
    failed = elsewhere.do(fault_work.train, tones, place, cache=tmp_path / "cache", diary=diary, epochs=3)
    assert f"Read-only file system: '{place}/runs" in failed["error"] and not diary.exists(), failed
    faults("read-only folders", 2)


def test_a_read_only_report_folder_is_said(elsewhere, read_only, tmp_path, faults):
    (tmp_path / "report").mkdir()
    place = read_only(tmp_path / "report")
    for work, arguments in ((fault_work.state_numbers, (place, 1)), (fault_work.make_report, (write_template(tmp_path), place))):
        assert str(place) in elsewhere.do(work, *arguments)["error"]
    faults("read-only folders", 2)


# Interrupted downloads


class Hub(http.server.BaseHTTPRequestHandler):
    "A hub with one checkpoint, and Keras' weights, which breaks off in the middle of a file as often as it is told."

    files: dict[str, bytes] = {}
    breaks = 0  # so many more downloads break off
    asked: list[str] = []  # which part of the large file was asked for

    def log_message(self, *arguments):
        pass

    def do_HEAD(self):
        self.answer(head=True)

    def do_GET(self):
        self.answer(head=False)

    def answer(self, head: bool) -> None:
        name, commit = self.path.split("?")[0].rpartition("/")[2], "0" * 40
        if "/tree/" in self.path:
            return self.send(json.dumps([{"type": "file", "path": file, "size": len(content), "oid": content_key(file)} for file, content in self.files.items()]).encode(), {"Content-Type": "application/json"}, head)
        if self.path.startswith("/api/"):
            return self.send(json.dumps({"id": "toy/encoder", "sha": commit, "siblings": [{"rfilename": file} for file in self.files]}).encode(), {"Content-Type": "application/json"}, head)
        if name not in self.files:
            return self.send(b"", {}, head, code=404)
        content, first = self.files[name], 0
        about = {"ETag": f'"{content_key(name)}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if asked := self.headers.get("Range"):
            first = int(asked.partition("=")[2].partition("-")[0])
        broken = not head and len(content) > 5000 and Hub.breaks > 0
        if not head and len(content) > 5000:
            Hub.breaks -= broken
            Hub.asked.append(f"from {first}")
        self.send(content[first:], about | ({"Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"} if asked else {}), head, code=206 if asked else 200, broken=broken)

    def send(self, content: bytes, about: dict, head: bool, code: int = 200, broken: bool = False) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(content)), **about}.items():
            self.send_header(name, value)
        self.end_headers()
        if not head:
            self.wfile.write(content[: len(content) // 2] if broken else content)
        self.close_connection = True


@pytest.fixture
def hub():
    "The address of a hub on this machine."
    Hub.files, Hub.breaks, Hub.asked = {}, 0, []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_an_encoder_whose_download_broke_off_is_not_used_until_it_is_whole(elsewhere, hub, tmp_path, faults):
    whole = elsewhere.gave(fault_work.save_encoder, tmp_path / "toy")
    Hub.files = {path.name: path.read_bytes() for path in (tmp_path / "toy").iterdir()}
    size = len(Hub.files["model.safetensors"])
    Hub.breaks = 99
    failed = elsewhere.do(fault_work.load_encoder, "toy/encoder", tmp_path / "home", hub)
    assert "toy/encoder is no folder here and could not be downloaded" in failed["error"], failed
    assert not list((tmp_path / "home").rglob("model.safetensors"))
    Hub.breaks, Hub.asked = 1, []
    assert elsewhere.gave(fault_work.load_encoder, "toy/encoder", tmp_path / "home", hub) == pytest.approx(whole, rel=1e-6)
    assert len(Hub.asked) > 1 and Hub.breaks == 0, "nothing broke off"
    Hub.files = {}
    assert elsewhere.gave(fault_work.load_encoder, "toy/encoder", tmp_path / "home", "http://127.0.0.1:9") == pytest.approx(whole, rel=1e-6), "without the internet"
    (tmp_path / "toy" / "model.safetensors").write_bytes((tmp_path / "toy" / "model.safetensors").read_bytes()[: size // 2])
    failed = elsewhere.do(fault_work.load_encoder, str(tmp_path / "toy"), tmp_path / "home", hub)
    assert "cut off" in failed["error"] and "model.safetensors" in failed["error"] and "download it again" in failed["error"]
    faults("interrupted downloads", 2)


def test_imagenet_weights_whose_download_was_killed_are_not_used(elsewhere, hub, tmp_path, faults):
    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
    whole = elsewhere.gave(fault_work.save_backbone, tmp_path / name)
    content = (tmp_path / name).read_bytes()
    Hub.files = {name: content}
    Hub.breaks = 1
    failed = elsewhere.do(fault_work.load_backbone, tmp_path / "home", hub)
    assert "ImageNet weights of MobileNetV2" in failed["error"] and not list((tmp_path / "home").rglob("*.h5")), failed
    left = tmp_path / "home" / "models" / name  # what a kill leaves
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(content[: len(content) // 3])
    failed = elsewhere.do(fault_work.load_backbone, tmp_path / "home", hub)
    assert "ImageNet weights of MobileNetV2" in failed["error"] and "truncated" in failed["error"], failed
    left.unlink()
    assert elsewhere.gave(fault_work.load_backbone, tmp_path / "home", hub) == whole
    faults("interrupted downloads", 2)


# A clock that is set


DECADE = 3.2e8  # seconds


def test_a_training_goes_on_whatever_the_clock_says(elsewhere, tones, straight, tmp_path, faults):
    process, _ = elsewhere.start(fault_work.train, tones, tmp_path, moment="after the second checkpoint", clock=DECADE)
    process.join(240)
    assert process.exitcode == -signal.SIGKILL
    assert elsewhere.gave(fault_work.train, tones, tmp_path, clock=-DECADE) == straight[0]
    (run,) = Ledger(tmp_path / "runs").runs()
    written = (run.folder / "record.json").stat().st_mtime_ns
    assert elsewhere.gave(fault_work.train, tones, tmp_path, clock=DECADE) == straight[0] and (run.folder / "record.json").stat().st_mtime_ns == written
    assert run.record["seconds"]["training"] < 300
    faults("clocks set", 3)


def test_a_search_accounts_for_its_seconds_while_the_clock_runs_backwards(elsewhere, tones, tmp_path, faults):
    table = pd.DataFrame(elsewhere.gave(fault_work.search_all, tones, tmp_path, -3600.0))
    seconds = [column for column in table if column.endswith("seconds")]
    assert (table["state"] == "complete").all() and len(table) == 2 and (table[seconds] >= 0).all(axis=None) and (table[seconds] < 300).all(axis=None)
    assert (table["training seconds"] > 0).all(), "a run that was made now counted as one that had been there"
    faults("clocks set")


@pytest.mark.fault("clocks set")
@pytest.mark.parametrize("seconds", [-DECADE, DECADE])
def test_a_worker_that_lives_is_not_taken_for_gone_when_the_clock_is_set(monkeypatch, seconds):
    from synesthetic.tuning import storage

    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = {**storage.signature(), "process": child.pid, "born": psutil.Process(child.pid).create_time()}
    booted = psutil.boot_time()
    for module in [psutil, getattr(psutil, "_pslinux", psutil)]:  # a system that is told another time tells another time for its start
        monkeypatch.setattr(module, "boot_time", lambda: booted + seconds)
    monkeypatch.setattr(time, "time", lambda told=time.time: told() + seconds)
    assert not storage.is_gone(owner)
    child.kill(), child.wait()
    assert storage.is_gone(owner)


@pytest.mark.fault("clocks set")
def test_what_is_being_written_is_not_swept_away_when_the_clock_is_set(tmp_path, monkeypatch):
    from synesthetic.foundation import atomic_folder

    key = content_key("a run")
    with atomic_folder(tmp_path / key) as scratch:
        (scratch / "answer").write_text("42")
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda told=time.time: told() + DECADE)
            Ledger(tmp_path)
    assert (tmp_path / key / "answer").read_text() == "42"


# Bad input on the command line


def write_inputs(folder: Path) -> None:
    "Everything that people give by mistake."
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 0.1, 4000)
    broken = {"silent": sound * 0, "nan": np.where(np.arange(4000) == 9, np.nan, sound), "empty": sound[:0]}
    for name in ("good", "corrupt", "text", "stereo", "rate", *broken):
        place = folder / name
        place.mkdir(parents=True)
        for number in range(8):
            soundfile.write(place / f"{number % 4 + 10}a0{number}{'FT'[number // 4]}a.wav", rng.normal(0, 0.1, 4000), 16000)
    for name, y in broken.items():
        soundfile.write(folder / name / "10a00Fa.wav", y, 16000, subtype="FLOAT")
    (folder / "corrupt" / "10a00Fa.wav").write_bytes((folder / "good" / "10a00Fa.wav").read_bytes()[:3000])
    (folder / "text" / "10a00Fa.wav").write_text("no sound")
    soundfile.write(folder / "stereo" / "10a00Fa.wav", rng.normal(0, 0.1, (4000, 2)), 16000)
    soundfile.write(folder / "rate" / "10a00Fa.wav", rng.normal(0, 0.1, 11025), 44100)
    (folder / "nothing").mkdir()
    (folder / "others").mkdir()
    soundfile.write(folder / "others" / "my recording.wav", sound, 16000)
    for name, text in {
        "label.csv": "id,label,predicted\na,happy,glad\nb,sad,sad\n", "number.csv": "id,valence,predicted_valence\na,0.5,nan\nb,0.1,0.2\n", "garbage.csv": "\x00\x01\x02", "empty.csv": "",
        "twice.csv": "id,label,predicted\na,happy,sad\na,sad,sad\n", "faces.csv": "emotion,pixels,Usage\n9,1 2 3,Training\n", "pictures.csv": "file,label\nno.png,happy\nnothing.png,sad\n",
        "split.csv": "id,part\nx,train\n", "answers.pkl": "cos\nsystem\n(S'true'\ntR.", "parts.csv": "id,part\n10a00Fa,dev\n",
    }.items():
        (folder / name).write_text(text)


BAD_CALLS = {  # what is called, with {} for the folder of inputs: what is said
    "audit emodb --data {}/missing": "emodb is not at {}/missing",
    "audit emodb --data {}/nothing": "{}/nothing",
    "audit emodb --data {}/others": "named like emodb",
    "audit emodb --data {}/good --classes glad": "glad",
    "audit emodb --data {}/good --split people": "unknown split policy 'people'",
    "audit emodb --data {}/good --folds 40": "folds",
    "audit emodb --data {}/good --folds 1": "2 folds",
    "audit emodb --data {}/good --allow nonsense": "nonsense",
    "audit emodbb --data {}/good": "emodbb",
    "audit --table {}/split.csv": "split.csv",
    "audit --table {}/garbage.csv": "garbage.csv",
    "audit --table {}/empty.csv": "empty.csv",
    "audit --table {}/missing.csv": "missing.csv",
    "audit emodb --data {}/good --table {}/parts.csv": "dev",
    "audit": "what is to be audited",
    "audit {}/pictures.csv": "no.png",
    "audit {}/answers.pkl": "answers.pkl",
    "audit fer2013 --data {}/faces.csv": "faces.csv",
    "runs verify {}/missing.csv": "missing.csv",
    "runs verify {}/garbage.csv": "garbage.csv",
    "runs verify {}/empty.csv": "empty.csv",
    "runs verify {}/number.csv": "predicted_valence",
    "runs verify {}/twice.csv": "a",
    "runs verify {}/answers.pkl": "Pickles are not opened",
    "paint {}/missing.wav": "missing.wav: there is no such file",
    "paint {}/silent/10a00Fa.wav": "the recording is silent",
    "paint {}/nan/10a00Fa.wav": "NaN or infinite",
    "paint {}/empty/10a00Fa.wav": "holds no samples",
    "paint {}/text/10a00Fa.wav": "damaged or not audio",
    "paint {}/corrupt/10a00Fa.wav": "bytes before its header says",
    "paint {}/good/10a00Fa.wav --out {}/picture.docx": ".docx",
    "paint {}/good/10a00Fa.wav --set steps=many": "many",
    "paint {}/good/10a00Fa.wav": "synesthetic report 06",
    "tune --corpus emodb --data {}/missing": "{}/missing",
    "tune --corpus emodb --data {}/silent --classes happy,sad --folds 2 --n-trials 1": "10a00Fa.wav: the recording is silent",
    "tune --corpus emodb --data {}/good --architecture rnn": "rnn",
    "tune --corpus emodb --data {}/good --sampler magic --folds 2": "magic",
    "tune --corpus emodb --data {}/good --storage nonsense://place --folds 2": "nonsense",
    "studies nobody": "nobody",
    "studies --delete nobody": "nobody",
    "claims nobody": "nobody",
    "report 99": "there is no report '99'",
    "report 04 --set epochz=1": "did you mean 'epochs'",
    "report 04 --set epochs=many": "epochs must be of type int",
    "report 04 --set epochs": "--set takes name=value",
    "reports verify {}/nothing": "holds no finished report",
    "reports index {}/missing": "there is no folder",
}


def test_bad_input_is_said_in_a_line(elsewhere, tmp_path, faults):
    folder = tmp_path / "inputs"
    write_inputs(folder)
    calls = [[word.replace("{}", str(folder)) for word in call.split()] for call in BAD_CALLS]
    environment = {"SYNESTHETIC_RUNS": str(tmp_path / "runs"), "SYNESTHETIC_CACHE": str(tmp_path / "cache"), "MPLBACKEND": "agg"}
    wrong = []
    for (call, expected), found in zip(BAD_CALLS.items(), elsewhere.gave(fault_work.command_lines, calls, environment)):
        if found["code"] not in (1, 2) or expected.replace("{}", str(folder)) not in "".join(found["said"].split("│")).replace("\n ", " ") or "Traceback" in found["said"]:
            wrong.append(f"{call}\n  ended with {found['code']} and said: {found['said'][-600:]}")
    assert not wrong, "\n".join(wrong)
    assert not Ledger(tmp_path / "runs").runs()
    faults("bad inputs tried", len(BAD_CALLS))


HEARD = {"stereo": "nothing is shared", "rate": "nothing is shared", "corrupt": "1 of 8 items could not be looked at", "text": "1 of 8 items could not be looked at"}


@pytest.mark.fault("bad inputs tried", count=len(HEARD))
def test_an_audit_hears_stereo_and_other_rates_and_names_what_it_cannot_hear(elsewhere, tmp_path):
    write_inputs(tmp_path / "inputs")
    calls = [["audit", "emodb", "--data", str(tmp_path / "inputs" / name), "--split", "random", "--folds", "2", "--allow", "speaker,text"] for name in HEARD]
    environment = {"SYNESTHETIC_CACHE": str(tmp_path / "cache")}
    for (name, expected), found in zip(HEARD.items(), elsewhere.gave(fault_work.command_lines, calls, environment)):
        assert found["code"] == 0 and expected in found["said"] and "Traceback" not in found["said"], found
        assert ("10a00Fa.wav" in found["said"]) == (name in ("corrupt", "text"))
