"""A wav2vec2-base with random weights: loaded, and three seconds of sound through it; beside transformers where that is installed. Asserts that both say the same."""
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from measuring import Peak, Row, apart, seconds_of

from synesthetic.models.pretrained_speech import load_speech_encoder, save_speech_encoder
from synesthetic.models.wav2vec2 import BASE, SpeechEncoder

REPEATS = 5
CLIP = np.random.default_rng(0).normal(size=(1, 48000)).astype(np.float32)
STILL = ("layerdrop", "hidden_dropout", "attention_dropout", "activation_dropout")


def listener(encoder: SpeechEncoder) -> Callable:
    "An encoder as one graph."
    return tf.function(encoder, input_signature=[tf.TensorSpec((None, None))], autograph=False)


def loaded(folder: Path) -> tuple[float, float, list[float], np.ndarray]:
    "Seconds to load a checkpoint, the most memory in MB from then to the first answer, seconds of later answers, and the answer."
    with Peak() as peak:
        began = time.perf_counter()
        encoder = load_speech_encoder(folder)
        loading, listen = time.perf_counter() - began, listener(encoder)
        said = listen(tf.constant(CLIP)).numpy()
    return loading, peak.grown, [seconds_of(lambda: listen(tf.constant(CLIP))) for _ in range(REPEATS)], said


def bench_loading() -> Iterator[Row]:
    "What a checkpoint costs beside reading its file, and beside the weights alone."
    keras.utils.set_random_seed(0)
    encoder = SpeechEncoder(BASE)
    encoder.build((None, None))
    with tempfile.TemporaryDirectory() as folder:
        weights = save_speech_encoder(encoder, Path(folder, "checkpoint")) / "model.safetensors"
        reading, megabytes = seconds_of(weights.read_bytes), weights.stat().st_size / 1e6
        loading, grown, later, said = apart(loaded, weights.parent)
    np.testing.assert_allclose(said, np.asarray(encoder(CLIP)), atol=1e-3)
    yield Row("loading wav2vec2-base, against reading its file", [loading], [reading], note=f"{encoder.count_params():,} parameters")
    yield Row("memory to load wav2vec2-base and answer, against its weights", [grown], [megabytes], "MB")
    yield Row("3 s of sound through wav2vec2-base, against their duration", later, [3.0])


def cpu_seconds(work: Callable[[], object]) -> float:
    "The processor time of something in all threads: others on the machine change it little."
    start = time.process_time()
    work()
    return time.process_time() - start


def in_turn(ours: Callable[[], object], theirs: Callable[[], object], repeats: int) -> tuple[list[float], list[float]]:
    "Processor time of both, interleaved, after once untimed."
    ours(), theirs()
    return tuple(zip(*[(cpu_seconds(ours), cpu_seconds(theirs)) for _ in range(repeats)]))


def bench_beside_transformers() -> Iterator[Row]:
    "Forward and with gradients; nothing where transformers is not installed."
    try:
        import torch
        import transformers
    except ImportError:
        return
    torch.manual_seed(0)
    torch.set_num_threads(os.cpu_count())
    theirs = transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(**dict.fromkeys(STILL, 0.0), apply_spec_augment=False)).eval()
    with tempfile.TemporaryDirectory() as folder:
        theirs.save_pretrained(folder)
        ours = load_speech_encoder(folder)
    clip, tensor, listen = tf.constant(CLIP), torch.tensor(CLIP), listener(ours)

    @tf.function(autograph=False)
    def learn():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(ours(clip) ** 2)
        return tape.gradient(loss, ours.trainable_variables)

    with torch.no_grad():
        np.testing.assert_allclose(theirs(tensor)[0].numpy(), listen(clip), atol=1e-4)
        forward = in_turn(lambda: listen(clip), lambda: theirs(tensor), 5)
    backward = in_turn(learn, lambda: (theirs(tensor)[0] ** 2).mean().backward(), 2)
    for title, (here, there) in {"forward": forward, "with gradients": backward}.items():
        yield Row(f"wav2vec2-base, 3 s of sound, {title}, against transformers", list(here), list(there), note="processor time of all threads")
