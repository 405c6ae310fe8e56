"""Packing a data set into TFRecord shards, which are read as the data set `shards`.

A photo stays the bytes of its file wherever they decode to what the data set reads, so that shards
are no larger than the files. Everything else is packed without loss. Labels hold training ids.
"""

import io
import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from seg_keras.data.datasets import Dataset, Pair
from seg_keras.data.files import is_image, read_image
from seg_keras.data.read_ahead import read_ahead
from seg_keras.data.whole_file import whole_file

HEADER, FOOTER = 12, 4  # bytes of a TFRecord before and after its content: length, checksums


def write_shards(
    dataset: Dataset,
    split: str,
    folder: Path,
    shard_mb: float = 256,
    track: Callable[[Iterable, int], Iterable] = lambda samples, count: samples,
) -> dict:
    """Packs a split into shards and their index.

    Args:
        dataset: What to pack.
        split: One of its splits.
        folder: Gets `<split>-00000.tfrecord` and so on, and at last `<split>.json`: where that is,
            the split is whole.
        shard_mb: A shard ends once it has so many megabytes.
        track: Wraps the samples and their count, for a progress bar.

    Returns:
        The numbers of `samples`, `shards` and `megabytes`.

    Raises:
        FileExistsError: If the folder holds that split already.
    """
    index_file = folder / f"{split}.json"
    if index_file.exists():
        raise FileExistsError(f"{index_file}: is there already. Give another folder or remove it.")
    pairs = dataset.list_pairs(split)
    waiting = track(read_ahead(lambda pair: pack(dataset, pair), pairs), len(pairs))
    packed = zip(pairs, waiting, strict=True)
    samples, sizes = [], []
    while len(samples) < len(pairs):
        with whole_file(folder / f"{split}-{len(sizes):05d}.tfrecord") as partial:
            samples += _write_shard(partial, packed, len(sizes), shard_mb * 1e6)
            sizes.append(partial.stat().st_size)
    index = {
        "dataset": dataset.name,
        "names": dataset.label_space.names,
        "colors": dataset.label_space.colors,
        "instances": dataset.read_instances is not None,
        "samples": samples,
    }
    with whole_file(index_file) as partial:
        partial.write_text(json.dumps(index))
    return {"samples": len(samples), "shards": len(sizes), "megabytes": sum(sizes) / 1e6}


def pack(dataset: Dataset, pair: Pair) -> dict[str, bytes]:
    """The parts of a sample as bytes: `image`, `label` and, where there are some, `instances`."""
    image, label = dataset.load(pair)
    parts = {"image": _pack_image(image, pair[0]), "label": _pack_array(label)}
    if dataset.read_instances is not None:
        parts["instances"] = _pack_array(dataset.read_instances(pair))
    return parts


def _pack_image(image: np.ndarray, file: Path) -> bytes:
    if file.is_file() and is_image(file) and np.array_equal(read_image(file), image):
        return file.read_bytes()
    return _pack_array(image)


def _pack_array(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    if array.dtype == np.uint8 and (array.ndim == 2 or array.shape[2:] == (3,)):
        Image.fromarray(array).save(content, format="PNG")
    else:
        np.savez_compressed(content, array=array)
    return content.getvalue()


def _write_shard(
    path: Path, packed: Iterable[tuple[Pair, dict[str, bytes]]], number: int, max_bytes: float
) -> Sequence[dict]:
    """Writes samples until the shard is full; gives where each of their parts lies."""
    import tensorflow as tf  # here, so that shards are read without it

    samples, start = [], 0
    with tf.io.TFRecordWriter(str(path)) as writer:
        for pair, parts in packed:
            feature = {
                name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))
                for name, content in {**parts, "name": pair[0].name.encode()}.items()
            }
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            record = example.SerializeToString()
            writer.write(record)
            sample = {"name": pair[0].name, "shard": number}
            for name, content in parts.items():
                offset = start + HEADER + record.index(content)
                sample[name] = (offset, len(content), zlib.crc32(content))
            samples.append(sample)
            start += HEADER + len(record) + FOOTER
            if start >= max_bytes:
                break
    return samples
