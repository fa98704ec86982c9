"""Speech encoders against transformers, from fixtures and where it is installed; checkpoints that are not right; training, saving, half precision."""
import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from huggingface_hub import snapshot_download
from safetensors.numpy import save_file

from synesthetic.models.pretrained_speech import (
    checkpoint_digest, load_speech_encoder, open_safetensors, read_config, save_speech_encoder, weight_files,
)
from synesthetic.models.speech import normalised
from synesthetic.models.wav2vec2 import EncoderConfig, PositionalConvolution, SpeechEncoder

FIXTURES = Path(__file__).parent / "fixtures" / "speech_encoders"
KINDS = ("base", "large", "hubert", "wavlm")
POSITION = "encoder.pos_conv_embed.conv"


@pytest.fixture(scope="module")
def clips():
    "Two waveforms, the second padded, and their mask."
    with np.load(FIXTURES / "clips.npz") as stored:
        return stored["samples"].astype(np.float32) / 8192, stored["mask"]


@pytest.fixture
def checkpoint(tmp_path):
    "A checkpoint that may be spoiled."
    return Path(shutil.copytree(FIXTURES / "large", tmp_path / "checkpoint"))


def fresh(kind="large", seed=0, **options):
    "An encoder of a fixture's shape with random weights."
    keras.utils.set_random_seed(seed)
    encoder = SpeechEncoder(read_config(FIXTURES / kind), **options)
    encoder.build((None, None))
    return encoder


def tensors_of(folder):
    "All tensors of a checkpoint in one file."
    return {name: read().copy() for name, read in open_safetensors(folder / "model.safetensors").items()}


def states(encoder, waveform, mask=None):
    "All hidden states as one array."
    return np.stack([np.asarray(state) for state in encoder.hidden_states(waveform, mask)])


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_is_that_of_transformers(kind, clips):
    "On padded frames too."
    encoder, (waveform, mask) = load_speech_encoder(FIXTURES / kind), clips
    with np.load(FIXTURES / f"{kind}.npz") as said:
        assert states(encoder, waveform) == pytest.approx(said["plain"], abs=1e-4)
        assert states(encoder, waveform, mask) == pytest.approx(said["masked"], abs=1e-4)
        assert np.array_equal(encoder.frame_mask(mask), said["frames"])
        assert np.abs(said["plain"] - said["masked"]).max() > 1  # the mask matters
        assert np.array_equal(encoder(waveform, mask=mask), encoder.hidden_states(waveform, mask)[-1])


# Checkpoints that come in another form, and such that are not right

def renamed(tensors, change):
    return {change(name): values for name, values in tensors.items()}


def in_parts(folder):
    "Split a file of safetensors in two, as large checkpoints are."
    tensors, file = tensors_of(folder), folder / "model.safetensors"
    names = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    for number, name in enumerate(names):
        save_file(dict(list(tensors.items())[number::2]), folder / name)
    weight_map = {name: names[number % 2] for number, name in enumerate(tensors)}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": weight_map}))
    file.unlink()


@pytest.mark.parametrize("change", [
    lambda name: f"wav2vec2.{name}",
    lambda name: f"model.{name}",
    lambda name: f"model.wav2vec2.{name}",
    lambda name: name.replace("parametrizations.weight.original0", "weight_g").replace("parametrizations.weight.original1", "weight_v"),
])
def test_names_vary(checkpoint, change, clips):
    tensors = renamed(tensors_of(checkpoint), change)
    heads = {name: np.zeros(3) for name in ("lm_head.weight", "classifier.out_proj.bias", "projector.weight", "quantizer.codevectors", "feature_extractor.weight")}
    save_file(tensors | heads, checkpoint / "model.safetensors")
    assert np.array_equal(load_speech_encoder(checkpoint)(clips[0]), load_speech_encoder(FIXTURES / "large")(clips[0]))


def test_a_checkpoint_in_parts(checkpoint, clips):
    in_parts(checkpoint)
    digest = checkpoint_digest(checkpoint)
    assert np.array_equal(load_speech_encoder(checkpoint)(clips[0]), load_speech_encoder(FIXTURES / "large")(clips[0]))
    (checkpoint / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"index.json names parts that are not beside it: model-00002-of-00002.safetensors"):
        load_speech_encoder(checkpoint)
    assert digest != checkpoint_digest(FIXTURES / "large")  # other files


