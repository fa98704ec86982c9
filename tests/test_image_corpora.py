"""Image corpora as users have them: FER2013 in its forms, paintings with votes, folders of one's own, and what is wrong with them."""
import gzip
import threading
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from synesthetic.corpora import faces
from synesthetic.corpora.affectnet import load_affectnet
from synesthetic.corpora.art import count_votes, label_stability, load_feelingblue, load_folder, read_table
from synesthetic.corpora.catalogue import load_corpus
from synesthetic.corpora.faces import find_fer2013, load_fer2013
from synesthetic.features.cache import extract
from synesthetic.features.pixels import ImageError, Pixels, load_image
from synesthetic.splits.leakage import audit_split
from synesthetic.splits.policy import Split, make_splits


def fer_row(emotion, usage, seed):
    "A row of FER2013's table."
    pixels = np.random.default_rng(seed).integers(0, 256, 48 * 48)
    return f"{emotion},{' '.join(map(str, pixels))},{usage}"


def write_fer(folder, *rows, name="fer2013.csv", header="emotion,pixels,Usage"):
    "A table of FER2013."
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join([header, *rows]) + "\n")
    return folder


@pytest.fixture
def fer(tmp_path):
    "Seven emotions twice in training, once in each of the other parts."
    parts = ("Training", "Training", "PublicTest", "PrivateTest")
    rows = [fer_row(emotion, usage, 10 * emotion + take) for take, usage in enumerate(parts) for emotion in range(7)]
    return write_fer(tmp_path / "fer2013", *rows)


# FER2013


def test_fer2013_pictures_are_those_of_the_table(fer, tmp_path):
    corpus = load_fer2013(fer, cache=tmp_path)
    assert corpus.classes == ("neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised") and len(corpus) == 28
    item = corpus.items.set_index("id").loc["training-00009"]  # the second take of fear
    expected = np.random.default_rng(21).integers(0, 256, 48 * 48).reshape(48, 48)
    with Image.open(item["path"]) as picture:
        assert picture.mode == "L" and (np.asarray(picture) == expected).all()
    assert item["label"] == "fearful" and item["part"] == "train"


def test_fer2013_files_do_not_depend_on_a_compressor(fer, tmp_path):
    "The picture is one stored block of the deflate format, so that its digest is the same with every version of zlib."
    data = open(load_fer2013(fer, cache=tmp_path).items["path"][0], "rb").read()
    start = data.index(b"IDAT") + 4
    length = int.from_bytes(data[start - 8 : start - 4], "big")
    stream, raw = data[start : start + length], 48 * 49  # a row has a byte for its filter
    assert stream[2] == 1 and int.from_bytes(stream[3:5], "little") == raw == len(zlib.decompress(stream))


def test_fer2013_official_split(fer, tmp_path):
    corpus = load_fer2013(fer, cache=tmp_path)
    split, = make_splits(corpus, "official")
    assert (len(split.train), len(split.validation), len(split.test)) == (14, 7, 7)
    assert all(id.startswith("privatetest-") for id in split.test)
    assert "speakers not known" in audit_split(corpus, split).mark


def test_fer2013_pieces_do_not_matter(fer, tmp_path, monkeypatch):
    whole = load_fer2013(fer, cache=tmp_path / "a")
    read = faces.read_fer2013_rows
    monkeypatch.setattr(faces, "read_fer2013_rows", lambda path: read(path, rows=3))
    assert load_fer2013(fer, cache=tmp_path / "b").fingerprint == whole.fingerprint


def test_fer2013_is_unpacked_once(fer, tmp_path, monkeypatch):
    first = load_fer2013(fer, cache=tmp_path)
    monkeypatch.setattr(faces, "unpack_fer2013", None)
    assert load_fer2013(fer, cache=tmp_path).fingerprint == first.fingerprint
    assert [path.name for path in (tmp_path / "fer2013").iterdir() if path.is_dir()] == [first.items["path"][0].split("/")[-3]]


