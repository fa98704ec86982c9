"""The week-3 report from end to end: on the embedded faces, on pictures in parts with copies across them, and refusals."""
import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import warm
from synesthetic.corpora.synthetic_faces import synthetic_faces

SMALL = {
    "backbones": "MobileNetV2", "size": 32, "folds": 2, "seeds": 1, "epochs": 2, "cnn_epochs": 2, "fine_epochs": 1, "identities": 6, "images": 2,
    "classes": "happy,sad,angry", "shown": 8,
}


def report(workplace: dict, out: Path, *more: str, **settings: object) -> subprocess.CompletedProcess:
    "The command line's report, as small as it gets."
    words = [word for name, value in {**SMALL, **settings}.items() for word in ("--set", f"{name}={value}")]
    return warm.synesthetic("report", "03", "--out", out, *words, *more, env=workplace)


@pytest.fixture(scope="module")
def finished(workplace, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("report")
    run = report(workplace, out)
    assert run.returncode == 0, run.stderr[-3000:]
    return out


def test_report_on_the_embedded_faces(finished):
    numbers = json.loads((finished / "numbers.json").read_text())
    assert all(number["runs"] or number["corpus"] == "embedded-faces" for number in numbers["numbers"].values())
    table = pd.read_csv(finished / "tables/classification.csv", index_col=0)
    assert set(table.index) == {"MobileNetV2", "four-block CNN"} and {"cohen_kappa", "auc_ovr low", "f1_weighted high"} <= set(table)
    rated = pd.read_csv(finished / "tables/dimensions.csv", index_col=[0, 1, 2])
    assert len(rated) == 8 and {"rmse", "pearson", "ccc", "sagr"} <= set(rated)
    assert set(pd.read_csv(finished / "tables/weighing.csv", index_col=0).index) == {"nothing", "class weights", "oversampling"}
    assert len(pd.read_csv(finished / "tables/examples_MobileNetV2.csv")) <= 8
    page = (finished / "week_03.html").read_text()
    assert "untrained" in page and 'src="http' not in page and "Synthetic faces stand in" in page
    assert {path.stem for path in finished.glob("figures/*.png")} >= {"confusion", "trade_off", "learning_curves", "weighing", "saliency_four-block_CNN", "predicted_valence"}


@pytest.fixture(scope="module")
def fer_folders(tmp_path_factory) -> Path:
    "Faces in the folders of FER2013, some of the tested ones with a copy in training, and one of one grey."
    root = tmp_path_factory.mktemp("fer") / "fer2013"
    faces = synthetic_faces(tmp_path_factory.mktemp("faces"), classes="happy,sad", identities=12, images=3).items
    tested, copied = faces["speaker"].unique()[:3], 0
    for row in faces.itertuples():
        part = "test" if row.speaker in tested else "train"
        for folder in ("test", "train"):
            (root / folder / row.label).mkdir(parents=True, exist_ok=True)
        Image.open(row.path).save(root / part / row.label / f"{row.id}.png")
        if part == "test" and copied < 5:
            Image.open(row.path).save(root / "train" / row.label / f"copy-{row.id}.png")
            copied += 1
    Image.fromarray(np.full((48, 48), 90, np.uint8)).save(root / "train" / "happy" / "grey.png")
    return root


def test_report_takes_copies_out_of_training(workplace, fer_folders, tmp_path):
    run = report(workplace, tmp_path, "--corpus", "fer2013", "--data", str(fer_folders), classes="", fine_blocks=0)
    assert run.returncode == 0, run.stderr[-3000:]
    numbers = json.loads((tmp_path / "numbers.json").read_text())["numbers"]
    assert numbers["copies.duplicate"]["value"] == 5 and "copies.points" in numbers and "duplicates shared" in numbers["copies.points"]["mark"]
    assert "duplicates shared" not in numbers["MobileNetV2.accuracy"]["mark"]
    page = (tmp_path / "week_03.html").read_text()
    assert "1 picture cannot be used" in page and "does not rate its pictures" in page


def test_refusals_are_said_in_a_line(workplace, tmp_path):
    for settings, words in (
        ({"tasks": "emotion"}, "can be asked for classes, valence-arousal, both"),
        ({"weights": "ResNet50:imagenet"}, "weights are given for 'ResNet50'"),
        ({"parts": "2799,600,600"}, "too few for parts of 2799, 600, 600"),
        ({"policy": "official"}, "does not come in parts"),
    ):
        run = report(workplace, tmp_path, **settings)
        assert run.returncode == 1 and words in run.stderr and "Traceback" not in run.stderr, run.stderr[-500:]