@pytest.mark.parametrize("kind, tolerance", [("float16", 0.02), ("bfloat16", 0.15)])
def test_16_bits_become_32(checkpoint, kind, tolerance, clips):
    save_file({name: values.astype(kind) for name, values in tensors_of(checkpoint).items()}, checkpoint / "model.safetensors")
    encoder = load_speech_encoder(checkpoint)
    assert {weight.dtype for weight in encoder.weights} == {"float32"}
    difference = np.abs(encoder(clips[0]) - load_speech_encoder(FIXTURES / "large")(clips[0])).max()
    assert 0 < difference < tolerance


def spoil(change):
    "What spoils the tensors of a checkpoint."
    def spoiled(folder):
        tensors = tensors_of(folder)
        change(tensors)
        save_file(tensors, folder / "model.safetensors")
    return spoiled


def cut(folder, size):
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:size])


def configured(**said):
    "What changes a checkpoint's configuration."
    def changed(folder):
        (folder / "config.json").write_text(json.dumps(json.loads((folder / "config.json").read_text()) | said))
    return changed


QUERY = "encoder.layers.1.attention.q_proj.weight"


@pytest.mark.parametrize("harm, error, message", [
    (spoil(lambda tensors: tensors.pop(QUERY)), ValueError, rf"checkpoint: the weights lack {QUERY}, which the configuration"),
    (spoil(lambda tensors: tensors.pop(f"{POSITION}.parametrizations.weight.original0")), ValueError, rf"lack {POSITION}.weight"),
    (spoil(lambda tensors: tensors.update({"encoder.layers.2.layer_norm.bias": np.zeros(24)})), ValueError, r"hold encoder.layers.2.layer_norm.bias, for which"),
    (spoil(lambda tensors: tensors.update({f"wav2vec2.{QUERY}": np.zeros((24, 24))})), ValueError, rf"{QUERY} twice, with and without a prefix"),
    (spoil(lambda tensors: tensors.update({QUERY: np.zeros((24, 24), int)})), ValueError, rf"{QUERY} cannot be read: it holds I64; weights are"),
    (spoil(lambda tensors: tensors.update({QUERY: np.zeros((24, 12))})), ValueError, rf"{QUERY} has the shape \(24, 12\); the configuration asks for \(24, 24\)"),
    (spoil(lambda tensors: tensors[QUERY].__setitem__((0, 3), np.nan)), ValueError, rf"{QUERY} has 1 values that are no finite numbers"),
    (spoil(lambda tensors: tensors[f"{POSITION}.parametrizations.weight.original1"].fill(0)), ValueError, rf"{POSITION}.weight has .* no finite numbers"),
    (lambda folder: cut(folder, 20_000), ValueError, r"model.safetensors is not a file of safetensors, or is cut off \(.*\); download it again"),
    (lambda folder: cut(folder, 1_000), ValueError, r"model.safetensors is not a file of safetensors, or is cut off"),
    (lambda folder: cut(folder, 0), ValueError, r"model.safetensors is not a file of safetensors, or is cut off"),
    (lambda folder: (folder / "config.json").unlink(), FileNotFoundError, r"config.json: a checkpoint needs its config.json"),
    (lambda folder: (folder / "config.json").write_text("{"), ValueError, r"config.json is not JSON"),
    (lambda folder: (folder / "model.safetensors").unlink(), FileNotFoundError, r"checkpoint holds no weights"),
    (configured(add_adapter=True), ValueError, r"config.json: .*add_adapter=True is not supported"),
    (configured(adapter_attn_dim=16), ValueError, r"config.json: .*adapter_attn_dim=16 is not supported"),
    (configured(model_type="bert"), ValueError, r"config.json: .*model_type='bert' is not supported, only 'wav2vec2', 'hubert', 'wavlm'"),
    (configured(hidden_act="gelu_new"), ValueError, r"config.json: .*hidden_act='gelu_new' is not supported"),
    (configured(conv_dim=[8] * 6), ValueError, r"config.json: .*one number for each convolution"),
    (configured(conv_dim=8), ValueError, r"config.json: "),
    (configured(hidden_size="24"), ValueError, r"config.json: .*hidden_size must be a whole number from 1, not '24'"),
    (configured(num_attention_heads=5), ValueError, r"config.json: .*hidden_size=24 is not a multiple of num_attention_heads=5"),
    (configured(num_hidden_layers=3), ValueError, r"checkpoint: the weights lack encoder.layers.2.attention.k_proj.bias, .* and 13 more"),
])
def test_what_is_wrong_is_named(checkpoint, harm, error, message):
    harm(checkpoint)
    with pytest.raises(error, match=message):
        load_speech_encoder(checkpoint)