def test_fer2013_unpacked_by_two_at_once(fer, tmp_path):
    found = []
    threads = [threading.Thread(target=lambda: found.append(load_fer2013(fer, cache=tmp_path / "c"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2 and found[0].fingerprint == found[1].fingerprint and all(found[0].digests.values())


@pytest.mark.parametrize("header, rows, message", [
    ("emotion,pixels", ["3,1 2"], "has no column 'Usage'; FER2013's table has emotion, pixels and Usage"),
    ("emotion,pixels,Usage", [], "has a header and no pictures"),
    ("emotion,pixels,Usage", [fer_row(7, "Training", 0)], "line 2: unknown emotion '7'; known are 0 to 6"),
    ("emotion,pixels,Usage", [fer_row(0, "Training", 0), fer_row(0, "Testing", 0)], "line 3: unknown usage 'Testing'"),
    ("emotion,pixels,Usage", ["0,1 2 3,Training"], "line 2: the picture has 3 pixels"),
    ("emotion,pixels,Usage", ["0,,Training"], "line 2: the picture has 0 pixels"),
    ("emotion,pixels,Usage", ["0," + "300 " * 2304 + ",Training"], "line 2: a pixel has the value 300, outside 0..255"),
    ("emotion,pixels,Usage", ["0," + "1.5 " * 2304 + ",Training"], "line 2: the pixels hold '\\.\\.\\."),
    ("emotion,pixels,Usage", [fer_row(0, "Training", 0), "", fer_row(9, "Training", 0)], "line 4: unknown emotion '9'"),
])
def test_fer2013_broken_tables(tmp_path, header, rows, message):
    folder = write_fer(tmp_path / "broken", *rows, header=header)
    with pytest.raises(ValueError, match=f"fer2013.csv.*{message}"):
        load_fer2013(folder, cache=tmp_path)
    assert not list(tmp_path.glob("fer2013/*/items.csv")) and not list(tmp_path.glob("fer2013/.*"))


def test_fer2013_broken_files(fer, tmp_path):
    packed = gzip.compress((fer / "fer2013.csv").read_bytes())
    broken = "is not a whole gzip file"
    for content, message in ((packed[:5000], broken), (b"emotion,pixels,Usage\n", broken), (b"", "is empty")):
        path = tmp_path / "fer2013.csv.gz"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"fer2013.csv.gz {message}"):
            load_fer2013(path, cache=tmp_path)
    (tmp_path / "fer2013.csv").write_bytes(packed)
    with pytest.raises(ValueError, match="is not FER2013's table"):
        load_fer2013(tmp_path / "fer2013.csv", cache=tmp_path)


def test_fer2013_is_found_where_people_have_it(fer, tmp_path):
    assert find_fer2013(tmp_path) == find_fer2013(fer) == find_fer2013(fer / "fer2013.csv") == fer / "fer2013.csv"
    (fer / "train").mkdir()
    assert find_fer2013(fer) == fer / "fer2013.csv"
    with pytest.raises(FileNotFoundError, match="neither fer2013.csv.* is in"):
        find_fer2013(fer / "train")
    with pytest.raises(FileNotFoundError, match="no such folder"):
        find_fer2013(tmp_path / "nowhere")


def test_fer2013_folders(tmp_path):
    for name in ("train/fear/Training_1.jpg", "train/Surprise/Training_1.png", "test/neutral/PublicTest_1.jpg", "test/neutral/._x.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (48, 48)).save(tmp_path / name)
    (tmp_path / "train/fear/Thumbs.db").write_text("no picture")
    items = load_fer2013(tmp_path).items
    assert dict(zip(items["id"], items["label"])) == {
        "train-fear-Training_1": "fearful", "train-surprise-Training_1": "surprised", "test-neutral-PublicTest_1": "neutral"}
    assert set(items["part"]) == {"train", "test"}
    (tmp_path / "train/joy").mkdir()
    with pytest.raises(ValueError, match="joy is not named like one of FER2013's emotions: angry, disgust, fear"):
        load_fer2013(tmp_path)


@pytest.mark.parametrize("name, part", [("val", "validation"), ("Valid", "validation"), ("PublicTest", "validation"), ("PrivateTest", "test")])
def test_fer2013_folders_lose_no_part_and_no_format(tmp_path, capsys, name, part):
    for number, suffix in enumerate((".bmp", ".PNG", ".jpeg", ".tif", ".webp", ".gif")):
        for above in ("Train", name):
            (tmp_path / above / "sad").mkdir(parents=True, exist_ok=True)
            Image.new("L", (48, 48)).save(tmp_path / above / "sad" / f"{number}{suffix}")
    (tmp_path / name / "sad" / "notes.txt").write_text("no picture")
    (tmp_path / "weights").mkdir()  # holds no emotions, so it is no part
    items = load_fer2013(tmp_path).items
    assert items.groupby("part").size().to_dict() == {"train": 6, part: 6} and f"{name.lower()}-sad-0" in set(items["id"])
    assert "1 files are no pictures and are left out, the first" in capsys.readouterr().err


def test_fer2013_empty_folders(tmp_path):
    (tmp_path / "train" / "happy").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="no .bmp, .*.webp file in .*train/<emotion>/"):
        load_fer2013(tmp_path)


@pytest.mark.realdata
def test_real_fer2013(real_data, tmp_path):
    corpus = load_fer2013(real_data / "fer2013", cache=tmp_path)
    counts = corpus.items.groupby(["part", "label"]).size()
    assert counts["train"].to_dict() == {
        "angry": 1650, "disgust": 185, "fearful": 1704, "happy": 3030, "neutral": 2023, "sad": 2045, "surprised": 1363}
    assert counts["validation"].to_dict() == {  # all of PublicTest
        "angry": 467, "disgust": 56, "fearful": 496, "happy": 895, "neutral": 607, "sad": 653, "surprised": 415}
    split, = make_splits(corpus, "official")
    assert repr(split) == "<Split official 1 of 1: 12000 train, 3589 validation, 0 test>"
    training = {corpus.digests[id] for id in split.train}
    assert sum(corpus.digests[id] in training for id in split.validation) == 138  # exact duplicates


# AffectNet


def write_affectnet(folder, rows):
    "Annotated pictures; rows: number -> expression, valence, arousal."
    for name in ("images", "annotations"):
        (folder / name).mkdir(parents=True)
    for number, row in rows.items():
        pixels = np.random.default_rng(number).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{number}.jpg")
        for short, value in zip(("exp", "val", "aro"), row):
            np.save(folder / "annotations" / f"{number}_{short}.npy", value)
    return folder


def test_affectnet_skips_what_is_not_known_and_counts_it(tmp_path, capsys):
    rows = {0: ("1", "0.5", "0.1"), 1: ("8", "0.1", "0.1"), 2: ("10", "-2", "-2"), 3: ("2", "-2", "0.1"), 4: ("5", "-0.5", "1.2"), 5: (6, -0.5, 1.0)}
    corpus = load_corpus("affectnet", write_affectnet(tmp_path / "affectnet", rows))
    assert dict(zip(corpus.items["id"], corpus.items["label"])) == {"0": "happy", "5": "angry"}
    assert corpus.items[["valence", "arousal"]].to_numpy().tolist() == [[0.5, 0.1], [-0.5, 1.0]]
    told = "4 of 6 get no label and are left out: 2 without one of the eight emotions, 2 with an unknown valence or arousal"
    assert told in capsys.readouterr().err


def test_affectnet_validation_is_never_seen_in_training(tmp_path):
    rows = {number: (number % 2, 0.1, 0.1) for number in range(20)}
    write_affectnet(tmp_path / "train_set", rows)
    write_affectnet(tmp_path / "val_set", dict(list(rows.items())[:4]))
    split, = make_splits(load_affectnet(tmp_path), "official", validation=0.2)
    assert (len(split.train), len(split.validation), len(split.test)) == (16, 4, 4) and all(id.startswith("test-") for id in split.test)


@pytest.mark.parametrize("broken, message", [
    (lambda notes: (notes / "1_val.npy").unlink(), "1_val.npy: the annotation is missing"),
    (lambda notes: (notes / "1_val.npy").write_bytes(b"\x93NUMPY"), "1_val.npy does not hold one number"),
    (lambda notes: np.save(notes / "1_val.npy", "happy"), "1_val.npy does not hold one number: could not convert"),
    (lambda notes: np.save(notes / "1_exp.npy", "11"), "1_exp.npy: the expression 11.0 is not a whole number from 0 to 10"),
    (lambda notes: np.save(notes / "1_exp.npy", "-1"), "1_exp.npy: the expression -1.0 is not"),
    (lambda notes: np.save(notes / "1_exp.npy", np.array({"a": 1}), allow_pickle=True), "1_exp.npy does not hold one number"),
    (lambda notes: (notes.parent / "images" / "1.jpg").unlink(), "1 annotations have no picture in .*images, the first 1_exp.npy"),
    (lambda notes: [np.save(path, "10") for path in notes.glob("*_exp.npy")], "none of 2 pictures gets a label: 2 without one of the eight"),
])
def test_affectnet_broken_annotations(tmp_path, broken, message):
    broken(write_affectnet(tmp_path / "affectnet", {0: (1, 0.5, 0.1), 1: (2, -0.5, 0.1)}) / "annotations")
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        load_affectnet(tmp_path / "affectnet")


def test_affectnet_tables(tmp_path):
    (tmp_path / "images").mkdir()
    lines = ["subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"]
    for number, values in enumerate(("3,0.2,0.8", "9,-2,-2", "x,0.1,0.1")):
        Image.new("RGB", (9, 9)).save(tmp_path / "images" / f"{number}.png")
        lines.append(f"{number}.png,1,1,7,7,1;2,{values}")
    (tmp_path / "training.csv").write_text("\n".join(lines[:3]))
    items = load_affectnet(tmp_path).items
    assert items[["id", "label", "part", "face_width"]].to_numpy().tolist() == [["train-0.png", "surprised", "train", 7]]
    (tmp_path / "training.csv").write_text("\n".join(lines))
    with pytest.raises(ValueError, match="training.csv, row 3: the expression nan is not a whole number from 0 to 10"):
        load_affectnet(tmp_path)


# Pictures of every kind


@pytest.mark.parametrize("mode, suffix", [("RGB", ".jpg"), ("CMYK", ".jpg"), ("L", ".png"), ("RGBA", ".png"), ("P", ".gif"), ("1", ".bmp")])
def test_pictures_of_every_mode_are_read_alike(tmp_path, mode, suffix):
    ramp = Image.fromarray(np.repeat(np.linspace(0, 255, 48, dtype=np.uint8)[None], 48, axis=0))
    path = tmp_path / f"face{suffix}"
    ramp.convert("RGB").convert(mode).save(path)
    seen = Pixels(16)(path)
    assert seen.shape == (16, 16, 3) and np.abs(seen - seen.mean(axis=2, keepdims=True)).max() < 0.05  # grey stays grey
    assert np.corrcoef(seen[:, :, 0].mean(axis=0), np.arange(16))[0, 1] > 0.9  # and is neither turned nor made a negative


@pytest.mark.parametrize("mode, suffix", [("RGBA", ".png"), ("RGBA", ".webp"), ("LA", ".png"), ("P", ".png"), ("P", ".gif"), ("RGB", ".png"), ("L", ".png")])
def test_transparent_parts_are_white(tmp_path, mode, suffix):
    "Whatever the file holds there, and however it says so: an alpha channel, an entry of the palette, one colour."
    path, ink = tmp_path / f"drawing{suffix}", np.zeros((48, 48), bool)
    ink[16:32, 16:32] = True
    seal = {"transparency": {"RGB": (9, 9, 9), "L": 9}.get(mode, 0)} if mode in ("P", "RGB", "L") else {}
    if seal:
        drawing = Image.fromarray(np.where(ink, 200, 0 if mode == "P" else 9).astype(np.uint8)).convert(mode)
    else:
        drawing = Image.fromarray(np.dstack([np.where(ink, 200, 9)] * 3 + [255 * ink]).astype(np.uint8)).convert(mode)
    drawing.save(path, **seal, **({"lossless": True} if suffix == ".webp" else {}))
    for wanted in ("RGB", "L"):
        grey = np.asarray(load_image(path, mode=wanted).convert("L"))
        assert (grey[~ink] == 255).all() and (grey[ink] == 200).all()


def test_transparent_picture_is_flat_if_nothing_is_drawn(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 4), np.uint8)
    noise[..., 3] = 0
    Image.fromarray(noise).save(tmp_path / "nothing.png")
    with pytest.raises(ImageError, match="nothing.png: the picture is of one flat colour"):
        load_image(tmp_path / "nothing.png")


@pytest.mark.parametrize("spoil, message", [
    (lambda path: path.write_bytes(path.read_bytes()[:300]), "is damaged or not a picture"),
    (lambda path: path.write_bytes(b""), "is empty"),
    (lambda path: path.write_text("<html>not found</html>"), "is damaged or not a picture"),
    (lambda path: Image.new("RGB", (1, 1)).save(path), "of one flat colour"),
    (lambda path: path.unlink(), "there is no such file"),
])
def test_bad_pictures_are_named(tmp_path, spoil, message):
    folder = write_affectnet(tmp_path / "affectnet", {0: (1, 0.5, 0.1), 1: (2, -0.5, 0.1)})
    corpus, path = load_affectnet(folder), folder / "images" / "1.jpg"
    spoil(path)
    with pytest.raises(ImageError, match=f"1.jpg: .*{message}"):
        load_image(path)
    with pytest.warns(UserWarning, match="skipped 1 of 2 items: .*1.jpg"):
        assert extract(corpus, Pixels(8), on_error="skip", cache=tmp_path / "cache").ids == ("0",)


# The official split


def test_official_split_holds_validation_out(tmp_path):
    seeds = [(emotion, 10 * emotion + take) for take in range(8) for emotion in range(7)]
    rows = [fer_row(emotion, usage, seed) for emotion, seed in seeds for usage in ("Training", "PrivateTest")]
    corpus = load_fer2013(write_fer(tmp_path / "two", *rows), cache=tmp_path)
    split, = make_splits(corpus, "official", folds=1, validation=0.25, seed=3)
    assert isinstance(split, Split) and (split.policy, split.fold, split.folds, split.seed) == ("official", 0, 1, 3)
    assert (len(split.train), len(split.validation), len(split.test)) == (42, 14, 56)
    labels = corpus.items.set_index("id")["label"]
    assert set(labels[list(split.validation)].value_counts()) == {2}
    assert all(id.startswith("privatetest") for id in split.test)


def test_official_split_needs_parts(tone_corpus):
    with pytest.raises(ValueError, match="tones does not come in parts: no official split is possible; possible are random, speaker$"):
        make_splits(tone_corpus, "official")


# Paintings


def write_votes(folder, votes, files=True):
    "FeelingBlue's form; votes: file -> {column: count}."
    (folder / "images").mkdir(parents=True)
    columns = [f"{emotion}_{end}" for end in ("max", "min") for emotion in ("anger", "disgust", "fear", "happiness", "sadness")]
    about = {"artist": "NA", "title": "None", "year": "", "category": "x", **dict.fromkeys(columns, 0)}
    rows = [{"filename": name, **about, **one} for name, one in votes.items()]
    pd.DataFrame(rows).to_csv(folder / "paintings.csv", index=False)
    for name in votes if files else ():
        Image.new("RGB", (4, 4)).save(folder / "images" / name)
    return folder


VOTES = {
    "a.png": {"anger_max": 9, "anger_min": 1},
    "b.png": {"disgust_min": 8, "fear_max": 4, "fear_min": 3},
    "c.png": {},
    "d.png": {"sadness_max": 5, "happiness_max": 5},
    "e.png": {"happiness_max": 2, "happiness_min": 6},
}


def test_votes_become_labels(tmp_path, capsys):
    corpus = load_feelingblue(write_votes(tmp_path / "art", VOTES))
    assert dict(zip(corpus.items["id"], corpus.items["label"])) == {"a": "angry", "b": "fearful"}
    shown = 4 * (9 + 4 + 5 + 5 + 2) / 6  # six pairs of a painting and an emotion have votes
    assert corpus.items["anger"][0] == pytest.approx((9 - 1) / shown) and corpus.items["disgust"][1] == pytest.approx(-8 / shown)
    assert corpus.items["happiness"].isna().all() and set(corpus.items["speaker"]) == {"NA"}
    assert "3 of 5 get no label and are left out: 1 without votes, 1 with no score above zero, 1 with a tie" in capsys.readouterr().err


def test_pictures_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"5 of 5 files are neither in .*: 'a.png', 'b.png', 'c.png', \.\.\."):
        load_feelingblue(write_votes(tmp_path / "art", VOTES, files=False))
    with pytest.raises(FileNotFoundError, match="no such table: .*paintings.csv"):
        load_feelingblue(tmp_path)


@pytest.mark.realdata
def test_real_paintings(real_data):
    corpus = load_feelingblue(real_data / "paintings")
    assert corpus.items["label"].value_counts().to_dict() == {"disgust": 197, "happy": 168, "fearful": 81, "sad": 52, "angry": 50}
    assert all(corpus.digests.values())
    for split in make_splits(corpus, "speaker", folds=4):
        assert "speaker" not in audit_split(corpus, split).leaks
    most, least = count_votes(read_table(real_data / "paintings" / "paintings.csv"))
    assert 0.79 < np.nanmean(label_stability(most, least)) < 0.83


@pytest.mark.realdata
def test_scores_are_those_that_feelingblue_published(real_data):
    "feelingblue_relative_scores.csv of github.com/amith-ananthram/feelingblue, where the number of showings is known."
    published = {
        "afro_composition-1968": 0.5, "willem-de-kooning_asheville(1)": 0.727, "mark-rothko_untitled-1970": 0.217,
        "jackson-pollock_mural": 0.125, "kazuo-shiraga_fire-ritual-1974": 0.583, "patrick-heron_red-garden-1956": 0.455}
    items = load_feelingblue(real_data / "paintings").items.set_index("id")
    assert np.abs(items["anger"][list(published)] - pd.Series(published)).max() < 0.05


# A folder of one's own


def test_folder_of_ones_own(tmp_path):
    folder = tmp_path / "Drawings"
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    names = [f"{number}.png" for number in range(12)]
    for name in names:
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(folder / "images" / name)
    about = {"Painter": list("aabbccddeeff"), "arousal": 0.5, "part": ["train"] * 8 + ["test"] * 4}
    table = pd.DataFrame({"IMAGE": names, " Emotion ": ["happy", "sad"] * 6, **about})
    table.to_csv(folder / "table.csv", index=False)
    corpus = load_folder(folder, "table.csv")
    assert corpus.name == "Drawings" and corpus.items["speaker"].nunique() == 6 and corpus.items["arousal"].eq(0.5).all()
    assert len(make_splits(corpus, "speaker", folds=3)) == 3 and len(make_splits(corpus, "official")[0].test) == 4


@pytest.mark.parametrize("text, message", [
    ("", "is not a csv"),
    ("file,label\n", "has no rows"),
    ("file;label\na.png;sad\n", "has no column file or filename or path or image or audio; it has file;label"),
    ("file,mood\na.png,sad\n", "has no column label or emotion; it has file, mood. Rename one, or say which it is: columns={'label': ...}"),
    ("file,label\na.png,nan\n", "1 of 1 rows have no label, first row 1"),
    ("file,label,artist\na.png,sad,\n", "1 of 1 rows have no artist, first row 1"),
    ("file,label,arousal\na.png,sad,high\n", "row 1: the arousal 'high' is not a number from -1 to 1"),
    ("file,label,title\na.png,sad,Red, blue\n", "is not a csv"),
    ('file,label,title\na.png,sad,"Red\nb.png,happy,blue"\n', "row 1 runs over several lines"),
    ("file,label\na.png,sad\na.png,Sad\n", "the label 'sad' is written in several ways"),
])
def test_broken_tables_of_ones_own(tmp_path, text, message):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(ValueError) as caught:
        load_folder(tmp_path)
    assert message in str(caught.value) and "labels.csv" in str(caught.value)


def test_a_csv_of_pictures_is_a_corpus_by_name(tmp_path, monkeypatch):
    (tmp_path / "drawings").mkdir()
    for name in "abcd":
        Image.new("RGB", (4, 4)).save(tmp_path / "drawings" / f"{name}.png")
    file = tmp_path / "drawings" / "Mine.CSV"
    file.write_text("file,label,artist\na.png,sad,x\nb.png,happy,x\nc.png,sad,y\nd.png,happy,y\n")
    corpus = load_corpus(str(file))
    assert corpus.name == "Mine" and corpus.classes == ("happy", "sad") and set(corpus.items["speaker"]) == {"x", "y"}
    monkeypatch.chdir(tmp_path)
    for name, data in (("drawings/Mine.CSV", None), ("Mine.CSV", tmp_path / "drawings"), ("Mine.CSV", "drawings")):
        assert load_corpus(name, data).fingerprint == corpus.fingerprint
    assert len(load_corpus(str(file), classes="sad")) == 2
    with pytest.raises(ValueError, match="Mine has no class 'angry'"):
        load_corpus(str(file), classes="angry")
    with pytest.raises(FileNotFoundError, match="there is no file drawings/yours.csv, neither here nor in"):
        load_corpus("drawings/yours.csv")
    file.write_text("file,label\ne.png,sad\n")
    with pytest.raises(FileNotFoundError, match="1 of 1 files are neither in .*drawings nor in its images/: 'e.png'"):
        load_corpus(str(file))
    file.write_text("picture,label\na.png,sad\n")
    with pytest.raises(ValueError, match="Mine.CSV has no column file or filename or path or image or audio; it has picture, label. Rename one"):
        load_corpus(str(file))
    with pytest.raises(ValueError, match=r"unknown corpus 'mine'; known are .*, and files of your own \(.pkl, .*, .csv\)"):
        load_corpus("mine")
