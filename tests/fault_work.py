"""What `test_faults.py` has done in other processes, which get killed, run out of disk, and meet each other. TensorFlow is loaded there alone."""
import io
import json
import os
import shutil
import signal
import sys
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd

from synesthetic.corpora.base import Corpus
from tones import write_tones


def outcome(file: str, work, arguments: tuple, settings: dict, clock: float = 0.0) -> None:
    "Do something, with a clock that is so many seconds off, and write down what it gave, what it said, or how it failed."
    os.setsid()
    if clock:
        real = time.time
        time.time = lambda: real() + clock
    said, found = Path(file).with_suffix(".said"), {}
    try:
        with open(said, "w", buffering=1) as stream, redirect_stderr(stream):
            found["gave"] = work(*arguments, **settings)
    except BaseException as error:
        found.update(error=f"{type(error).__name__}: {error}", trace=traceback.format_exc())
    scratch = Path(file).with_suffix(".part")
    scratch.write_text(json.dumps({**found, "said": said.read_text()}, default=str))
    scratch.replace(file)


def nothing() -> None:
    "Be started."


# Moments at which a process may die


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner, name: str, times: int = 1) -> None:
    "Die when a function is called for the so-many-th time."
    real, calls = getattr(owner, name), []

    def deadly(*arguments, **settings):
        calls.append(1)
        if len(calls) == times:
            die()
        return real(*arguments, **settings)

    setattr(owner, name, deadly)


def halfway(owner, name: str) -> None:
    "Die when a function has written half of what it should write."
    def deadly(*arguments, **settings):
        target = next(one for one in arguments if hasattr(one, "write") or isinstance(one, (str, Path)))
        stream = target if hasattr(target, "write") else open(target, "wb")
        stream.write(b"PK\x03\x04 half")
        stream.flush()
        die()

    setattr(owner, name, deadly)


MOMENTS = {
    "before the features": lambda of: before(of("training.fit"), "extract"),
    "while a feature is computed": lambda of: before(of("features.cache"), "_compute", 9),
    "before the features are renamed": lambda of: before(Path, "rename"),
    "before the first epoch": lambda of: before(of("training.fit"), "train_network"),
    "after the first epoch": lambda of: before(of("training.checkpoint"), "write_checkpoint"),
    "in the middle of a checkpoint": lambda of: halfway(np, "savez"),
    "before a checkpoint is renamed": lambda of: before(Path, "replace"),
    "after the second checkpoint": lambda of: before(of("training.checkpoint"), "write_checkpoint", 3),
    "before the answers": lambda of: before(of("training.fit"), "_predict"),
    "before the run is written": lambda of: before(of("training.ledger"), "content_key"),
    "in the middle of the predictions": lambda of: halfway(pd.DataFrame, "to_parquet"),
    "before the network is written": lambda of: before(of("training.fit").keras.Model, "save"),
    "before the record is written": lambda of: before(of("training.ledger"), "environment"),
    "before the run is renamed": lambda of: before(Path, "rename"),
    "when run and checkpoint are both there": lambda of: before(shutil, "rmtree", 2),
}


def arrange_death(moment: str) -> None:
    "See to it that this process dies at a moment."
    sys.modules["synesthetic.training.fit"].check_unchanged = lambda experiment: None  # what dies is other code, and would be refused
    MOMENTS[moment](lambda name: sys.modules[f"synesthetic.{name}"])


# Trainings


def short_tones(folder: Path) -> Corpus:
    "Three takes of a quarter of a second."
    return write_tones(folder, takes=3, samples=4000)


def experiments(tones: Path, count: int = 1, **recipe) -> list:
    "Trainings of a second, with one seed after the other."
    from tuning_study import tones_experiment

    return [tones_experiment(short_tones(tones), seed=seed, **recipe) for seed in range(count)]


def same(run) -> dict:
    "What a run says, to be compared."
    return {"key": run.key, "answers": run.predictions.to_csv(index=False), "altered": run.altered, "epochs": len(run.history)}


