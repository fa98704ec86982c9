"""Features: `extract` against plain loops of librosa, and against openSMILE where that is installed, on the same files. Asserts equality, never time."""
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import soundfile
from measuring import Row, interleaved
from threadpoolctl import threadpool_limits

from synesthetic.corpora.base import Corpus, select_items
from synesthetic.corpora.speech import load_ravdess
from synesthetic.features.cache import extract
from synesthetic.features.mel import LogMel
from synesthetic.features.summary import AudioSummary, statistics

CLIPS = 48


def recordings(folder: Path) -> Corpus:
    "Some of RAVDESS where it is, or else noise of the same length."
    ravdess = Path(os.environ.get("SYNESTHETIC_DATA", ""), "ravdess")
    if os.environ.get("SYNESTHETIC_DATA") and ravdess.is_dir():
        corpus = load_ravdess(ravdess)
        return select_items(corpus, corpus.items["id"].iloc[:: max(1, len(corpus) // CLIPS)][:CLIPS])
    rng, rows = np.random.default_rng(0), []
    for number in range(CLIPS):
        path = folder / f"{number:03}.flac"
        soundfile.write(path, rng.normal(0, 0.1, rng.integers(48000, 72000)), 16000)
        rows.append({"id": path.stem, "path": str(path), "label": "noise"})
    return Corpus("noise", pd.DataFrame(rows), ("noise",), licence="none", citation="none")


def plain_mel(path: str) -> np.ndarray:
    "The log-mel spectrogram as one writes it without this package."
    spec = LogMel()
    y, sr = librosa.load(path, sr=spec.sr)
    length = int(spec.duration * spec.sr)
    start = max(0, len(y) - length) // 2
    y = librosa.util.fix_length(y[start : start + length], size=length)
    settings = {"n_fft": spec.n_fft, "hop_length": spec.hop_length, "n_mels": spec.n_mels}
    mel = librosa.feature.melspectrogram(y=y, sr=sr, fmin=spec.fmin, fmax=spec.fmax, **settings)
    return librosa.power_to_db(mel, ref=1.0, amin=10 ** (spec.floor_db / 10), top_db=None)


def plain_tracks(y: np.ndarray, spec: AudioSummary) -> tuple[np.ndarray, np.ndarray]:
    "Timbre, loudness and brightness (tracks, frames), and loudness alone, from one spectrum."
    sr, feature, S = spec.sr, librosa.feature, np.abs(librosa.stft(y, n_fft=spec.n_fft, hop_length=spec.hop_length))
    mel = feature.melspectrogram(S=S**2, sr=sr, n_mels=64, fmin=50.0, fmax=sr / 2)
    mfcc = feature.mfcc(S=librosa.power_to_db(mel, top_db=None), n_mfcc=spec.n_mfcc)
    energy = librosa.amplitude_to_db(feature.rms(S=S, frame_length=spec.n_fft), top_db=None)
    crossings = feature.zero_crossing_rate(y, frame_length=spec.n_fft, hop_length=spec.hop_length)
    slopes = [feature.delta(mfcc), feature.delta(mfcc, order=2), energy, feature.delta(energy), crossings]
    shapes = [shape(S=S, sr=sr) for shape in (feature.spectral_centroid, feature.spectral_bandwidth, feature.spectral_rolloff)]
    flatness = librosa.power_to_db(feature.spectral_flatness(S=S), top_db=None)
    return np.concatenate([mfcc, *slopes, *shapes, flatness, feature.spectral_contrast(S=S, sr=sr, fmin=sr / 80, n_bands=5)]), energy[0]


def plain_summary(path: str) -> np.ndarray:
    "The same statistics by librosa alone."
    spec = AudioSummary()
    y, _ = librosa.effects.trim(librosa.load(path, sr=spec.sr)[0], top_db=spec.trim_db)
    tracks, energy = plain_tracks(y, spec)
    pitch = librosa.yin(y, fmin=spec.pitch_min, fmax=spec.pitch_max, sr=spec.sr, frame_length=spec.n_fft, hop_length=spec.hop_length)
    pitch, believed = 12 * np.log2(pitch / spec.pitch_min), energy > energy.max() - 25
    step = np.abs(np.diff(pitch))[believed[1:] & believed[:-1]]
    return np.concatenate([statistics(tracks).ravel(), statistics(pitch[None, believed]).ravel(), [step.mean(), believed.mean()]])


def in_a_loop(work: Callable, corpus: Corpus) -> np.ndarray:
    "One file after another."
    return np.stack([work(path) for path in corpus.items["path"]])


def one_thread(work: Callable, corpus: Corpus) -> np.ndarray:
    "The same with BLAS on one thread."
    with threadpool_limits(1, user_api="blas"):
        return in_a_loop(work, corpus)


def cold(spec: object, corpus: Corpus, workers: int | None = None) -> np.ndarray:
    "Ours, with nothing in the cache."
    with tempfile.TemporaryDirectory() as cache:
        return np.array(extract(corpus, spec, cache=cache, progress=False, workers=workers).values)


def cached(spec: object, corpus: Corpus, cache: str) -> np.ndarray:
    "Ours, read back from the cache."
    return np.array(extract(corpus, spec, cache=cache, progress=False).values)


def opensmile_of(corpus: Corpus) -> dict[str, Callable]:
    "openSMILE's eGeMAPS on the same files, on all cores, if it is installed."
    try:
        import opensmile
    except ImportError:
        return {}
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals, num_workers=os.cpu_count())
    return {"openSMILE": lambda: smile.process_files(list(corpus.items["path"]))}


def compared(title: str, spec: object, plain: Callable, corpus: Corpus, more: dict[str, Callable], tolerance: dict) -> Iterator[Row]:
    "Ours cold, on one thread and cached, against a plain loop and whatever else there is."
    with tempfile.TemporaryDirectory() as cache:
        ours = {"cold": partial(cold, spec, corpus), "one worker": partial(cold, spec, corpus, 1), "cached": partial(cached, spec, corpus, cache)}
        theirs = {"plain": partial(in_a_loop, plain, corpus), "plain, one thread": partial(one_thread, plain, corpus)}
        np.testing.assert_allclose(ours["cached"](), theirs["plain"](), **tolerance)
        seconds = interleaved({**ours, **theirs, **more}, warm=True)
    what = f"{title} of {len(corpus)} clips"
    yield Row(f"{what}, against a plain loop of librosa", seconds["cold"], seconds["plain"], note=f"cold cache, {os.cpu_count()} workers; {corpus.name}")
    yield Row(f"{what}, one worker, against the loop on one thread", seconds["one worker"], seconds["plain, one thread"])
    yield Row(f"{what}, cached, against a plain loop of librosa", seconds["cached"], seconds["plain"])
    for name in more:
        yield Row(f"{what}, against {name} eGeMAPS", seconds["cold"], seconds[name], note=f"{spec.shape[0]} statistics against 88; both on all cores")


def bench_features() -> Iterator[Row]:
    "Log-mel spectrograms, and summaries."
    with tempfile.TemporaryDirectory() as folder:
        corpus = recordings(Path(folder))
        yield from compared("log-mel", LogMel(), plain_mel, corpus, {}, {"rtol": 1e-5, "atol": 1e-4})
        yield from compared("summary", AudioSummary(), plain_summary, corpus, opensmile_of(corpus), {"rtol": 1e-3, "atol": 1e-2})