def test_a_configuration_of_ones_own(checkpoint, clips):
    "SpeechBrain's says nothing of the network."
    config = read_config(checkpoint)
    (checkpoint / "config.json").write_text('{"speechbrain_interface": "CustomEncoderWav2vec2Classifier"}')
    with pytest.raises(ValueError, match="config.json: .*has no model_type"):
        load_speech_encoder(checkpoint)
    assert np.array_equal(load_speech_encoder(checkpoint, config=config)(clips[0]), load_speech_encoder(FIXTURES / "large")(clips[0]))


@pytest.mark.parametrize("kind", KINDS)
def test_saved_and_loaded(kind, clips, tmp_path):
    encoder = fresh(kind)
    loaded = load_speech_encoder(save_speech_encoder(encoder, tmp_path))
    assert loaded.config == encoder.config
    assert states(loaded, *clips) == pytest.approx(states(encoder, *clips), abs=1e-5)


# As a Keras layer

@pytest.mark.parametrize("kind", KINDS)
def test_keras_saves_it(kind, clips, tmp_path):
    waveform, mask = keras.Input((None,)), keras.Input((None,), dtype="bool")
    model = keras.Model([waveform, mask], fresh(kind)(waveform, mask=mask))
    assert model.output_shape == (None, None, 24)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(again(list(clips)), model(list(clips)))
    json.dumps(fresh(kind).get_config())


