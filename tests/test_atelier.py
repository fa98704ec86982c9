"""Week 6 from end to end on small corpora: the report, painting from the command line, a kill in the middle of a training."""
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image

import warm

SMALL = {
    "phrases": 3, "artists": 6, "paintings": 4, "folds": 2, "epochs": 3, "judge_epochs": 3, "steps": 4, "batch_size": 8, "filters": 8,
    "snapshots": 2, "workers": 1,
}
PAINTER = {name: value for name, value in SMALL.items() if name != "workers"}
TRAIN = """
import os, signal, sys
import numpy as np, pandas as pd
from synesthetic.corpora.synthetic_paintings import synthetic_paintings
from synesthetic.features.pixels import Pixels
from synesthetic.splits.policy import make_splits
from synesthetic.training.adversarial import GanExperiment, GanRecipe, run_gan

corpus = synthetic_paintings(artists=4, paintings=2, size=32)
split = make_splits(corpus, "speaker", folds=2)[0]
rng = np.random.default_rng(0)
conditions, asked = rng.standard_normal((len(split.train), 2, 16)), rng.standard_normal((5, 16))
table = pd.DataFrame({"id": list("abcde"), "label": corpus.classes})
unit = lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True)
recipe = GanRecipe(steps=9, batch_size=4, checkpoint_every=2, snapshots=3)
experiment = GanExperiment(corpus, split, unit(conditions), table, unit(asked), {}, recipe, Pixels(32), filters=8)
die_at = int(sys.argv[1])
run_gan(experiment, progress=False, callback=lambda step, scores: os.kill(os.getpid(), signal.SIGKILL) if step == die_at else None)
"""


def settings(values: dict) -> list[str]:
    "The command line's words for parameters."
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


def environment(folder: Path) -> dict[str, str]:
    "An environment with a ledger of its own; embedded corpora come from the cache of the user."
    return {**os.environ, "SYNESTHETIC_RUNS": str(folder / "runs"), "MPLBACKEND": "agg", "TF_CPP_MIN_LOG_LEVEL": "3"}


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    "A folder for the ledger and the report."
    return tmp_path_factory.mktemp("atelier")


@pytest.fixture(scope="module")
def finished(place) -> Path:
    "The report of week 6, as small as it gets."
    run = warm.synesthetic("report", "06", "--out", place / "report", *settings(SMALL), env=environment(place))
    assert run.returncode == 0, run.stderr[-3000:]
    return place / "report"


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    "Four seconds of a melody."
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("clip") / "clip.wav"
    tones = [0.3 * np.sin(2 * np.pi * pitch * np.arange(8000) / 16000) for pitch in (440, 550, 660, 880, 660, 550, 440, 330)]
    soundfile.write(path, np.concatenate(tones) + 0.01 * rng.standard_normal(64000), 16000)
    return path


def paint(place: Path, *words: str) -> subprocess.CompletedProcess:
    "The command line's painting, with the runs of the small report."
    return warm.synesthetic("paint", *words, env=environment(place), cwd=place)


def test_report_leaves_what_it_promises(finished):
    for name in ("week_06.html", "numbers.json", "tables/retrieval_by_label.csv", "tables/kid.csv", "figures/painter_samples.png", "figures/painting_right.png"):
        assert (finished / name).stat().st_size > 0, name
    numbers = json.loads((finished / "numbers.json").read_text())["numbers"]
    assert f"{numbers['generator.parameters']['value'] / 1e6:.3g}" == "4.97" and f"{numbers['discriminator.parameters']['value'] / 1e6:.3g}" == "2.82"
    assert numbers["retrieval.label.shared space.mAP"]["low"] < numbers["retrieval.label.shared space.mAP"]["high"]
    assert numbers["conditional.held-out_performers"]["chance"] == pytest.approx(0.2)
    curve, floor = (pd.read_csv(finished / "tables" / f"{name}.csv") for name in ("kid", "kid_floor"))
    at_random = floor[floor["halves"] == "random"]
    assert set(zip(curve["real"], curve["generated"])) == set(zip(at_random["first"], at_random["second"]))


def test_report_can_be_verified(finished, place):
    call = warm.synesthetic("reports", "verify", finished, env=environment(place))
    assert call.returncode == 0 and "ok" in call.stdout, call.stdout + call.stderr


def test_runs_of_all_kinds_can_be_verified(finished, place):
    call = warm.synesthetic("runs", "verify", env=environment(place))
    assert call.returncode == 0, call.stdout[-3000:] + call.stderr[-2000:]


