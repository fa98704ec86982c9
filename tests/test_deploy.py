"""A run leaves the ledger as one file and predicts elsewhere: through the library and through the command line, in one process."""
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from typer.testing import CliRunner

FOREIGN = """
import sys
from synesthetic import load_model
model = load_model(sys.argv[1])
print(model.predict(sys.argv[2:])["predicted"].tolist())
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    "A ledger with a network and a support vector machine that were trained on tones."
    import soundfile

    import synesthetic as sy

    folder, rng, rows = tmp_path_factory.mktemp("deploy"), np.random.default_rng(0), []
    for speaker in range(4):
        for label, pitch in (("happy", 900), ("sad", 300)):
            for take in range(3):
                path = folder / f"s{speaker}-{label}-{take}.wav"
                tone = 0.3 * np.sin(2 * np.pi * (pitch + 40 * speaker) * np.arange(8000) / 16000)
                soundfile.write(path, tone + 0.05 * rng.standard_normal(8000), 16000)
                rows.append({"id": path.stem, "path": str(path), "label": label, "speaker": f"s{speaker}", "valence": 0.5 if label == "happy" else -0.5})
    corpus = sy.Corpus("tones", pd.DataFrame(rows), ("happy", "sad"), licence="CC0-1.0", citation="Nobody (2026)")
    split = sy.make_splits(corpus, "speaker", folds=4)[0]
    place = {"ledger": sy.Ledger(folder / "runs"), "cache": folder / "cache"}
    recipe = sy.Recipe(epochs=1, batch_size=8, augmentation=None, ema_momentum=0.0, patience=None)
    mel = sy.LogMel(duration=0.5)
    run = sy.run_experiment(sy.Experiment(corpus, split, mel, sy.build_ann, recipe), **place)
    machine = sy.run_experiment(sy.Experiment(corpus, split, sy.AudioSummary(), sy.build_svm, None), **place)
    listener = sy.Experiment(corpus, split, sy.Waveform(8000, trim_db=None), sy.build_speech_classifier, replace(recipe, unfreeze_epoch=1), {"encoder": sy.Encoder(), "adaptation": "frozen"})
    return folder, corpus, run, machine, sy.run_experiment(listener, **place)


def test_saved_model_answers_as_its_run(trained):
    import synesthetic as sy

    folder, corpus, run, machine, listener = trained
    for one in (run, listener):
        model = sy.load_model(sy.save_model(one, folder / f"{one.key[:4]}.keras"))
        stored = one.predictions.set_index("id")
        answers = model.predict(corpus).set_index("id").loc[stored.index]
        assert answers["predicted"].equals(stored["predicted"])
        assert np.abs(answers[["p_happy", "p_sad"]] - stored[["p_happy", "p_sad"]]).to_numpy().max() < (1e-6 if one is run else 1e-5)  # one by one through the frozen encoder, together through the whole network
        assert model.card["corpus"]["licence"] == "CC0-1.0" and model.card["training"]["run"] == one.key
    with pytest.raises(ValueError, match="a pickle runs whatever it holds"):
        sy.save_model(machine, folder / "machine.keras")
    with pytest.raises(ValueError, match="named <name>.keras"):
        sy.save_model(run, folder / "emotions.h5")


def test_command_line(trained, monkeypatch):
    folder, corpus, run, machine, _ = trained
    monkeypatch.setenv("SYNESTHETIC_RUNS", str(folder / "runs"))
    from synesthetic.cli import app

    def typed(*words):
        return CliRunner().invoke(app, [str(word) for word in words])

    file, clips = folder / "out" / "emotions.keras", corpus.items["path"].tolist()
    listing = typed("models", "list").output
    assert run.key[:12] in listing and machine.key[:12] not in listing
    saved = typed("models", "save", run.key[:8], file)
    assert saved.exit_code == 0 and "licence of the corpus: CC0-1.0" in saved.output
    assert json.loads(file.with_suffix(".json").read_text(encoding="utf-8")) == json.loads(typed("models", "show", file, "--json").output)
    table = typed("predict", file, *clips[:3], "--csv", folder / "answers.csv")
    assert table.exit_code == 0, table.output
    assert list(pd.read_csv(folder / "answers.csv")) == ["id", "predicted", "p_happy", "p_sad"]
    assert typed("predict", file, clips[0], "nobody.wav").exit_code == 1
    assert "no run in" in str(typed("models", "save", "zzzz", file).exception)


def test_libraries_write_nothing_beside_a_card(trained, tmp_path):
    import synesthetic as sy

    file = sy.save_model(trained[2], tmp_path / "emotions.keras")
    loud = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, "-c", "from synesthetic.cli import app; app()", "models", "show", str(file)]
    call = subprocess.run(command, cwd=ROOT, env=loud, capture_output=True, text=True)
    assert call.returncode == 0 and "test accuracy" in call.stdout and not call.stderr, call.stderr


@pytest.mark.fault("damaged files noticed")
def test_listing_names_a_damaged_run_and_goes_on(trained, tmp_path, monkeypatch):
    from synesthetic.cli import app

    run, damaged = trained[2], tmp_path / ("d" * 32)
    shutil.copytree(run.folder, tmp_path / run.key)
    shutil.copytree(run.folder, damaged)
    (damaged / "experiment.json").unlink()
    monkeypatch.setenv("SYNESTHETIC_RUNS", str(tmp_path))
    listing = CliRunner().invoke(app, ["models", "list"])
    assert listing.exit_code == 0 and run.key[:12] in listing.stdout and "dddd" not in listing.stdout
    assert f"left out: the run {damaged} is damaged: experiment.json is missing" in listing.stderr
    assert "experiment.json is missing" in str(CliRunner().invoke(app, ["models", "save", "dddd", str(tmp_path / "a.keras")]).exception)


def test_a_program_that_knows_the_file_alone(trained, tmp_path):
    "Layers of the package are found without an import of whoever made them; nothing of the ledger is needed."
    folder, corpus, _, _, listener = trained
    import synesthetic as sy

    file = sy.save_model(listener, tmp_path / "voices.keras")
    call = subprocess.run([sys.executable, "-c", FOREIGN, file, corpus.items["path"].iloc[0]], cwd=ROOT, capture_output=True, text=True)
    assert call.returncode == 0, call.stderr
    expected = sy.load_model(file).predict(corpus.items["path"].iloc[0])["predicted"].tolist()
    assert call.stdout.strip().splitlines()[-1] == str(expected)
    file.write_bytes(file.read_bytes()[:-500])
    with pytest.raises(sy.ModelError, match="damaged or no saved model"):
        sy.load_model(file)
    with zipfile.ZipFile(tmp_path / "empty.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(sy.ModelError, match="has no card"):
        sy.load_model(tmp_path / "empty.keras")