def test_same_seed_same_weights(clips):
    one, same, other = (np.asarray(fresh("base", seed)(clips[0])) for seed in (0, 0, 1))
    assert np.array_equal(one, same) and not np.allclose(one, other, atol=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_any_length_without_tracing_again(kind):
    encoder, traces = fresh(kind), []

    @tf.function(input_signature=[tf.TensorSpec((None, None)), tf.TensorSpec((None, None), tf.bool)], autograph=False)
    def listen(waveform, mask):
        traces.append(1)
        return encoder(waveform, mask=mask)

    for samples in (1200, 4000, 4001, 16000):
        waveform, mask = np.random.default_rng(samples).normal(size=(2, samples)).astype(np.float32), np.ones((2, samples), bool)
        said = listen(waveform, mask)
        assert said.shape == (2, encoder.config.frames(samples), 24)
        assert np.allclose(said, encoder(waveform), atol=1e-5)
    assert len(traces) == 1


def test_padding_is_nothing(clips):
    "A clip says the same alone and padded with noise beside a longer one, where every frame is normed for itself."
    encoder, (waveform, mask) = load_speech_encoder(FIXTURES / "large"), clips
    alone = encoder(waveform[1:, :mask[1].sum()])[0]
    noisy = np.where(mask, waveform, np.random.default_rng(0).normal(size=waveform.shape)).astype(np.float32)
    said = encoder(noisy, mask=mask)[1, :len(alone)]
    assert len(alone) == encoder.frame_mask(mask)[1].numpy().sum() < len(encoder(noisy)[1])
    assert np.allclose(said, alone, atol=1e-4) and not np.allclose(encoder(noisy)[1, :len(alone)], alone, atol=0.1)


def test_frames_of_short_and_silent_clips():
    mask = np.arange(1200) < np.array([[0], [399], [400], [719], [720], [1200]])
    assert fresh().frame_mask(mask).numpy().sum(axis=1).tolist() == [1, 1, 1, 1, 2, 3]  # never none: an average would not exist
    assert np.isfinite(fresh()(np.zeros((6, 1200), np.float32), mask=mask)).all()
    with pytest.raises(ValueError, match="a waveform of 399 samples is too short for a frame of 400"):
        fresh()(np.zeros((1, 399)))
    with pytest.raises(ValueError, match=r"waveforms of the shape \(batch, samples\), not \(1, 500, 1\)"):
        fresh()(np.zeros((1, 500, 1)))


def test_the_mask_travels_on(clips):
    "As Keras' own masks do, to whatever averages the frames."
    encoder, (waveform, mask) = fresh(), clips
    said, frames = np.asarray(encoder(waveform, mask=mask)), np.asarray(encoder.frame_mask(mask))
    pooled = keras.layers.GlobalAveragePooling1D()(encoder(waveform, mask=mask))
    assert np.allclose(pooled, [one[heard].mean(axis=0) for one, heard in zip(said, frames)], atol=1e-5)


def gradients(encoder, waveform, mask=None, training=False):
    "The gradient of a number that depends on every output, by the path of the variable."
    with tf.GradientTape() as tape:
        said = tf.cast(encoder(waveform, mask=mask, training=training), tf.float32)
        loss = tf.reduce_sum(said * tf.constant(np.random.default_rng(0).normal(size=said.shape), tf.float32))
    return dict(zip((v.path for v in encoder.trainable_variables), map(tf.convert_to_tensor, tape.gradient(loss, [v.value for v in encoder.trainable_variables]))))


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_reach_everything(kind, clips):
    encoder = load_speech_encoder(FIXTURES / kind)
    found = gradients(encoder, *clips)
    # A key's bias moves all answers to a question by the same number, which the softmax takes away.
    silent = {path for path, gradient in found.items() if np.abs(gradient).max() < 1e-4}
    assert len(found) == len(encoder.weights) and {path.rpartition("/")[2] for path in silent} <= {"bias"} and len(silent) <= 2


@pytest.mark.parametrize("name", ["kernel", "bias"])
def test_the_positional_convolution_differentiates(name):
    "Against the slope of the loss itself."
    layer, x = PositionalConvolution(read_config(FIXTURES / "large"), dtype="float64"), np.random.default_rng(0).normal(size=(2, 30, 24))
    layer.build(x.shape)
    weight, step = getattr(layer, name), np.random.default_rng(1).normal(size=getattr(layer, name).shape)
    begun = weight.numpy()

    def loss(distance):
        weight.assign(begun + distance * step)
        return tf.reduce_sum(layer(x) ** 2)

    with tf.GradientTape() as tape:
        here = loss(0)
    slope = np.sum(tape.gradient(here, weight.value) * step)
    assert (loss(1e-5) - loss(-1e-5)).numpy() / 2e-5 == pytest.approx(slope, rel=1e-6)


def test_parts_freeze(clips):
    encoder = fresh()
    everything = len(encoder.trainable_variables)
    encoder.feature_extractor.trainable = False
    assert len(encoder.trainable_variables) == everything - len(encoder.feature_extractor.weights)
    encoder.position.trainable = encoder.feature_projection.trainable = encoder.layer_norm.trainable = False
    for block in encoder.blocks[:-1]:
        block.trainable = False
    paths = {variable.path for variable in encoder.trainable_variables}
    assert paths == {variable.path for variable in encoder.blocks[-1].weights}
    encoder.trainable = False
    assert not encoder.trainable_variables and len(encoder.weights) == everything


def test_lora_changes_what_it_should(clips, tmp_path):
    encoder = load_speech_encoder(FIXTURES / "large")
    before, weights = np.asarray(encoder(clips[0])), {weight.path: weight.numpy() for weight in encoder.weights}
    for block in encoder.blocks:
        block.attention.query.enable_lora(2)
        block.attention.value.enable_lora(2)
    for weight in encoder.weights:
        weight.trainable = "lora" in weight.name
    assert np.allclose(encoder(clips[0]), before, atol=1e-5) and len(encoder.trainable_variables) == 8
    inputs = keras.Input((None,))
    model = keras.Model(inputs, encoder(inputs))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    model.fit(clips[0], np.zeros_like(before), epochs=2, verbose=0)
    said = np.asarray(encoder(clips[0]))
    assert all(np.array_equal(weight, weights[weight.path]) for weight in encoder.weights if weight.path in weights) and not np.allclose(said, before, atol=0.01)
    keras.Model(inputs, model.output).save(tmp_path / "model.keras")
    assert np.allclose(keras.models.load_model(tmp_path / "model.keras")(clips[0]), said, atol=1e-4)
    assert np.allclose(load_speech_encoder(save_speech_encoder(encoder, tmp_path / "checkpoint"))(clips[0]), said, atol=1e-4)


def test_lora_is_saved_in_whole(tmp_path):
    "In half precision Keras merges in half precision."
    dense = (encoder := fresh(dtype="mixed_bfloat16")).blocks[0].attention.query
    dense.enable_lora(2, lora_alpha=3)
    dense.lora_kernel_b.assign(np.random.default_rng(0).normal(size=(2, 24)))
    kernel, *_ = (weight for weight in dense.weights if weight.name == "kernel")
    merged = kernel.numpy() + 1.5 * dense.lora_kernel_a.numpy() @ dense.lora_kernel_b.numpy()
    assert tensors_of(save_speech_encoder(encoder, tmp_path))["encoder.layers.0.attention.q_proj.weight"].T == pytest.approx(merged, abs=1e-6)


def test_half_precision(clips):
    waveform, mask = clips
    exact = fresh("large")(waveform, mask=mask)
    for dtype, tolerance in (("mixed_bfloat16", 0.25), ("mixed_float16", 0.05)):
        encoder = fresh("large", dtype=dtype)
        said = encoder(waveform, mask=mask)
        policies = {layer.dtype_policy.name for layer in encoder._flatten_layers()}
        assert said.dtype == dtype.removeprefix("mixed_") and {weight.dtype for weight in encoder.weights} == {"float32"} and policies == {dtype}
        assert 0 < np.abs(tf.cast(said, tf.float32) - exact).max() < tolerance
        assert all(np.isfinite(gradient).all() for gradient in gradients(encoder, waveform, mask, training=True).values())


def test_dropout_in_training_only(clips):
    encoder = fresh("base")
    assert np.array_equal(encoder(clips[0]), encoder(clips[0]))
    assert not np.allclose(encoder(clips[0], training=True), encoder(clips[0], training=True), atol=1e-2)
    still = SpeechEncoder(replace(encoder.config, layerdrop=1.0, hidden_dropout=0.0, feat_proj_dropout=0.0))
    first, *_, last = still.hidden_states(clips[0], training=True)
    assert np.array_equal(first, last) and not np.allclose(still(clips[0]), first, atol=1e-2)  # every block was left out


# Beside the libraries that the checkpoints are from, where they are installed

WILD = {
    "base": ("Wav2Vec2", {}),
    "large": ("Wav2Vec2", {"conv_bias": True, "feat_extract_norm": "layer", "do_stable_layer_norm": True}),
    "mixed": ("Wav2Vec2", {"conv_bias": True, "hidden_act": "relu", "num_conv_pos_embeddings": 9, "conv_kernel": (8, 4, 3, 3, 2, 2, 2), "conv_stride": (4, 3, 2, 2, 2, 1, 1)}),
    "stable hubert": ("Hubert", {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "layer_norm_eps": 1e-3}),
    "stable wavlm": ("WavLM", {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "num_hidden_layers": 3}),
}


@pytest.fixture(scope="module")
def transformers():
    "The library, quietly."
    pytest.importorskip("torch")
    library = pytest.importorskip("transformers")
    library.logging.set_verbosity_error()
    return library


def answers(model, waveform, mask=None):
    "All hidden states of a model of transformers."
    import torch

    with torch.no_grad():
        said = model(torch.tensor(waveform), attention_mask=None if mask is None else torch.tensor(mask).long(), output_hidden_states=True)
    return np.stack([state.numpy() for state in (*said.hidden_states[:-1], said.last_hidden_state)])


@pytest.mark.filterwarnings("ignore:Support for mismatched")
@pytest.mark.parametrize("kind", WILD)
def test_beside_transformers(kind, transformers, clips, tmp_path):
    "What it saves we read, what we save it reads, and all say the same."
    import torch

    torch.manual_seed(0)
    family, options = WILD[kind]
    tiny = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=32, conv_dim=(8,) * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4)
    library = getattr(transformers, f"{family}Model")
    theirs = library(getattr(transformers, f"{family}Config")(**tiny | options)).eval()
    with torch.no_grad():
        for weight in theirs.parameters():
            weight.add_(0.2 * torch.randn_like(weight))
    theirs.save_pretrained(tmp_path / "theirs")
    ours = load_speech_encoder(tmp_path / "theirs")
    again, about = library.from_pretrained(save_speech_encoder(ours, tmp_path / "ours"), output_loading_info=True)
    assert not any(about.values()), about
    for given in (clips[:1], clips):
        said = answers(theirs, *given)
        assert states(ours, *given) == pytest.approx(said, abs=1e-4)
        assert answers(again.eval(), *given) == pytest.approx(said, abs=1e-4)


