"""Shards hold the samples of a data set, exactly, and are read in any order."""

import argparse
import json

import numpy as np
import pytest
from PIL import Image

from seg_keras.data.augment import Augmentation
from seg_keras.data.datasets import build_dataset
from seg_keras.data.pipeline import TrainSamples
from seg_keras.data.shards import write_shards
from tests.data.trees import TREES
from tools.dataset_shard import add_shard_command


def packed(name, folder, split="train", **options):
    """The data set of a miniature tree, and the same from shards."""
    TREES[name](folder / "tree")
    dataset = build_dataset(name, folder / "tree")
    write_shards(dataset, split, folder / "shards", **options)
    return dataset, build_dataset("shards", folder / "shards")


# files of PNG and JPEG; 16-bit instances; 4 bands; pages of a stack; float series; parts of JSON
@pytest.mark.parametrize(
    "name", ["camvid", "folder", "dic_hela", "eye_in_the_sky", "isbi2012", "time_series", "coco"]
)
def test_samples_are_the_same_as_from_loose_files(name, tmp_path):
    dataset, shards = packed(name, tmp_path)
    assert shards.label_space.names == dataset.label_space.names
    assert shards.label_space.colors == dataset.label_space.colors
    loose, pairs = dataset.list_pairs("train"), shards.list_pairs("train")
    assert [pair[0].name for pair in pairs] == [pair[0].name for pair in loose]
    for pair, original in zip(pairs[::-1], loose[::-1], strict=True):
        for ours, theirs in zip(shards.load(pair), dataset.load(original), strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)
        if dataset.read_instances:
            np.testing.assert_array_equal(
                shards.read_instances(pair), dataset.read_instances(original)
            )
    assert (shards.read_instances is None) == (dataset.read_instances is None)


