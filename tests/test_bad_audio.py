"""Recordings as they come: broken, silent, cut off, in stereo, at other rates. And a cache that is not trusted."""

import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile

from synesthetic.corpora.base import Corpus
from synesthetic.features.cache import extract
from synesthetic.features.mel import AudioError, LogMel, load_audio
from synesthetic.features.summary import AudioSummary

SPECS = [LogMel(), LogMel(trim_db=30.0), AudioSummary()]


def tone(pitch=440.0, seconds=1.0, sr=16000):
    return (0.3 * np.sin(2 * np.pi * pitch * np.arange(int(seconds * sr)) / sr)).astype(np.float32)


def write_missing(path):
    pass


def write_empty(path):
    path.write_bytes(b"")


def write_text(path):
    path.write_text("<html>404 not found</html>" * 100)


def write_header_only(path):
    soundfile.write(path, np.zeros(0, np.float32), 16000)


def write_silent(path):
    soundfile.write(path, np.zeros(16000, np.float32), 16000)


def write_nan(path):
    y = tone()
    y[100] = np.nan
    soundfile.write(path, y, 16000, subtype="FLOAT")


def write_infinite(path):
    y = tone()
    y[100] = np.inf
    soundfile.write(path, y, 16000, subtype="FLOAT")


def write_truncated(path):
    soundfile.write(path, tone(), 16000)
    path.write_bytes(path.read_bytes()[:9000])


def write_truncated_flac(path):
    soundfile.write(path, tone() + np.random.default_rng(0).normal(0, 0.1, 16000), 16000, format="FLAC")
    path.write_bytes(path.read_bytes()[:9000])


BAD = {
    write_missing: "there is no such file",
    write_empty: r"the file is empty \(0 bytes\)",
    write_text: "is damaged or not audio",
    write_header_only: "holds no samples",
    write_silent: "is silent",
    write_nan: "1 of 16000 samples are NaN or infinite",
    write_infinite: "1 of 16000 samples are NaN or infinite",
    write_truncated: "the file ends 23044 bytes before its header says",
    write_truncated_flac: "is damaged or not audio",
}


@pytest.fixture
def corpus(tmp_path):
    "Six tones, a semitone apart."
    rows = []
    for number in range(6):
        path = tmp_path / f"tone-{number}.wav"
        soundfile.write(path, tone(440 * 2 ** (number / 12)), 16000)
        rows.append({"id": path.stem, "path": str(path), "label": "tone"})
    return Corpus("tones", pd.DataFrame(rows), ("tone",), licence="none", citation="none")


@pytest.mark.fault("bad inputs tried")
@pytest.mark.parametrize("spec", SPECS, ids=repr)
@pytest.mark.parametrize("write", BAD, ids=lambda write: write.__name__)
def test_bad_file_is_named(write, spec, tmp_path):
    path = tmp_path / "bad.wav"
    write(path)
    with pytest.raises(AudioError, match=f"bad.wav: .*{BAD[write]}"):
        spec(path)


def test_folder_is_no_file(tmp_path):
    with pytest.raises(AudioError, match="no such file"):
        load_audio(tmp_path)