def test_a_model_with_a_head(transformers, clips, tmp_path):
    theirs = transformers.Wav2Vec2ForSequenceClassification(transformers.Wav2Vec2Config.from_pretrained(FIXTURES / "large")).eval()
    theirs.save_pretrained(tmp_path)
    assert states(load_speech_encoder(tmp_path), *clips) == pytest.approx(answers(theirs.wav2vec2, *clips), abs=1e-4)


def test_waveforms_are_normalized_alike(transformers):
    extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True)
    clips = [np.random.default_rng(seed).normal(3, 2, count) for seed, count in enumerate((1000, 700))]
    theirs = extractor(clips, sampling_rate=16000, padding=True, return_tensors="np")
    padded = np.stack([np.pad(clip, (0, 1000 - len(clip))) for clip in clips])
    assert np.asarray(normalised(padded, theirs["attention_mask"] > 0)) == pytest.approx(theirs["input_values"], abs=1e-4)


@pytest.mark.parametrize("name, prefix", [("pytorch_model.bin", ""), ("wav2vec2.ckpt", "model.")])
def test_pickles_of_pytorch(checkpoint, name, prefix, clips):
    torch = pytest.importorskip("torch")
    tensors = {f"{prefix}{bare}": torch.tensor(values) for bare, values in tensors_of(checkpoint).items()}
    (checkpoint / "model.safetensors").unlink()
    torch.save(tensors, checkpoint / name)
    assert np.array_equal(load_speech_encoder(checkpoint)(clips[0]), load_speech_encoder(FIXTURES / "large")(clips[0]))
    torch.save({"weights": tensors, "code": print}, checkpoint / name)
    with pytest.raises(ValueError, match=f"{name} is not a checkpoint of PyTorch with nothing but tensors"):
        load_speech_encoder(checkpoint)
    (checkpoint / name).write_bytes(b"cut off")
    with pytest.raises(ValueError, match=f"{name} is not a checkpoint of PyTorch"):
        load_speech_encoder(checkpoint)