def train(tones: Path, folder: Path, *, cache: Path | None = None, moment: str = "", diary: Path | None = None, pause: float = 0.0, **recipe) -> dict:
    "Do an experiment in a ledger and a cache below a folder; write down each epoch, and wait before all but the first."
    import keras

    from synesthetic.training.fit import run_experiment
    from synesthetic.training.ledger import Ledger

    class Diary(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            with open(diary, "a") as stream:
                stream.write(f"{os.getpid()} {epoch}\n")
            time.sleep(pause if epoch else 0)

    callbacks = [Diary()] if diary else []
    (experiment,) = experiments(tones, **recipe)
    if experiment.key and moment:  # the key first: it holds the code of what dies
        arrange_death(moment)
    return same(run_experiment(experiment, ledger=Ledger(folder / "runs"), cache=cache or folder / "cache", callbacks=callbacks, checkpoint_seconds=0))


def train_all(tones: Path, folder: Path) -> list[dict]:
    "Do three experiments one after the other."
    from synesthetic.training.fit import run_all
    from synesthetic.training.ledger import Ledger

    return [same(run) for run in run_all(experiments(tones, 3), ledger=Ledger(folder / "runs"), cache=folder / "cache", workers=1, progress=False)]


def load_network(folder: Path) -> int:
    "Load the network of a run."
    from synesthetic.training.fit import load_network
    from synesthetic.training.ledger import Run

    return load_network(Run(folder)).count_params()


def train_on_full_disk(tones: Path, folder: Path, disk: Path, rooms: list[int]) -> list[str]:
    "Train with less and less of a disk filled by a file: what is said each time, or nothing where it has worked; never half a run."
    said = []
    for room in rooms:
        fill(disk, room)
        try:
            train(tones, folder, cache=disk.parent / "cache")
            said.append("")
        except OSError as error:
            said.append(str(error))
        from synesthetic.training.ledger import Ledger

        assert all(not run.altered for run in Ledger(folder / "runs").runs())
    return said


def fill(disk: Path, room: int) -> None:
    "Leave so many bytes of a disk free."
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with open(filler, "wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, max(1, free - room))


def compute_features(tones: Path, cache: Path) -> list:
    "Extract features into a cache."
    from synesthetic.features.cache import extract
    from synesthetic.features.mel import LogMel

    return np.asarray(extract(short_tones(tones), LogMel(n_mels=64, duration=1.0), cache=cache, progress=False).values).sum(axis=(1, 2)).tolist()


def search_all(tones: Path, folder: Path, step: float = 0.0) -> list:
    "Carry out a search; each look at the clock sets it off by so many seconds more."
    from synesthetic.tuning.search import search
    from tuning_study import training_study

    if step:
        told, looks = time.time, []
        time.time = lambda: told() + step * (looks.append(1) or len(looks))
    study = training_study(experiments(tones, epochs=2)[0], folder, folder / "cache", n_trials=2, n_startup=2)
    table = search(study, progress=False)
    return json.loads(table.to_json(orient="records"))


# Reports


def make_report(template: Path, place: Path, **parameters) -> str:
    "Execute a template."
    from synesthetic.reporting.report import execute

    return str(execute(template, place / template.name, parameters))


def state_numbers(folder: Path, times: int) -> int:
    "State the same numbers again and again."
    from synesthetic.reporting.report import Report, read_numbers

    corpus = Corpus("toy", pd.DataFrame({"id": ["a"], "path": ["a"], "label": ["x"]}), ("x",), "none", "none")
    for _ in range(times):
        report = Report(folder, {}, corpus)
        for number in range(20):
            report.state(f"number {number}", number / 7, corpus="toy")
        report.save_table(pd.DataFrame({"n": range(200)}), "table")
        report.close()
        assert len(read_numbers(folder)["numbers"]) == 20 and len(pd.read_csv(folder / "tables" / "table.csv")) == 200
    return times


# Downloads and the command line


SMALL_ENCODER = {
    "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32, "conv_dim": (8, 8), "conv_kernel": (10, 3), "conv_stride": (5, 2),
    "num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2,
}


def total(weights) -> float:
    "The sum of all weights."
    return float(sum(abs(np.asarray(weight, np.float64)).sum() for weight in weights))


def save_encoder(folder: Path) -> float:
    "Keep a small speech encoder as it would lie on the hub."
    from synesthetic.models.pretrained_speech import save_speech_encoder
    from synesthetic.models.wav2vec2 import EncoderConfig, SpeechEncoder

    encoder = SpeechEncoder(EncoderConfig(**SMALL_ENCODER))
    encoder.build((None, None))
    save_speech_encoder(encoder, folder)
    return total(weight.numpy() for weight in encoder.weights)


def save_backbone(file: Path) -> float:
    "Keep an untrained MobileNetV2 as Keras distributes the trained one."
    import h5py
    import keras
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    network = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3), pooling="avg")
    with h5py.File(file, "w") as stream:
        save_weights_to_hdf5_group(stream, network)
    return total(weight.numpy() for weight in network.weights)


def load_encoder(name: str, home: Path, address: str) -> float:
    "Load a speech encoder from a hub at an address: a sum of its weights."
    os.environ.update(HF_ENDPOINT=address, HF_HOME=str(home), HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_PROGRESS_BARS="1", HF_HUB_DOWNLOAD_TIMEOUT="3", HF_HUB_ETAG_TIMEOUT="3")
    from synesthetic.models.pretrained_speech import load_speech_encoder

    return total(weight.numpy() for weight in load_speech_encoder(name).weights)


def load_backbone(home: Path, address: str) -> float:
    "Load the ImageNet weights of MobileNetV2 from an address, by way of a folder."
    from keras.src.applications import mobilenet_v2

    from synesthetic.features.backbone import Backbone, load_network

    sys.modules["keras.src.backend.config"]._KERAS_DIR = str(home)
    mobilenet_v2.BASE_WEIGHT_PATH = f"{address}/"
    return total(weight.numpy() for weight in load_network(Backbone("MobileNetV2", weights="imagenet", size=32)).weights)


def command_lines(calls: list[list[str]], environment: dict[str, str]) -> list[dict]:
    "What the command line says to each of some calls, and with which code it ends."
    from synesthetic import cli

    os.environ.update(environment)
    found = []
    for call in calls:
        sys.argv, out, err, code = ["synesthetic", *call], io.StringIO(), io.StringIO(), 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                cli.main()
            except SystemExit as end:
                code = end.code or 0
            except BaseException as error:
                code, _ = f"{type(error).__name__}: {error}", traceback.print_exc()
        found.append({"code": code, "said": err.getvalue() + out.getvalue()})
    return found
