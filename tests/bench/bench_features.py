"""Features: `extract` against a plain loop of librosa calls, in one run, on the same files. Asserts equality, never time."""

import os
import statistics
import tempfile
import time
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
from threadpoolctl import threadpool_limits

from synesthetic.corpora.base import Corpus
from synesthetic.corpora.speech import load_ravdess
from synesthetic.features.cache import extract
from synesthetic.features.mel import LogMel, load_audio
from synesthetic.features.summary import AudioSummary
from synesthetic.models.classical import build_svm

RAVDESS = Path(os.environ.get("SYNESTHETIC_DATA", ""), "ravdess")
REPEATS = 3


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    "RAVDESS where it is, or else noise of the same length."
    if os.environ.get("SYNESTHETIC_DATA") and RAVDESS.is_dir():
        return load_ravdess(RAVDESS)
    folder, rng, rows = tmp_path_factory.mktemp("noise"), np.random.default_rng(0), []
    for number in range(100):
        path = folder / f"{number:03}.flac"
        soundfile.write(path, rng.normal(0, 0.1, rng.integers(48000, 72000)), 16000)
        rows.append({"id": path.stem, "path": str(path), "label": "noise"})
    return Corpus("noise", pd.DataFrame(rows), ("noise",), licence="none", citation="none")


def plain(path, spec):
    "What one writes without this package."
    y, sr = librosa.load(path, sr=spec.sr)
    length = int(spec.duration * spec.sr)
    start = max(0, len(y) - length) // 2
    y = librosa.util.fix_length(y[start : start + length], size=length)
    settings = {"n_fft": spec.n_fft, "hop_length": spec.hop_length, "n_mels": spec.n_mels}
    mel = librosa.feature.melspectrogram(y=y, sr=sr, fmin=spec.fmin, fmax=spec.fmax, **settings)
    return librosa.power_to_db(mel, ref=1.0, amin=10 ** (spec.floor_db / 10), top_db=None)


def bench_plain(corpus, spec):
    return np.stack([plain(path, spec) for path in corpus.items["path"]])


def bench_plain_one_thread(corpus, spec):
    with threadpool_limits(1, user_api="blas"):
        return bench_plain(corpus, spec)


def bench_extract(corpus, spec):
    with tempfile.TemporaryDirectory() as cache:
        return np.array(extract(corpus, spec, cache=cache, progress=False).values)


def bench_extract_one_worker(corpus, spec):
    with tempfile.TemporaryDirectory() as cache:
        return np.array(extract(corpus, spec, cache=cache, progress=False, workers=1).values)


def bench_decode(corpus, spec):
    for path in corpus.items["path"]:
        load_audio(path, sr=spec.sr)


CASES = {
    "plain librosa loop": bench_plain,
    "  the same, BLAS on one thread": bench_plain_one_thread,
    "extract, cold cache": bench_extract,
    "  the same, one worker": bench_extract_one_worker,
    "decoding alone, one thread": bench_decode,
}


def test_mel(corpus):
    spec, seconds, values = LogMel(), {name: [] for name in CASES}, {}
    plain(corpus.items["path"][0], spec), spec(corpus.items["path"][0]), corpus.fingerprint
    for _ in range(REPEATS):
        for name, case in CASES.items():
            start = time.perf_counter()
            values[name] = case(corpus, spec)
            seconds[name].append(time.perf_counter() - start)
    with tempfile.TemporaryDirectory() as cache:
        extract(corpus, spec, cache=cache, progress=False)
        start = time.perf_counter()
        extract(corpus, spec, cache=cache, progress=False)
        cached = time.perf_counter() - start

    median = {name: statistics.median(times) for name, times in seconds.items()}
    first = next(iter(median.values()))
    print(f"\nlog-mel, {len(corpus)} clips of {corpus.name}, {os.cpu_count()} cores, median of {REPEATS} interleaved runs")
    for name, value in median.items():
        print(f"{name:32} {value:7.2f} s  {1e3 * value / len(corpus):6.2f} ms a clip  plain / this = {first / value:.2f}")
    print(f"{'extract, cached':32} {cached:7.3f} s")
    expected = values.pop("plain librosa loop")
    for value in (value for value in values.values() if value is not None):
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-4)
    print(f"largest difference {np.abs(values['extract, cold cache'] - expected).max():.1e} dB")


def test_summary(corpus):
    "The classical baseline: seconds, and on RAVDESS the recall over four folds of four actors each."
    spec, start = AudioSummary(), time.perf_counter()
    with tempfile.TemporaryDirectory() as cache:
        x = np.array(extract(corpus, spec, cache=cache, progress=False).values)
    print(f"\nsummary, {len(corpus)} clips: {time.perf_counter() - start:.1f} s, {x.shape[1]} statistics")
    assert np.isfinite(x).all()
    if "speaker" not in corpus.items:
        return
    labels = corpus.items["label"].to_numpy()
    fold = corpus.items["speaker"].rank(method="dense").astype(int).sub(1).floordiv(4).to_numpy()
    predicted = labels.copy()
    for k in np.unique(fold):
        train = fold != k
        predicted[~train] = build_svm(spec.shape, len(corpus.classes)).fit(x[train], labels[train]).predict(x[~train])
    recalls = [np.mean(predicted[labels == name] == name) for name in corpus.classes]
    print(f"support vector machine, speaker-independent: UAR {np.mean(recalls):.3f} (chance {1 / len(recalls):.3f})")
