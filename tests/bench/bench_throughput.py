"""How much of the machine a training uses: the operations of an epoch a second, held against the largest product of matrices that TensorFlow can do here."""
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf
from measuring import Row, seconds_of

from synesthetic.features.mel import LogMel
from synesthetic.models.audio import build_cnn, build_resnet
from synesthetic.models.costs import count_flops
from synesthetic.training.fit import keep_freed_memory, seeded, train_network
from synesthetic.training.recipe import Recipe
from synesthetic.training.task import Task

ITEMS, REPEATS, SIDE, CLASSES = 256, 4, 2048, 8
BACKWARD = 2  # operations of the backward pass for each of the forward pass: gradients of inputs and of weights


class Turns(keras.callbacks.Callback):
    "Times the training part of each epoch, and after it the product of matrices; the first epoch, which is traced, does not count."

    def __init__(self, product: Callable[[], object]):
        super().__init__()
        self.product, self.epochs, self.products = product, [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_test_begin(self, logs=None):
        self.epochs.append(time.perf_counter() - self.began)

    def on_epoch_end(self, epoch, logs=None):
        self.products.append(min(seconds_of(self.product) for _ in range(3)))


def matrix_product() -> Callable[[], np.ndarray]:
    "The product of two float32 matrices, compiled and done once."
    left = tf.random.normal((SIDE, SIDE))
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(left, left)))
    product()
    return lambda: product().numpy()


def trained(build: Callable, recipe: Recipe) -> tuple[Turns, int]:
    "A training on noise as large as three seconds of sound: its times, and the operations of an epoch."
    shape, rng = LogMel().shape, np.random.default_rng(0)
    x, y = rng.normal(size=(ITEMS, *shape)).astype(np.float32), np.eye(CLASSES, dtype=np.float32)[rng.integers(CLASSES, size=ITEMS)]
    turns = Turns(matrix_product())
    with seeded(0):
        model = build(shape, CLASSES)
        flops = (1 + BACKWARD) * count_flops(model) * (ITEMS // recipe.batch_size * recipe.batch_size)
        train_network(model, Task(tuple("abcdefgh")), (x, y), (x[:32], y[:32]), recipe, callbacks=[turns])
    return turns, flops


def bench_throughput() -> Iterator[Row]:
    "The recipe as it is, augmentation and averaging included, and without augmentation."
    keep_freed_memory()
    recipe, note = Recipe(epochs=REPEATS + 1), f"backward counted as {BACKWARD} forward; product of {SIDE} x {SIDE}, the best of three after each epoch"
    settings = [(build_cnn, recipe, "cnn"), (build_cnn, replace(recipe, augmentation=None), "cnn without augmentation"), (build_resnet, recipe, "resnet")]
    for build, one, name in settings:
        turns, flops = trained(build, one)
        reached, ceiling = ([operations / seconds / 1e9 for seconds in times[1:]] for operations, times in ((flops, turns.epochs), (2 * SIDE**3, turns.products)))
        yield Row(f"training {name}, against a product of matrices", reached, ceiling, "GFLOP/s", note)
