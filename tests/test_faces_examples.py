"""From a run in the ledger to faces on a page: examples, heat, confused pairs, and the run without class weights beside it."""
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from synesthetic.corpora.synthetic_faces import synthetic_faces
from synesthetic.evaluation.examples import choose_examples, confused_pairs
from synesthetic.evaluation.saliency import grad_cam, heat_agreement, shuffled_copy
from synesthetic.features.pixels import Pixels
from synesthetic.models.faces import build_four_block_cnn
from synesthetic.reporting.faces import plot_examples, plot_saliency, plot_weighting, weighting_table
from synesthetic.splits.policy import make_splits
from synesthetic.training.fit import Experiment, load_network, run_experiment
from synesthetic.training.ledger import Ledger, gather_predictions
from synesthetic.training.recipe import Recipe

SMALL = {"filters": (4, 8), "convolutions": (1, 1), "embedding_dim": 8}


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    "Six people, happy, sad and angry, four pictures of each."
    return synthetic_faces(tmp_path_factory.mktemp("faces"), classes="happy,sad,angry", identities=6, images=4, size=24)


@pytest.fixture(scope="module")
def runs(faces, tmp_path_factory):
    "A network of classes and dimensions, trained with class weights and without."
    folder, recipe = tmp_path_factory.mktemp("runs"), Recipe(epochs=2, batch_size=16, augmentation=None, ema_momentum=0.0)
    experiment = Experiment(faces, make_splits(faces, "speaker", folds=2)[0], Pixels(24), build_four_block_cnn, recipe, SMALL, ("label", "valence"))
    both = experiment, replace(experiment, recipe=replace(recipe, class_weights=False))
    return [run_experiment(one, ledger=Ledger(folder), cache=folder / "cache") for one in both]


def test_examples_of_a_run_have_faces_and_heat(faces, runs):
    tested = runs[0].predictions.query("part == 'test'")
    examples, paths = choose_examples(tested, 10), faces.items.set_index("id")["path"]
    assert len(examples) <= 10 and set(examples["id"]) <= set(tested["id"])
    with pytest.raises(ValueError, match="of the parts test and validation"):
        choose_examples(runs[0].predictions)
    model, pictures = load_network(runs[0]), np.stack([Pixels(24)(paths[name]) for name in examples["id"]])
    before = model.predict(pictures, verbose=0)
    heat = grad_cam(model, pictures, before[:, :3].argmax(axis=1), averaged=False)
    assert np.array_equal(model.predict(pictures, verbose=0), before)  # the question left no trace
    heats = {"learnt": heat, "shuffled": grad_cam(shuffled_copy(model), pictures, 0), "valence": grad_cam(model, pictures, 3)}
    assert all(one.shape == (len(examples), 24, 24) for one in heats.values())
    assert np.allclose(heat_agreement(heat, heat)[heat.any(axis=(1, 2))], 1)
    assert len(plot_examples(examples, paths).images) == len(examples)
    assert len(plot_saliency(list(paths[examples["id"]]), heats).images) == 4 * len(examples)
    plt.close("all")


def test_weights_and_pairs_of_runs(faces, runs):
    tables = [gather_predictions([run]) for run in runs]
    table = weighting_table(*tables, faces.classes)
    assert set(table.index) == {*faces.classes, "all (UAR)"} and table.loc["all (UAR)", "items"] == len(tables[0])
    assert len(plot_weighting(table)) == 2
    plt.close("all")
    pairs = confused_pairs(tables[0], faces.classes, 6)
    wrong = (tables[0]["label"] != tables[0]["predicted"]).sum()
    assert pairs["count"].sum() == wrong and ((pairs["low"] <= pairs["share"]) & (pairs["share"] <= pairs["high"])).all()
