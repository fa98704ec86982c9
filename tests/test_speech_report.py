"""The week-5 report from end to end on the embedded corpora, and its refusals."""
import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest

import warm

SMALL = {
    "performers": 4, "phrases": 3, "input_length": 6000, "hidden_size": 16, "hidden_layers": 1, "pretraining_epochs": 1, "epochs": 2, "folds": 2, "ablation_seeds": 1,
    "repeats": 2, "search_minutes": 0.01, "n_trials": 2, "search_length": 6000, "engines": "tpe,random", "few_shot": 0.1, "allow_leakage": "text,near-duplicate", "batch_size": 16,
}


def report(workplace: dict, out: Path, *more: str, **settings: object) -> subprocess.CompletedProcess:
    "The command line's report, as small as it gets."
    words = [word for name, value in {**SMALL, **settings}.items() for word in ("--set", f"{name}={value}")]
    return warm.synesthetic("report", "05", "--out", out, *words, *more, env=workplace)


def test_report_on_the_embedded_corpora(workplace, tmp_path):
    run = report(workplace, tmp_path)
    assert run.returncode == 0, run.stderr[-3000:]
    stated = json.loads((tmp_path / "numbers.json").read_text())
    assert all(number["runs"] or number["corpus"] for number in stated["numbers"].values())
    for name in ("pretrained, two-stage.uar", "pretraining.frozen.points", "unfrozen at 5.uar", "LoRA, same budget.uar", "tpe.uar_per_minute", "front.points", "embedded-source to embedded.uar", "untrained.0.1_minutes.uar"):
        assert name in stated["numbers"], name
    assert set(pd.read_csv(tmp_path / "tables/engines.csv", index_col=0).index) == {"tpe", "random"}
    cards = pd.read_csv(tmp_path / "tables/zero_shot.csv", index_col=0)
    assert list(cards)[:2] == ["embedded-source to embedded", "embedded to embedded-source"] and "calibration error" in cards.index
    page = (tmp_path / "week_05.html").read_text()
    assert "a small encoder of" in page and "it stands in for wav2vec 2.0" in page and 'src="http' not in page
    assert {path.stem for path in tmp_path.glob("figures/*.png")} >= {"pretraining", "ablation", "engines", "front", "few_shot"}


@pytest.mark.parametrize(("settings", "words"), [
    ({"policy": "random"}, "choose speaker, text or speaker+text"),
    ({"encoder": "/nowhere/encoder"}, "/nowhere/encoder"),
    ({"input_length": 300, "search_length": 300}, "300 samples are too few for this encoder"),
    ({"corpus": "ravdess", "source": "ravdess"}, "ravdess"),
    ({"engines": "bayes"}, "unknown engine 'bayes'; known are gp, tpe, random, grid"),
    ({"adaptation": "half"}, "unknown adaptation 'half'"),
    ({"few_shot": "0.1,60"}, "minutes to draw from, not 60"),
    ({"allow_leakage": "near-duplicate", "policy": "speaker+text"}, "training share"),
])
def test_refusals_are_said_in_a_line(workplace, tmp_path, settings, words):
    run = report(workplace, tmp_path, **settings)
    assert run.returncode != 0 and words in run.stderr and "Traceback" not in run.stderr
    assert not (tmp_path / "figures").exists()  # before anything takes time
