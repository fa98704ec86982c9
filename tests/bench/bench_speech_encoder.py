"""A wav2vec2-base with random weights: written as on the hub, loaded, and three seconds of sound through it; beside transformers where that is installed."""
import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import keras
import numpy as np
import pytest

from synesthetic.models.pretrained_speech import load_speech_encoder, save_speech_encoder
from synesthetic.models.wav2vec2 import BASE, SpeechEncoder

SMALL = replace(BASE, hidden_size=96, num_hidden_layers=2, num_attention_heads=4, intermediate_size=192, conv_dim=(64,) * 7)
CLIP = np.random.default_rng(0).normal(size=(1, 48000)).astype(np.float32)

MEASURE = '''
import json, resource, sys, time
from pathlib import Path
import numpy as np
import tensorflow as tf
from synesthetic.models.pretrained_speech import load_speech_encoder

def peak():
    "Kilobytes of this process at most. On Linux `getrusage` counts those of the process that began it too."
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

begun, clock = peak(), [time.perf_counter()]
encoder = load_speech_encoder(sys.argv[1])
clock.append(time.perf_counter())
listen = tf.function(encoder, input_signature=[tf.TensorSpec((None, None))], autograph=False)
clip = tf.constant(np.load(sys.argv[2]))
for _ in range(6):
    said = listen(clip)
    clock.append(time.perf_counter())
load, first, *later = np.diff(clock)
np.save(sys.argv[3], said)
print(json.dumps({"load": load, "first": first, "later": min(later), "begun": begun / 1024, "peak": peak() / 1024}))
'''


def measured(folder, tmp_path):
    "Seconds and megabytes of a process of its own that loads a checkpoint and hears the clip; and what it says."
    np.save(tmp_path / "clip.npy", CLIP)
    command = [sys.executable, "-c", MEASURE, str(folder), str(tmp_path / "clip.npy"), str(tmp_path / "said.npy")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), np.load(tmp_path / "said.npy")


@pytest.mark.parametrize("config", [SMALL, BASE], ids=["small", "base"])
def test_speech_encoder(config, tmp_path):
    "Print what it costs to load an encoder and to hear three seconds; the process needs the weights once, and room to work."
    keras.utils.set_random_seed(0)
    encoder = SpeechEncoder(config)
    encoder.build((None, None))
    folder = save_speech_encoder(encoder, tmp_path / "checkpoint")
    megabytes = (folder / "model.safetensors").stat().st_size / 1e6
    cost, said = measured(folder, tmp_path)
    print(
        f"\n{encoder.count_params():,} parameters, {megabytes:.0f} MB: loaded in {cost['load']:.1f} s; 3 s of sound in {cost['first']:.2f} s the first time, "
        f"{cost['later']:.2f} s later; peak memory {cost['peak']:.0f} MB, {cost['begun']:.0f} MB of it before loading"
    )
    assert megabytes == pytest.approx(4e-6 * encoder.count_params(), rel=0.02) and said.shape == (1, 149, config.hidden_size)
    assert said == pytest.approx(np.asarray(encoder(CLIP)), abs=1e-3)
    assert cost["peak"] - cost["begun"] < 2 * megabytes + 700


def cpu_seconds(listen, repeats=5):
    "The least processor time of a call, in all threads, after one that is not timed: others on the machine change it little."
    listen()
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        listen()
        seconds.append(time.process_time() - start)
    return min(seconds)


def test_beside_transformers(tmp_path):
    "Print the ratio of the processor time to that of transformers, one thread each, forward and with gradients; and that both say the same."
    tf, torch, transformers = (pytest.importorskip(name) for name in ("tensorflow", "torch", "transformers"))
    torch.manual_seed(0)
    torch.set_num_threads(1)
    still = dict.fromkeys(("layerdrop", "hidden_dropout", "attention_dropout", "activation_dropout"), 0.0)
    theirs = transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(**still, apply_spec_augment=False)).eval()
    theirs.save_pretrained(tmp_path)
    ours = load_speech_encoder(tmp_path)
    listen = tf.function(ours, input_signature=[tf.TensorSpec((None, None))], autograph=False)

    @tf.function(input_signature=[tf.TensorSpec((None, None))], autograph=False)
    def learn(clip):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(ours(clip) ** 2)
        return tape.gradient(loss, ours.trainable_variables)

    clip, tensor = tf.constant(CLIP), torch.tensor(CLIP)
    with torch.no_grad():
        difference = np.abs(theirs(tensor)[0].numpy() - listen(clip)).max()
        forward = cpu_seconds(lambda: listen(clip)), cpu_seconds(lambda: theirs(tensor))
    gradient = cpu_seconds(lambda: learn(clip), 2), cpu_seconds(lambda: (theirs(tensor)[0] ** 2).mean().backward(), 2)
    for title, (here, there) in {"forward": forward, "with gradients": gradient}.items():
        print(f"\nwav2vec2-base, 3 s of sound, {title}: {here:.2f} s of processor time, transformers {there:.2f} s, ratio {here / there:.2f}", end="")
    print(f"; greatest difference {difference:.1e}")
    assert difference < 1e-4