def test_unfinished_pipe_is_no_truncation(tmp_path):
    "A program that writes to a pipe leaves the length open; such a file is whole."
    path = tmp_path / "pipe.wav"
    soundfile.write(path, tone(), 16000)
    data = bytearray(path.read_bytes())
    where = data.index(b"data") + 4
    data[4:8] = data[where : where + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert len(load_audio(path)) == 16000


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_same_samples_as_librosa(rate, channels, tmp_path):
    path = tmp_path / "noise.wav"
    y = np.random.default_rng(rate).normal(0, 0.1, (rate, channels))
    soundfile.write(path, y, rate)
    np.testing.assert_array_equal(load_audio(path), librosa.load(path, sr=16000)[0])


@pytest.mark.parametrize("spec", SPECS, ids=repr)
def test_stereo_is_its_mean(spec, tmp_path):
    left, right = tone(440), tone(1000)
    soundfile.write(tmp_path / "stereo.wav", np.stack([left, right], axis=1), 16000, subtype="FLOAT")
    soundfile.write(tmp_path / "mono.wav", (left + right) / 2, 16000, subtype="FLOAT")
    np.testing.assert_array_equal(spec(tmp_path / "stereo.wav"), spec(tmp_path / "mono.wav"))


@pytest.mark.parametrize("spec", SPECS, ids=repr)
@pytest.mark.parametrize("rate", [8000, 48000])
def test_other_rates_have_the_same_shape(spec, rate, tmp_path):
    soundfile.write(tmp_path / "tone.wav", tone(1000, sr=rate), rate)
    value = spec(tmp_path / "tone.wav")
    assert value.shape == spec.shape and value.dtype == np.float32 and np.isfinite(value).all()


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_tone_stays_in_its_band(rate, tmp_path):
    spec = LogMel()
    centres = librosa.mel_frequencies(n_mels=spec.n_mels + 2, fmin=spec.fmin, fmax=spec.fmax)[1:-1]
    soundfile.write(tmp_path / "tone.wav", tone(centres[30], sr=rate), rate)
    assert set(spec(tmp_path / "tone.wav")[:, 5:55].argmax(axis=0)) == {30}


@pytest.mark.parametrize("spec", SPECS, ids=repr)
@pytest.mark.parametrize("samples", [2, 7, 500])
def test_shorter_than_a_frame(spec, samples, tmp_path):
    soundfile.write(tmp_path / "click.wav", np.linspace(-0.5, 0.5, samples), 16000)
    value = spec(tmp_path / "click.wav")
    assert value.shape == spec.shape and np.isfinite(value).all()


def test_raise_names_the_first_bad_file_and_leaves_nothing(corpus, tmp_path):
    write_silent(Path(corpus.items["path"][2]))
    write_empty(Path(corpus.items["path"][4]))
    with pytest.raises(AudioError, match="tone-2.wav: the recording is silent"):
        extract(corpus, LogMel(), cache=tmp_path / "cache")
    assert not list((tmp_path / "cache" / "features").iterdir())


def test_skip_counts_and_keeps_the_rest(corpus, tmp_path):
    whole = extract(corpus, LogMel(), cache=tmp_path / "cache")
    for number, write in enumerate([write_silent, write_empty, write_missing, write_nan]):
        Path(corpus.items["path"][number]).unlink()
        write(Path(corpus.items["path"][number]))
    broken = replace(corpus)  # a corpus keeps its fingerprint; this one looks again
    for _ in range(2):  # computed, then cached
        with pytest.warns(UserWarning, match="tones: skipped 4 of 6 items: .*tone-0.wav: .*silent.*tone-2.wav"):
            features = extract(broken, LogMel(), on_error="skip", cache=tmp_path / "cache")
        assert features.ids == ("tone-4", "tone-5")
        assert [id for id, _ in features.skipped] == ["tone-0", "tone-1", "tone-2", "tone-3"]
        np.testing.assert_array_equal(features.values, whole.values[4:])
        with pytest.raises(KeyError, match="'tone-3': it was skipped: .*NaN"):
            features.rows(["tone-5", "tone-3"])


def test_all_bad_is_an_error(corpus, tmp_path):
    for path in corpus.items["path"]:
        write_silent(Path(path))
    with pytest.raises(ValueError, match="tones: all 6 items failed, the first with: .*tone-0.wav: .*silent"):
        extract(corpus, LogMel(), on_error="skip", cache=tmp_path / "cache")


def cut_values(entry):
    path = entry / "values.npy"
    path.write_bytes(path.read_bytes()[:-1000])


def drop_description(entry):
    (entry / "items.json").unlink()


def garble_description(entry):
    (entry / "items.json").write_text('{"ids": [')


def lose_an_id(entry):
    about = json.loads((entry / "items.json").read_text())
    (entry / "items.json").write_text(json.dumps(about | {"ids": about["ids"][:-1]}))


def store_double(entry):
    values = np.load(entry / "values.npy").astype(np.float64)
    np.save(entry / "values.npy", values)


def store_pickle(entry):
    np.save(entry / "values.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    "damage", [cut_values, drop_description, garble_description, lose_an_id, store_double, store_pickle]
)
@pytest.mark.fault("damaged files noticed")
def test_damaged_entry_is_computed_again(damage, corpus, tmp_path):
    expected = np.array(extract(corpus, LogMel(), cache=tmp_path / "cache").values)
    (entry,) = (tmp_path / "cache" / "features").iterdir()
    damage(entry)
    again = extract(corpus, LogMel(), cache=tmp_path / "cache")
    np.testing.assert_array_equal(again.values, expected)
    assert again.ids == tuple(corpus.items["id"]) and list((tmp_path / "cache" / "features").iterdir()) == [entry]


def extract_values(corpus, cache, barrier, results):
    barrier.wait()
    results.put(np.array(extract(corpus, LogMel(), cache=cache, workers=1).values))


@pytest.mark.fault("met at the same work", count=2)
def test_two_processes_at_once_agree(corpus, tmp_path):
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    arguments = (corpus, tmp_path / "cache", barrier, results)
    processes = [context.Process(target=extract_values, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    first, second = (results.get(timeout=120) for _ in processes)
    for process in processes:
        process.join()
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, extract(corpus, LogMel(), cache=tmp_path / "cache").values)
    assert len(list((tmp_path / "cache" / "features").iterdir())) == 1


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("spec", SPECS, ids=repr)
def test_workers_do_not_change_values(spec, workers, corpus, tmp_path):
    features = extract(corpus, spec, cache=tmp_path / "cache", workers=workers)
    for id, path in zip(corpus.items["id"], corpus.items["path"]):
        np.testing.assert_array_equal(features.rows([id])[0], spec(path))
