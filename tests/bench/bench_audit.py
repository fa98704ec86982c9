"""The audit of 36,000 pictures, as many as FER2013 has, against what comparing them naively would take. Asserts what is found, never time."""
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imagehash
import numpy as np
import pandas as pd
from measuring import Peak, Row, apart, seconds_of
from PIL import Image

from synesthetic.corpora.base import Corpus
from synesthetic.splits.leakage import audit_split
from synesthetic.splits.policy import make_splits

PICTURES, COPIES, PART = 36_000, 500, 3_000


def soft_noise(rng: np.random.Generator, count: int) -> np.ndarray:  # (count, 48, 48) uint8
    "Pictures with the spectrum of photographs."
    waves = np.hypot(*np.meshgrid(np.fft.fftfreq(48, 1 / 48), np.fft.rfftfreq(48, 1 / 48), indexing="ij"))
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((count, 48, 48))) / (1 + waves) ** 1.3)
    low, high = noise.min((1, 2), keepdims=True), noise.max((1, 2), keepdims=True)
    return np.uint8(255 * (noise - low) / (high - low))


def pictures(folder: Path) -> Corpus:
    "Pictures, of which the last 500 are darker copies of the first."
    rng, drawn = np.random.default_rng(0), []
    for _ in range((PICTURES - COPIES) // 500):
        drawn += list(soft_noise(rng, 500))
    drawn += [np.uint8(0.8 * picture) for picture in drawn[:COPIES]]
    rows = [{"id": f"{n:05}", "path": str(folder / f"{n:05}.png"), "label": "ab"[n % 2]} for n in range(PICTURES)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda pair: Image.fromarray(pair[0]).save(pair[1]["path"], compress_level=0), zip(drawn, rows)))
    return Corpus("pictures", pd.DataFrame(rows), ("a", "b"), licence="none", citation="none")


def audited(corpus: Corpus, cache: str) -> tuple[float, float, float]:
    "Seconds of an audit from nothing and of the same once more, and how far memory rose in MB."
    split, audits = make_splits(corpus, "random", folds=5)[0], []
    with Peak() as peak:
        first = seconds_of(lambda: audits.append(audit_split(corpus, split, cache=cache)))
    again = seconds_of(lambda: audits.append(audit_split(corpus, split, cache=cache)))
    assert audits[0].table.loc["near-duplicate", "groups"] == COPIES and audits[0].table.equals(audits[1].table)
    return first, again, peak.grown


def naive(corpus: Corpus) -> dict[str, float]:
    "What all pictures would take without this package, estimated from a part: reading and hashing by their number, pairs by its square."
    paths, share, hashes = corpus.items["path"][:PART], PICTURES / PART, []
    seconds = {
        "reading": share * seconds_of(lambda: [np.asarray(Image.open(path)) for path in paths]),
        "hashing": share * seconds_of(lambda: hashes.extend(imagehash.phash(Image.open(path)) for path in paths)),
    }
    few = hashes[:300]
    pairs = seconds_of(lambda: [few[a] - few[b] for a in range(len(few)) for b in range(a)]) * (PICTURES / len(few)) ** 2
    pixels = np.stack([np.asarray(Image.open(path)) for path in paths]).reshape(PART, -1).astype(np.float32)
    return {**seconds, "pairs": seconds["hashing"] + pairs, "pixels": seconds["reading"] + share**2 * seconds_of(lambda: pixels @ pixels.T)}


def bench_audit() -> Iterator[Row]:
    "From nothing, in a process of its own; the naive ways before and after it."
    with tempfile.TemporaryDirectory() as folder:
        corpus, others = pictures(Path(folder)), []
        others.append(naive(corpus))
        first, again, grown = apart(audited, corpus, str(Path(folder, "cache")))
        others.append(naive(corpus))
        size = sum(Path(path).stat().st_size for path in corpus.items["path"]) / 1e6
    what, notes = f"audit of {PICTURES:,} pictures", {
        "reading": "reading each picture once", "hashing": "hashing each picture once, nothing compared",
        "pairs": "hashing, and each pair of hashes in a loop", "pixels": "reading, and one product of all pixels: no crops, no mirror images",
    }
    for name, note in notes.items():
        yield Row(f"{what}, against {name}", [first] * len(others), [one[name] for one in others], note=f"{note}; estimated from {PART:,} pictures, before and after")
    yield Row(f"{what}, again from the cache, against the first time", [again], [first])
    yield Row(f"{what}, memory, against the files", [grown], [size], "MB", f"{COPIES} planted copies found, and no other pair")