def test_the_hub(checkpoint, monkeypatch, tmp_path, clips):
    "With its own library: a name that it keeps is found, and one that it cannot get is explained."
    kept, commit = tmp_path / "models--someone--large", "0" * 40
    shutil.copytree(checkpoint, kept / "snapshots" / commit)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.snapshot_download", partial(snapshot_download, cache_dir=tmp_path))
    assert np.array_equal(load_speech_encoder("someone/large")(clips[0]), load_speech_encoder(checkpoint)(clips[0]))
    with pytest.raises(OSError, match="someone/else is no folder here and could not be downloaded .* Download config.json and model.safetensors"):
        load_speech_encoder("someone/else")


@pytest.mark.parametrize("change", [{"layer_norm_eps": "x"}, {"hidden_dropout": None}, {"layerdrop": float("nan")}, {"conv_dim": "512"}, {"num_hidden_layers": 2.5}])
def test_configuration_of_another_kind(change):
    name, = change
    with pytest.raises(ValueError, match=f"a speech encoder cannot be built: {name}(=| must be)"):
        EncoderConfig.from_dict({"model_type": "wav2vec2", **change})


@pytest.mark.parametrize("parts", [{"a": 5}, {"a": None}, {"a": ["model.safetensors"]}, [], None])
def test_list_of_parts_of_another_kind(tmp_path, parts):
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": parts}))
    with pytest.raises(ValueError, match="index.json is not a list of a checkpoint's parts"):
        weight_files(tmp_path)
