"""What it saves to compute a frozen backbone once: twelve epochs of a head on VGG16, cached and from pixels, from nothing."""
import time
from dataclasses import replace

import numpy as np
import pytest

from synesthetic.corpora.synthetic_faces import synthetic_faces
from synesthetic.features.backbone import Backbone, fresh_network, load_network, preprocessing_constants
from synesthetic.features.cache import extract
from synesthetic.features.pixels import Pixels
from synesthetic.models.faces import build_fine_tuned, build_transfer
from synesthetic.splits.policy import make_splits
from synesthetic.training.faces import TRANSFER_RECIPE
from synesthetic.training.fit import seeded, train_network
from synesthetic.training.task import make_task

SPEC, RECIPE = Backbone("VGG16", weights="", size=128), replace(TRANSFER_RECIPE, patience=None)


def parts(corpus, split, features):
    "Features and truth of the training and of the validation part."
    items, task = corpus.items.set_index("id"), make_task(corpus)
    return [(np.asarray(features.rows(ids)), task.truth(items.loc[list(ids)])) for ids in (split.train, split.validation)]


def cached(corpus, split, cache):
    "Extract once, train the head on the cache; the head as it began, and what it says in the end."
    features = extract(corpus, SPEC, cache=cache, progress=False)
    train, validation = parts(corpus, split, features)
    with seeded(0):
        head = build_transfer(SPEC.shape, len(corpus.classes))
        begun = head.get_weights()
        train_network(head, make_task(corpus), train, validation, RECIPE)
    return head, begun, head.predict(validation[0], verbose=0)


def whole(corpus, split, cache, head, begun):
    "The same head from the same beginning, with pixels through the backbone at every step."
    train, validation = parts(corpus, split, extract(corpus, Pixels(SPEC.size), cache=cache, progress=False))
    standardise = head.get_layer("standardise").get_weights()
    head.set_weights([*standardise, *begun[len(standardise):]])
    network, constants = fresh_network(SPEC), preprocessing_constants(SPEC)
    with seeded(0):
        model = build_fine_tuned((SPEC.size, SPEC.size, 3), len(corpus.classes), network=network, preprocessing=constants, blocks=0, head=head)
        train_network(model, make_task(corpus), train, validation, RECIPE)
    return model.predict(validation[0], verbose=0)


def test_frozen_backbone(tmp_path):
    "Print how many times as fast the cached path is, and that both say the same."
    faces = synthetic_faces(tmp_path, classes="happy,sad", identities=8, images=8)
    split = make_splits(faces, "speaker", folds=4)[0]
    load_network(SPEC)  # built beforehand: both paths need it
    clock = [time.perf_counter()]
    head, begun, answers = cached(faces, split, tmp_path / "cache")
    clock.append(time.perf_counter())
    other = whole(faces, split, tmp_path / "cache", head, begun)
    clock.append(time.perf_counter())
    once, always = np.diff(clock)
    print(f"\nVGG16, 12 epochs on {len(split.train) + len(split.validation)} of {len(faces)} pictures: cached {once:.1f} s, from pixels {always:.1f} s, ratio {always / once:.1f}; answers differ by at most {abs(answers - other).max():.1e}")
    assert answers == pytest.approx(other, abs=2e-3)
