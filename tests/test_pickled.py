"""Pickles from users: hostile ones are refused and nothing of them runs; those of old and new versions and all protocols load."""
import builtins
import os
import pickle
import struct
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from conftest import ROOT
from synesthetic.corpora.catalogue import load_corpus
from synesthetic.corpora.pickled import ADMITTED, MAX_DEPTH, PickleRefused, load_pickled, names_in_pickle, read_pickle, read_recordings

FIXTURES = sorted((ROOT / "tests" / "fixtures" / "pickles").glob("*.pkl"))


class Calls:
    "Pickled as a call of any function."

    def __init__(self, function, *arguments, state=None):
        self.call = (function, arguments) + ((state,) if state is not None else ())

    def __reduce__(self):
        return self.call


def touch(place) -> str:
    "A command that leaves a trace."
    return f"{sys.executable} -c \"open({str(place)!r}, 'w')\""


def glob(module: str, name: str) -> bytes:
    "The instruction that asks for a name."
    return b"c" + f"{module}\n{name}\n".encode()


def text(value: str) -> bytes:
    "The instruction that gives text."
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def stack_global(module: str, name: str) -> bytes:
    "The same as `glob`, as protocol 4 says it."
    return text(module) + text(name) + b"\x93"


def hostile(trace) -> dict[str, bytes]:
    "Pickles that would leave a trace, crash Python or fill the memory if they were loaded."
    command, deep = touch(trace), 200_000
    table = pd.DataFrame({"audio": [np.zeros(4), Calls(os.system, command)], "valence": [0.1, 0.2]})
    call = b"(" + text(command) + b"tR."
    array = pickle.dumps(np.zeros(3), 2)
    return {
        "os.system": pickle.dumps(Calls(os.system, command)),
        "builtins.eval": pickle.dumps(Calls(builtins.eval, f"open({str(trace)!r}, 'w')")),
        "builtins.exec": pickle.dumps([{"valence": 1, "audio": Calls(builtins.exec, f"open({str(trace)!r}, 'w')")}]),
        "subprocess": pickle.dumps(Calls(subprocess.check_output, [sys.executable, "-c", f"open({str(trace)!r}, 'w')"])),
        "in a table": pickle.dumps(table),
        "in an array": pickle.dumps(np.array([Calls(os.system, command)], dtype=object), 2),
        "as a state": pickle.dumps(Calls(dict, state=Calls(os.system, command))),
        "getattr": b"\x80\x02" + glob("builtins", "getattr") + b"(" + glob("os", "path") + text("os") + b"tR.",
        "python 2 eval": b"\x80\x02" + glob("__builtin__", "eval") + call,
        "dotted name": b"\x80\x04" + stack_global("pandas", "io.common.os.system") + call,
        "dotted name in an admitted module": b"\x80\x04" + stack_global("numpy", "ndarray.__class__") + call,
        "module that reads files": b"\x80\x04" + stack_global("numpy", "load") + call,
        "pandas reads pickles": b"\x80\x04" + stack_global("pandas", "read_pickle") + call,
        "numpy runs commands": b"\x80\x02" + glob("numpy.testing._private.utils", "runstring") + call,
        "name that is computed": b"\x80\x04" + text("posix") + b"K\x01" + b"\x93.",
        "old instance": b"(" + text(command) + b"i" + b"os\nsystem\n.",
        "persistent id": b"\x80\x02K\x01Q.",
        "registry": b"\x80\x02\x82\x01.",
        "buffer outside": b"\x80\x05\x97.",
        "tampering with a stand-in": b"\x80\x02" + glob("numpy", "dtype") + b"N}" + text("__setstate__") + glob("numpy", "ndarray") + b"s\x86b.",
        "deep lists": b"\x80\x02" + b"]" * deep + b"a" * (deep - 1) + b".",
        "deep tuples": b"(" * deep + b"t" * deep + b".",
        "deep tuple as a key": b"\x80\x02})" + b"\x85" * deep + b"K\x01s.",
        "deep by memory": b"\x80\x04" + b"]\x94" * 5000 + b"".join(b"j" + struct.pack("<I", n + 1) + b"j" + struct.pack("<I", n) + b"a" for n in range(4999)) + b"j" + struct.pack("<I", 4999) + b".",
        "far memory": b"\x80\x02]r\xff\xff\xff\x7f.",
        "long text that is not there": b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b"abc.",
        "array larger than its bytes": array.replace(b"K\x03\x85", b"J\xff\xff\xff\x7f\x85", 1),
        "bytes by number": b"\x80\x02" + glob("builtins", "bytearray") + b"J\xff\xff\xff\x7f\x85R.",
        "numbers taken for objects": array.replace(b"X\x02\x00\x00\x00f8", b"X\x02\x00\x00\x00O8", 1),
        "record type": b"\x80\x02" + glob("numpy", "dtype") + b"(" + text("V8") + b"\x89\x88tR.",
        "second pickle behind the first": pickle.dumps([1]) + pickle.dumps(Calls(os.system, command)),
        "contains itself": b"\x80\x02]q\x00h\x00a.",
        "cut off": pickle.dumps({"audio": np.zeros(50)})[:-20],
        "empty": b"", "no pickle": b"RIFF\x00\x00\x00\x00WAVEfmt ", "text": b"valence,audio\n0.1,a.wav\n",
    }


