"""How cost and memory grow from 500 to 50,000 recordings: features, the search for copies, and a training that reads features from the disk. Asserts that planted copies are found; features and the search are refused more memory than a part of what the largest size takes on the disk."""
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import psutil
import soundfile
from keras import layers
from measuring import Peak, Row, apart, seconds_of

from synesthetic.corpora.base import Corpus
from synesthetic.features.cache import extract
from synesthetic.features.mel import LogMel
from synesthetic.splits.duplicates import find_duplicates
from synesthetic.splits.policy import make_splits
from synesthetic.training.fit import Experiment, run_experiment, warm_up
from synesthetic.training.ledger import Ledger
from synesthetic.training.recipe import Recipe

SIZES, COPIES, SR = (500, 5_000, 50_000), 10, 8000
SPEC = LogMel(sr=SR, n_fft=512, hop_length=64, fmax=4000.0, duration=1.0)
LIMIT_MB = 600  # of memory of its own that features and the search for copies may ask for, beyond what the libraries hold
RECIPE = Recipe(epochs=1, batch_size=64, ema_momentum=0, augmentation=None)


@lru_cache(maxsize=1)
def banks(count: int = 256) -> tuple[np.ndarray, np.ndarray]:  # (count, samples) float32 each
    "Tones, and what switches them on and off, each at a rate of its own."
    rng, seconds = np.random.default_rng(0), np.arange(2 * SR, dtype=np.float32) / SR
    pitch, rate, phase = (rng.uniform(low, high, (count, 1)) for low, high in ((150, 3400), (0.5, 5), (0, 1)))
    return np.float32(np.sin(2 * np.pi * pitch * seconds)), np.float32((rate * seconds + phase) % 1 < 0.5)


def bursts(rng: np.random.Generator, loud: bool) -> np.ndarray:  # (samples,) float32
    "About a second of three tones that come and go."
    length, (tones, switches) = rng.integers(SR // 2, 2 * SR), banks()
    chosen = rng.integers(len(tones), size=(3, 2))
    return (0.3 if loud else 0.1) * sum(tones[a, :length] * switches[b, :length] for a, b in chosen)


def recordings(folder: Path, count: int) -> Corpus:
    "So many recordings in two classes, one louder than the other; the last ten are softer copies of the first."
    rng, rows, first = np.random.default_rng(count), [], []
    folder.mkdir()
    for number in range(count):
        path, copied = folder / f"{number:05}.wav", number - (count - COPIES)
        y = 0.7 * first[copied] if copied >= 0 else bursts(rng, loud=number % 2 == 0)
        first += [y] if number < COPIES else []
        soundfile.write(path, y, SR, subtype="PCM_16")
        rows.append({"id": path.stem, "path": str(path), "label": ("loud", "soft")[number % 2]})
    return Corpus("bursts", pd.DataFrame(rows), ("loud", "soft"), licence="none", citation="none")


def build_strided(input_shape: tuple[int, int], outputs: int) -> keras.Model:
    "A small convolutional network: reading its features is a large part of training it."
    inputs = keras.Input(input_shape)
    x = layers.Reshape((*input_shape, 1))(layers.Normalization(axis=1, name="standardise")(inputs))
    for filters in (8, 16, 32):
        x = layers.Conv2D(filters, 3, strides=2, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(outputs, activation="softmax")(layers.GlobalAveragePooling2D()(x)), name="strided")


def limit_memory(megabytes: float) -> None:
    "Refuse this process more memory of its own than it has and so much; files that it maps do not count. Nothing where the system cannot."
    with suppress(ImportError, ValueError, OSError, FileNotFoundError):
        import resource

        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        held = next(int(line.split()[1]) for line in lines if line.startswith("VmData"))
        most = resource.RLIM_INFINITY if megabytes == float("inf") else int(1024 * held + 1e6 * megabytes)
        resource.setrlimit(resource.RLIMIT_DATA, (most, resource.RLIM_INFINITY))


def trained(corpus: Corpus, cache: Path) -> dict[str, float]:
    "Seconds of a training of one epoch, whose features and search for copies are in the cache."
    split = make_splits(corpus, "random", folds=5)[0]
    run = run_experiment(Experiment(corpus, split, SPEC, build_strided, RECIPE, allow_leakage=True), ledger=Ledger(cache / "runs"), cache=cache)
    return run.record["seconds"]


def grown(count: int) -> dict[str, float]:
    "Seconds and MB of each step with so many recordings, in a process that may not hold them all."
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus, found = recordings(folder / "all", count), {}
        warm_up(), trained(recordings(folder / "few", 100), folder / "few")
        steps = {
            "features": lambda: extract(corpus, SPEC, cache=folder, progress=False),
            "search for copies": lambda: find_duplicates(corpus, cache=folder, progress=False),
            "training": lambda: trained(corpus, folder),
        }
        for step, work in steps.items():
            limit_memory(LIMIT_MB if step != "training" else float("inf"))  # a training reads 256 MB at a time, and TensorFlow keeps several such pieces
            with Peak() as peak:
                found[f"{step} s"] = seconds_of(work)
            found[f"{step} MB"] = peak.grown
        pairs = find_duplicates(corpus, cache=folder).pairs[["first", "second"]].to_numpy().tolist()
        assert all([f"{one:05}", f"{count - COPIES + one:05}"] in pairs for one in range(COPIES)), "a copy was not found"
    return found


def bench_growth() -> Iterator[Row]:
    "Each size in a process of its own; time for each item against the smallest size, and the most memory against that of the features."
    found = {count: apart(grown, count) for count in SIZES}
    limits = {step: f"; at most {LIMIT_MB} MB more were allowed" for step in ("features", "search for copies") if hasattr(psutil, "RLIMIT_DATA")}
    for count in SIZES[1:]:
        for step in ("features", "search for copies", "training"):
            each, small = (1000 * found[size][f"{step} s"] / size for size in (count, SIZES[0]))
            yield Row(f"{step}, an item of {count:,}, against one of {SIZES[0]:,}", [each], [small], "ms")
    for count in SIZES:
        megabytes = 4e-6 * count * np.prod(SPEC.shape)
        for step in ("features", "search for copies", "training"):
            yield Row(f"memory, {step}, {count:,} items, against the features", [found[count][f"{step} MB"]], [megabytes], "MB", f"beyond what the libraries hold{limits.get(step, '')}")