def test_training_sees_the_same_samples_in_the_same_order(tmp_path):
    sources = packed("camvid", tmp_path)
    first, second = (
        TrainSamples(source, source.list_pairs("train"), (32, 40), Augmentation(), seed=3)
        for source in sources
    )
    for number in range(4):
        for ours, theirs in zip(first[number], second[number], strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_photos_keep_the_bytes_of_their_files(tmp_path):
    dataset, shards = packed("folder", tmp_path)
    content = b"".join(path.read_bytes() for path in (tmp_path / "shards").glob("*.tfrecord"))
    for image, _ in dataset.list_pairs("train"):
        assert image.read_bytes() in content


def test_photos_of_16_bits_are_read_as_from_their_files(tmp_path):
    TREES["folder"](tmp_path / "tree")
    wide = np.arange(48 * 64, dtype="uint16").reshape(48, 64) * 20
    (tmp_path / "tree" / "images" / "photo_0.jpg").unlink()
    Image.fromarray(wide).save(tmp_path / "tree" / "images" / "photo_0.png")
    dataset = build_dataset("folder", tmp_path / "tree")
    write_shards(dataset, "train", tmp_path / "shards")
    shards = build_dataset("shards", tmp_path / "shards")
    image, _ = shards.load(shards.list_pairs("train")[0])
    np.testing.assert_array_equal(image, dataset.load(dataset.list_pairs("train")[0])[0])


def test_shards_end_at_their_size(tmp_path):
    _, shards = packed("folder", tmp_path, shard_mb=0.01)
    files = sorted((tmp_path / "shards").glob("train-?????.tfrecord"))
    assert len(files) > 2
    for file in files[:-1]:
        assert 10_000 <= file.stat().st_size < 20_000
    assert len({pair[0].parents[1] for pair in shards.list_pairs("train")}) == len(files)


def test_any_reader_of_tfrecord_can_read_them(tmp_path):
    import tensorflow as tf

    dataset, _ = packed("camvid", tmp_path)
    features = {name: tf.io.FixedLenFeature([], tf.string) for name in ("image", "label", "name")}
    records = tf.data.TFRecordDataset([str(tmp_path / "shards" / "train-00000.tfrecord")])
    pairs = dataset.list_pairs("train")
    count = 0
    for record, pair in zip(records, pairs, strict=True):
        sample = tf.io.parse_single_example(record, features)
        image, label = dataset.load(pair)
        assert sample["name"].numpy().decode() == pair[0].name
        np.testing.assert_array_equal(tf.io.decode_png(sample["image"]), image)
        np.testing.assert_array_equal(tf.io.decode_png(sample["label"])[..., 0], label)
        count += 1
    assert count == 2


def test_a_split_is_not_written_twice(tmp_path):
    dataset, _ = packed("camvid", tmp_path)
    with pytest.raises(FileExistsError, match="train.json: is there already"):
        write_shards(dataset, "train", tmp_path / "shards")


def test_an_interrupted_split_is_not_taken_for_whole(tmp_path):
    TREES["camvid"](tmp_path)
    dataset = build_dataset("camvid", tmp_path)
    dataset.list_pairs("train")[1][1].write_bytes(b"no picture")
    with pytest.raises(ValueError, match="001.png: cannot be decoded"):
        write_shards(dataset, "train", tmp_path / "shards")
    assert not list((tmp_path / "shards").iterdir())


def flip_a_bit(shard):
    content = bytearray(shard.read_bytes())
    content[content.index(b"IDAT") + 9] ^= 1
    shard.write_bytes(content)


def cut_off(shard):
    shard.write_bytes(shard.read_bytes()[:-200])


@pytest.mark.parametrize("damage", [flip_a_bit, cut_off])
def test_a_damaged_shard_is_named(tmp_path, damage):
    _, shards = packed("camvid", tmp_path)
    pairs = shards.list_pairs("train")
    damage(tmp_path / "shards" / "train-00000.tfrecord")
    with pytest.raises(ValueError, match=r"train-00000.tfrecord: is damaged at byte"):
        [shards.load(pair) for pair in pairs]


def test_a_missing_shard_or_index_is_named(tmp_path):
    _, shards = packed("camvid", tmp_path)
    pair = shards.list_pairs("train")[0]
    (tmp_path / "shards" / "train-00000.tfrecord").unlink()
    with pytest.raises(FileNotFoundError, match="train-00000.tfrecord: no such file"):
        shards.load(pair)
    (tmp_path / "shards" / "train.json").write_text("{}")
    with pytest.raises(ValueError, match="train.json: is no index of shards"):
        build_dataset("shards", tmp_path / "shards")


def test_the_command_packs_the_splits_and_reports_them(tmp_path, capsys):
    TREES["camvid"](tmp_path / "tree")
    parser = argparse.ArgumentParser()
    add_shard_command(parser.add_subparsers())
    words = ["shard", "--dataset", "camvid", "--data-dir", str(tmp_path / "tree")]
    words += ["--output", str(tmp_path / "shards"), "--json", str(tmp_path / "report.json")]
    arguments = parser.parse_args(words)
    arguments.run(arguments)
    report = json.loads((tmp_path / "report.json").read_text())
    assert {split: row["samples"] for split, row in report.items()} == {"train": 2, "val": 1}
    assert "megabytes" in capsys.readouterr().out
    assert build_dataset("shards", tmp_path / "shards").splits == ("train", "val")
    arguments.shard_mb = 0.0
    with pytest.raises(ValueError, match="--shard-mb is 0.0"):
        arguments.run(arguments)


def test_the_command_packs_the_splits_there_are_and_refuses_others_first(tmp_path):
    TREES["nyudv2"](tmp_path / "tree")
    parser = argparse.ArgumentParser()
    add_shard_command(parser.add_subparsers())
    words = ["shard", "--dataset", "nyudv2", "--data-dir", str(tmp_path / "tree")]
    words += ["--output", str(tmp_path / "shards")]
    wrong = parser.parse_args([*words, "--split", "train", "--split", "val"])
    with pytest.raises(ValueError, match="nyudv2 has no split 'val'. Choose one of: train, test"):
        wrong.run(wrong)
    assert not (tmp_path / "shards").exists()
    arguments = parser.parse_args(words)
    arguments.run(arguments)
    assert build_dataset("shards", tmp_path / "shards").splits == ("train",)