@pytest.fixture(scope="module")
def attacks(tmp_path_factory):
    "The hostile pickles, and the file that would be there if one of them had run."
    trace = tmp_path_factory.mktemp("hostile") / "trace"
    return hostile(trace), trace


@pytest.mark.fault("hostile files refused")
@pytest.mark.parametrize("name", hostile("x"))
def test_hostile_pickle_is_refused_and_runs_nothing(attacks, name, tmp_path):
    pickles, trace = attacks
    file = tmp_path / "hostile.pkl"
    file.write_bytes(pickles[name])
    with pytest.raises(PickleRefused, match="hostile.pkl"):
        read_pickle(file)
    with pytest.raises(ValueError, match="hostile.pkl"):
        load_pickled(file, cache=tmp_path)
    assert not trace.exists()


def test_the_name_is_said_and_nothing_is_loaded(attacks, tmp_path, monkeypatch):
    file = tmp_path / "hostile.pkl"
    file.write_bytes(attacks[0]["in a table"])
    monkeypatch.setattr("synesthetic.corpora.pickled._Loader", None)  # it is refused before the loader begins
    with pytest.raises(PickleRefused, match=f"it asks for {os.system.__module__}.system, which is not needed"):
        read_pickle(file)


def test_attacks_would_have_worked(tmp_path):
    trace = tmp_path / "trace"
    pickle.loads(hostile(trace)["builtins.eval"]).close()
    assert trace.exists()


def test_admitted_names_lead_to_stand_ins_or_containers():
    for (module, name), kind in ADMITTED.items():
        assert kind in (dict, set, frozenset) or kind.__module__ == "synesthetic.corpora.pickled", (module, name)
    assert not any("." in name for _, name in ADMITTED)


@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: file.stem)
def test_pickle_of_another_version_loads(file):
    table = read_recordings(file)
    assert table["valence"].tolist() == [-0.5, -0.25, 0.25, 0.5] and (table["rate"] == 8000).all()
    expected = np.round(3000 * np.sin(2 * np.pi * 700 * np.arange(400) / 8000))
    samples = table["samples"][2]
    assert np.allclose(samples * (1 if samples.dtype == np.int16 else 32768), expected, atol=1e-3)
    if "frame" in file.stem:
        assert list(table["id"]) == list("abcd") and list(table["speaker"]) == list("xxyy") and table["arousal"].tolist() == [0.5, 0, 0, 1]


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_of_this_version_loads(protocol, tmp_path):
    file, waves = tmp_path / "mine.pkl", [np.arange(n, dtype=np.int16) for n in (3, 5)]
    value = {"audio": waves, "valence": np.array([0.5, -0.5]), "sr": 16000, "more": {"a": (1, 2.5, None, True, "é", b"\xff"), "s": {1, 2}}}
    file.write_bytes(pickle.dumps(value, protocol))
    read = read_pickle(file)
    assert read["more"] == value["more"] and all(map(np.array_equal, read["audio"], waves))
    assert read_recordings(file)["rate"].tolist() == [16000, 16000]