def test_paint_makes_a_picture(finished, place, clip):
    found = paint(place, clip, "--out", "there/picture.png", *settings(PAINTER))
    assert found.returncode == 0, found.stderr
    assert "clip.wav: " in found.stdout and "valence" in found.stdout
    width, height = Image.open(place / "there" / "picture.png").size
    assert width > 1000 and height > 1000


def test_paint_says_what_is_missing(tmp_path, clip):
    found = paint(tmp_path, clip, *settings(PAINTER))
    assert found.returncode == 1 and "synesthetic report 06" in found.stderr and "--set steps=4" in found.stderr
    assert "Traceback" not in found.stderr


def test_pictures_of_ones_own_are_a_csv(tmp_path, clip):
    from synesthetic.crossmodal.studio import open_studio
    from synesthetic.reporting.report import report_folder

    rng, names = np.random.default_rng(0), [f"{artist}-{label}.png" for artist in "abcd" for label in ("happy", "sad")]
    for name in names:
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).save(tmp_path / name)
    table = pd.DataFrame({"file": names, "label": ["happy", "sad"] * 4, "artist": [name[0] for name in names]})
    table.to_csv(tmp_path / "mine.csv", index=False)
    table.drop(columns="artist").to_csv(tmp_path / "anonymous.csv", index=False)
    studio = open_studio("embedded", str(tmp_path / "mine.csv"), phrases=1)
    assert studio.pictures.name == "mine" and studio.sounds.classes == ("happy", "sad")
    artists = studio.pictures.items.set_index("id")["speaker"]
    assert not set(artists[list(studio.halves[0].train)]) & set(artists[list(studio.halves[1].train)])
    assert report_folder("week_06", "embedded", str(tmp_path / "mine.csv")).name == "embedded+mine"
    with pytest.raises(ValueError, match="anonymous does not say the speaker or artist of its items"):
        open_studio("embedded", str(tmp_path / "anonymous.csv"), phrases=1).picture_splits
    found = paint(tmp_path, clip, "--pictures", "mine.csv")
    assert found.returncode == 1 and "synesthetic report 06" in found.stderr and "--set pictures=mine.csv" in found.stderr


@pytest.mark.parametrize("kind, words", [
    ("missing", "no such file"), ("empty", "empty"), ("silent", "silent"), ("offset", "silent"), ("text", "clip.wav"), ("nan", "finite"),
])
def test_paint_names_bad_sound(kind, words, tmp_path):
    path = tmp_path / "clip.wav"
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("not a sound")
    elif kind != "missing":
        soundfile.write(path, np.full(16000, {"silent": 0.0, "offset": 0.3, "nan": np.nan}[kind]), 16000, subtype="FLOAT")
    found = paint(tmp_path, path)
    assert found.returncode == 1 and words in found.stderr and "Traceback" not in found.stderr, found.stderr


@pytest.mark.parametrize("words, message", [
    (("--out", "picture.xyz"), "a figure can be .png"), (("--seed", "-1"), "--seed"), (("--set", "workers=1"), "unknown size 'workers'"),
])
def test_paint_refuses_before_it_works(finished, place, clip, words, message):
    found = paint(place, clip, *words)
    assert found.returncode > 0 and message in found.stderr and "Traceback" not in found.stderr, found.stderr


def test_paint_hears_no_emotion_in_a_click(finished, place, tmp_path):
    click = np.zeros(32000)
    click[16000] = 0.5
    soundfile.write(tmp_path / "click.wav", click, 16000)
    found = paint(place, tmp_path / "click.wav", *settings(PAINTER))
    assert found.returncode == 1 and "click.wav: there is sound for" in found.stderr and "Traceback" not in found.stderr, found.stderr


@pytest.mark.fault("kills survived", count=2)
def test_a_killed_painter_goes_on_to_the_same_weights(tmp_path):
    def train(folder: Path, die_at: int) -> int:
        call = subprocess.run([sys.executable, "-c", TRAIN, str(die_at)], env=environment(folder), capture_output=True, text=True)
        assert call.returncode in (0, -signal.SIGKILL), call.stderr[-2000:]
        return call.returncode

    assert train(tmp_path / "whole", 0) == 0
    assert train(tmp_path / "killed", 5) == -signal.SIGKILL and not list((tmp_path / "killed/runs").glob("[0-9a-f]*/record.json"))
    assert train(tmp_path / "killed", 8) == -signal.SIGKILL
    assert train(tmp_path / "killed", 0) == 0
    from synesthetic.training.fit import load_network
    from synesthetic.training.ledger import Ledger

    (whole,), (killed,) = (Ledger(tmp_path / name / "runs").runs() for name in ("whole", "killed"))
    assert whole.key == killed.key and np.array_equal(whole.array("pictures"), killed.array("pictures"))
    assert all(map(np.array_equal, load_network(whole).get_weights(), load_network(killed).get_weights()))
    pd.testing.assert_frame_equal(whole.history.drop(columns="seconds"), killed.history.drop(columns="seconds"))


