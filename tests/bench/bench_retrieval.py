"""Search: 1,000 queries in a gallery of 100,000 vectors, exact and by FAISS, each in a process of its own. Asserts that they agree, never time or memory."""
import importlib.util
from collections.abc import Iterator

import numpy as np
from measuring import Peak, Row, apart, seconds_of

from synesthetic.crossmodal.retrieval import nearest

GALLERY, QUERIES, DIMENSION, K, REPEATS = 100_000, 1_000, 128, 10, 3
Found = tuple[np.ndarray, np.ndarray]  # places and likenesses, (queries, k)


def vectors() -> tuple[np.ndarray, np.ndarray]:
    "Queries and a gallery, of which every hundredth vector is a copy of the one before it."
    rng = np.random.default_rng(0)
    gallery = rng.standard_normal((GALLERY, DIMENSION), dtype=np.float32)
    gallery[1::100] = gallery[::100]
    return rng.standard_normal((QUERIES, DIMENSION), dtype=np.float32), gallery


def unit(rows: np.ndarray) -> np.ndarray:
    "Rows of length 1."
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def plain(queries: np.ndarray, gallery: np.ndarray) -> Found:
    "What one writes without this package: scaled rows, one matrix product, `argpartition` over all of it."
    similarity = unit(queries) @ unit(gallery).T
    best = np.argpartition(-similarity, K, axis=1)[:, :K]
    best = np.take_along_axis(best, np.argsort(-np.take_along_axis(similarity, best, axis=1), axis=1), axis=1)
    return best, np.take_along_axis(similarity, best, axis=1)


def exact(queries: np.ndarray, gallery: np.ndarray) -> Found:
    "Ours."
    return nearest(queries, gallery, K)


def by_faiss(queries: np.ndarray, gallery: np.ndarray) -> Found:
    "Ours, by FAISS."
    return nearest(queries, gallery, K, engine="faiss")


def faiss_alone(queries: np.ndarray, gallery: np.ndarray) -> Found:
    "FAISS without what makes its ties and its last digits agree."
    import faiss

    index = faiss.IndexFlatIP(DIMENSION)
    index.add(unit(gallery))
    return index.search(unit(queries), K)[::-1]


CASES = {"exact": exact, "plain": plain}
WITH_FAISS = {"faiss": by_faiss, "faiss alone": faiss_alone}


def measured(name: str) -> tuple[list[float], float, np.ndarray, np.ndarray]:
    "Seconds, the most memory in MB above what vectors and libraries need, and the result."
    queries, gallery = vectors()
    case, small = {**CASES, **WITH_FAISS}[name], np.eye(DIMENSION, dtype=np.float32)
    case(small, small)  # loads the libraries and starts their threads
    with Peak() as peak:
        result = case(queries, gallery)
    return [seconds_of(lambda: case(queries, gallery)) for _ in range(REPEATS)], peak.grown, *result


def bench_retrieval() -> Iterator[Row]:
    "Each engine against what it replaces."
    faiss = WITH_FAISS if importlib.util.find_spec("faiss") else {}
    found = {name: apart(measured, name) for name in {**CASES, **faiss}}
    np.testing.assert_allclose(found["exact"][3], found["plain"][3], atol=1e-6)
    what = f"{QUERIES:,} queries in {GALLERY:,} vectors"
    yield Row(f"{what}, against plain NumPy", found["exact"][0], found["plain"][0], note="same places, ties apart")
    yield Row(f"{what}, memory, against plain NumPy", [found["exact"][1]], [found["plain"][1]], "MB", f"beyond the gallery, which has {4e-6 * GALLERY * DIMENSION:.0f} MB")
    if faiss:
        assert all(np.array_equal(ours, other) for ours, other in zip(found["exact"][2:], found["faiss"][2:]))
        yield Row(f"{what} by FAISS, against FAISS alone", found["faiss"][0], found["faiss alone"][0], note="ours makes ties and last digits agree with the exact search")