def old_table(columns: dict) -> bytes:
    "A table as pandas up to 1.2 pickled it: the manager's blocks in its state."
    import types

    module = types.ModuleType("pandas.core.internals.managers")
    frame_module = types.ModuleType("pandas.core.frame")

    class BlockManager:
        def __getstate__(self):
            return self.kept

    class DataFrame:
        def __getstate__(self):
            return self.kept

    for kind, where in ((BlockManager, module), (DataFrame, frame_module)):
        kind.__module__, kind.__qualname__ = where.__name__, kind.__name__
        setattr(where, kind.__name__, kind)
    manager, frame = BlockManager(), DataFrame()
    names = np.array(list(columns), dtype=object)
    blocks = [{"values": np.array([values]), "mgr_locs": slice(place, place + 1, 1)} for place, values in enumerate(columns.values())]
    manager.kept = ([names], [], [], {"0.14.1": {"axes": [names, np.arange(2)], "blocks": blocks}})
    frame.kept = {"_data": manager, "_typ": "dataframe", "_metadata": []}
    real = {name: sys.modules[name] for name in (module.__name__, frame_module.__name__)}
    sys.modules.update({module.__name__: module, frame_module.__name__: frame_module})
    try:
        return pickle.dumps(frame, 2).replace(b"numpy._core.", b"numpy.core.")
    finally:
        sys.modules.update(real)


def test_table_of_a_very_old_pandas_loads(tmp_path):
    file = tmp_path / "old.pkl"
    file.write_bytes(old_table({"audio": np.zeros(2), "valence": np.array([0.25, -0.25])}))
    assert read_pickle(file)["valence"].tolist() == [0.25, -0.25]


def test_bytes_of_python_2_load(tmp_path):
    file = tmp_path / "py2.pkl"
    raw = np.array([1, -2], "<i2").tobytes()
    array = glob("numpy.core.multiarray", "_reconstruct") + b"(" + glob("numpy", "ndarray") + b"K\x00\x85U\x01btR(K\x01K\x02\x85"
    array += glob("numpy", "dtype") + b"(U\x02i2K\x00K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x04" + raw + b"tb"
    file.write_bytes(b"\x80\x02](}(U\x05audio" + array + b"U\x07valenceG\x3f\xe0\x00\x00\x00\x00\x00\x00U\x02srM\x40\x1fuae.".replace(b"uae", b"ue"))
    table = read_recordings(file)
    assert table["samples"][0].tolist() == [1, -2] and table["valence"].tolist() == [0.5] and table["rate"].tolist() == [8000]


def test_depth_of_honest_data_is_far_from_the_limit():
    names_in_pickle(pickle.dumps([{"a": [{"b": (pd.DataFrame({"x": [np.zeros(2)]}),)}]}]))
    nested = 1
    for _ in range(MAX_DEPTH - 2):
        nested = [nested]
    assert names_in_pickle(pickle.dumps(nested)) == set()


def test_real_recordings(real_data):
    file = real_data / "emotify" / "valence.pkl"
    if not file.is_file():
        pytest.skip("emotify/valence.pkl is not there")
    corpus = load_corpus("emotify/valence.pkl", real_data)
    assert len(corpus) == 120 and corpus.classes == () and corpus.items["valence"].between(-2, 2).all()