def test_faiss_finds_the_same():
    pytest.importorskip("faiss")
    from synesthetic.crossmodal.retrieval import nearest

    rng = np.random.default_rng(0)
    queries, gallery = rng.standard_normal((50, 32)), rng.standard_normal((3000, 32))
    gallery[1000:1500] = gallery[:500]  # ties
    for one, other in zip(nearest(queries, gallery, 10), nearest(queries, gallery, 10, engine="faiss")):
        assert np.array_equal(one, other)


def test_random_embeddings_land_on_chance():
    from synesthetic.crossmodal.retrieval import cosine_similarity, relevant_by_label, retrieval_table

    rng, held = np.random.default_rng(0), []
    labels, shown = np.tile(list("abcde"), 48), np.repeat(list("abcde"), (20, 30, 40, 50, 60))
    for _ in range(40):
        similarity = cosine_similarity(rng.standard_normal((240, 64)), rng.standard_normal((200, 64)))
        table = retrieval_table(similarity, relevant_by_label(labels, shown), np.repeat(np.arange(12), 20).astype(str))
        held.append((table["low"] <= table["chance"]) & (table["chance"] <= table["high"]))
    assert pd.DataFrame(held).mean().between(0.85, 1).all()


def test_a_copying_generator_is_found_out():
    from synesthetic.corpora.synthetic_paintings import synthetic_paintings
    from synesthetic.evaluation.memorisation import memorisation
    from synesthetic.features.cache import extract
    from synesthetic.features.pixels import Pixels

    corpus = synthetic_paintings(artists=6, paintings=12, size=64)
    pictures, items = extract(corpus, Pixels()).values, corpus.items
    artists = sorted(items["speaker"].unique())
    own, other = items["speaker"].isin(artists[:4]).to_numpy(), items["speaker"].isin(artists[4:]).to_numpy()
    new = own & (np.arange(len(items)) % 2 == 0)
    training, fresh, held_out = pictures[own & ~new], pictures[new], pictures[other]
    rng = np.random.default_rng(0)
    copies = np.clip(training[:100] + rng.normal(0, 0.05, training[:100].shape), -1, 1)[:, :, ::-1]
    assert memorisation(copies, training, held_out).verdict == "memorising"
    assert memorisation(np.concatenate([copies[:30], fresh[:70]]), training, held_out).verdict == "memorising"
    assert memorisation(fresh[:100], training, held_out).verdict != "memorising"


def test_whoever_ignores_the_question_scores_chance():
    from synesthetic.evaluation.generation import conditional_accuracy, judged

    rng, classes = np.random.default_rng(0), ("happy", "sad", "angry", "fearful", "tender")
    asked = pd.DataFrame({"id": [str(n) for n in range(600)], "label": np.tile(classes, 120), "speaker": np.repeat([f"s{n}" for n in range(12)], 50)})
    sees = lambda pictures: np.eye(5)[(pictures.mean((1, 2, 3)) * 10).round().astype(int)]  # noqa: E731  a judge that reads the class off the light
    paint_class = lambda numbers: np.ones((len(numbers), 4, 4, 3), np.float32) * np.asarray(numbers)[:, None, None, None] / 10  # noqa: E731
    real = judged(sees, paint_class(np.tile(range(5), 120)), asked, classes)
    deaf = conditional_accuracy(judged(sees, paint_class(rng.integers(0, 5, 600)), asked, classes), real, classes)
    hearing = conditional_accuracy(judged(sees, paint_class(np.tile(range(5), 120)), asked, classes), real, classes)
    assert deaf.generated.low <= deaf.chance <= deaf.generated.high and deaf.chance == pytest.approx(0.2)
    assert hearing.generated.estimate == hearing.ceiling.estimate == 1


def test_sizes_of_the_source():
    from synesthetic.models.gan import build_discriminator, build_generator

    assert f"{build_generator().count_params() / 1e6:.3g}" == "4.97" and f"{build_discriminator().count_params() / 1e6:.3g}" == "2.82"
