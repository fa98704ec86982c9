"""The audit of 36,000 pictures, as many as FER2013 has: against reading them once, and against plain perceptual hashing. Asserts what is found, never time."""
import resource
import time
from concurrent.futures import ThreadPoolExecutor

import imagehash
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from synesthetic.corpora.base import Corpus
from synesthetic.splits.leakage import audit_split
from synesthetic.splits.policy import make_splits

PICTURES, COPIES = 36_000, 500


def soft_noise(rng: np.random.Generator, count: int) -> np.ndarray:  # (count, 48, 48) uint8
    "Pictures with the spectrum of photographs."
    waves = np.hypot(*np.meshgrid(np.fft.fftfreq(48, 1 / 48), np.fft.rfftfreq(48, 1 / 48), indexing="ij"))
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((count, 48, 48))) / (1 + waves) ** 1.3)
    low, high = noise.min((1, 2), keepdims=True), noise.max((1, 2), keepdims=True)
    return np.uint8(255 * (noise - low) / (high - low))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Corpus:
    "Pictures, of which the last 500 are darker copies of the first."
    folder, rng, pictures = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0), []
    for _ in range((PICTURES - COPIES) // 500):
        pictures += list(soft_noise(rng, 500))
    pictures += [np.uint8(0.8 * picture) for picture in pictures[:COPIES]]
    rows = [{"id": f"{n:05}", "path": str(folder / f"{n:05}.png"), "label": "ab"[n % 2]} for n in range(PICTURES)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda pair: Image.fromarray(pair[0]).save(pair[1]["path"], compress_level=0), zip(pictures, rows)))
    return Corpus("pictures", pd.DataFrame(rows), ("a", "b"), licence="none", citation="none")


def timed(work) -> float:  # s
    "How long something takes."
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_audit_of_36000_pictures(corpus, tmp_path):
    paths = corpus.items["path"]
    split = make_splits(corpus, "random", folds=5)[0]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    audits = []
    seconds = {
        "reading": timed(lambda: [np.asarray(Image.open(path)) for path in paths]),
        "hashing": timed(lambda: [imagehash.phash(Image.open(path)) for path in paths]),
        "audit": timed(lambda: audits.append(audit_split(corpus, split, cache=tmp_path))),
        "again": timed(lambda: audits.append(audit_split(corpus, split, cache=tmp_path))),
    }
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3 - before
    assert audits[0].table.loc["near-duplicate", "groups"] == COPIES and audits[0].table.equals(audits[1].table)
    print(f"\naudit of {len(corpus):,} pictures: {seconds['audit']:.0f} s, {seconds['audit'] / seconds['reading']:.1f} times reading them once, "
          f"{seconds['audit'] / seconds['hashing']:.1f} times plain hashing; again from the cache {seconds['again'] / seconds['audit']:.3f}; memory grew by {grown:.0f} MB")
