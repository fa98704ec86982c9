"""Search: 1,000 queries in a gallery of 100,000 vectors, exact and by FAISS, each in a process of its own. Asserts that they agree, never time or memory."""
import importlib.util
import multiprocessing
import statistics
import threading
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import psutil
import pytest

from synesthetic.crossmodal.retrieval import nearest

GALLERY, QUERIES, DIMENSION, K, REPEATS = 100_000, 1_000, 128, 10, 5


def vectors() -> tuple[np.ndarray, np.ndarray]:
    "Queries and a gallery, of which every hundredth vector is a copy of the one before it."
    rng = np.random.default_rng(0)
    gallery = rng.standard_normal((GALLERY, DIMENSION), dtype=np.float32)
    gallery[1::100] = gallery[::100]
    return rng.standard_normal((QUERIES, DIMENSION), dtype=np.float32), gallery


def bench_sorted(queries: np.ndarray, gallery: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    "What one writes without this package: scaled rows, one matrix product, `argpartition` over all of it."
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (queries, gallery)]
    similarity = unit[0] @ unit[1].T
    best = np.argpartition(-similarity, K, axis=1)[:, :K]
    best = np.take_along_axis(best, np.argsort(-np.take_along_axis(similarity, best, axis=1), axis=1), axis=1)
    return best, np.take_along_axis(similarity, best, axis=1)


def bench_exact(queries: np.ndarray, gallery: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return nearest(queries, gallery, K)


def bench_faiss(queries: np.ndarray, gallery: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return nearest(queries, gallery, K, engine="faiss")


def bench_faiss_alone(queries: np.ndarray, gallery: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    "FAISS without what makes its ties and its last digits agree."
    import faiss

    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (queries, gallery)]
    index = faiss.IndexFlatIP(DIMENSION)
    index.add(unit[1])
    return index.search(unit[0], K)[::-1]


CASES = {"exact": bench_exact, "faiss": bench_faiss, "faiss alone": bench_faiss_alone, "plain numpy": bench_sorted}


def measured(name: str) -> tuple[float, float, np.ndarray, np.ndarray]:
    "Median seconds, the most memory in MB above what the vectors and libraries need, and the result. Runs in a process of its own."
    queries, gallery = vectors()
    case, small = CASES[name], np.eye(DIMENSION, dtype=np.float32)
    case(small, small)  # loads the libraries and starts their threads
    process, peak, done = psutil.Process(), [], threading.Event()
    before = process.memory_info().rss

    def watch():
        while not done.wait(0.002):
            peak.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    result = case(queries, gallery)
    done.set()
    watcher.join()
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        case(queries, gallery)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), (max(peak) - before) / 1e6, *result


def test_100000_vectors():
    if importlib.util.find_spec("faiss") is None:
        pytest.skip('FAISS is not installed: pip install "synesthetic[faiss]"')
    found, context = {}, multiprocessing.get_context("spawn")
    for name in CASES:
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            found[name] = pool.submit(measured, name).result()
    print(f"\n{QUERIES:,} queries in {GALLERY:,} vectors of {DIMENSION}, k = {K}; median of {REPEATS} runs; the gallery itself has {GALLERY * DIMENSION * 4 / 1e6:.0f} MB")
    for name, (seconds, memory, *_) in found.items():
        print(f"{name:12} {seconds:6.2f} s  exact / this = {found['exact'][0] / seconds:5.2f}  extra memory {memory:5.0f} MB")
    for ours, other in zip(found["exact"][2:], found["faiss"][2:]):
        assert np.array_equal(ours, other)
    same = np.mean(found["exact"][2] == found["plain numpy"][2])
    print(f"plain numpy finds the same {same:.2%} of places; the others are ties, which it leaves to chance")
    np.testing.assert_allclose(found["exact"][3], found["plain numpy"][3], atol=1e-6)
