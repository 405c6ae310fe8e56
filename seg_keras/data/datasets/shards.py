"""A data set that was packed into TFRecord shards: a few large files instead of many small ones.

    DIR/train.json             names and colors of the classes, and where each sample lies
    DIR/train-00000.tfrecord   samples: `image`, `label` and where there are some `instances`

The index tells the place of every picture in its shard, so that samples are read one by one in any
order, as from loose files: training sees the same samples in the same order. Neither TensorFlow nor
the record format is needed for it. `seg_keras.data.shards` writes shards.
"""

import functools
import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from seg_keras.data.datasets.dataset import Dataset, Pair, require_split
from seg_keras.data.files import to_rgb
from seg_keras.data.labels import LabelSpace


def shards(data_dir: Path) -> Dataset:
    """The samples of a folder of shards, with the splits that were packed.

    Args:
        data_dir: The folder that `tools/dataset.py shard` wrote.
    """
    splits = tuple(sorted(path.stem for path in data_dir.glob("*.json")))
    if not splits:
        raise FileNotFoundError(
            f"{data_dir}: has no index such as train.json. Give the folder that `tools/dataset.py "
            f"shard` wrote as --data-dir."
        )
    index = functools.cache(lambda split: read_index(data_dir / f"{split}.json"))
    content = index(splits[0])

    def list_pairs(split: str) -> list[Pair]:
        require_split("shards", split, splits)
        pairs = []
        for number, sample in enumerate(index(split)["samples"]):
            # The number tells samples apart, whose images may have the same name.
            place = data_dir / f"{split}-{sample['shard']:05d}.tfrecord" / f"{number:07d}"
            pairs.append((place / sample["name"], place / "label"))
        return pairs

    def read_part(pair: Pair, part: str) -> np.ndarray:
        place = pair[0].parent
        split = place.parent.stem.rpartition("-")[0]
        content = read_bytes(place.parent, index(split)["samples"][int(place.name)][part])
        return unpack(content, to_rgb if part == "image" else None)

    return Dataset(
        "shards",
        LabelSpace(tuple(content["names"]), tuple(tuple(color) for color in content["colors"])),
        splits,
        list_pairs,
        lambda pair: (read_part(pair, "image"), read_part(pair, "label")),
        (lambda pair: read_part(pair, "instances")) if content["instances"] else None,
    )


def read_index(path: Path) -> dict:
    """Reads the index of a split."""
    try:
        content = json.loads(path.read_text())
        content["names"], content["colors"], content["samples"], content["instances"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: is no index of shards ({error!r}). Write them again.") from None
    return content


def read_bytes(shard: Path, place: tuple[int, int, int]) -> bytes:
    """Reads a part of a shard.

    Args:
        shard: The file.
        place: Its offset and size in bytes, and the CRC-32 of its content.

    Raises:
        ValueError: If the file is cut off there or holds other bytes.
    """
    offset, size, checksum = place
    try:
        with shard.open("rb") as file:
            file.seek(offset)
            content = file.read(size)
    except FileNotFoundError:
        raise FileNotFoundError(f"{shard}: no such file. Copy all shards.") from None
    if zlib.crc32(content) != checksum:
        raise ValueError(f"{shard}: is damaged at byte {offset}. Copy it again.")
    return content


def unpack(
    content: bytes, convert: Callable[[Image.Image], Image.Image] | None = None
) -> np.ndarray:
    """Decodes a picture, or the array of a .npz file.

    Args:
        content: The bytes of the file.
        convert: What becomes of a picture, such as `to_rgb`; None leaves its ids as they are.
    """
    if content.startswith(b"PK"):
        with np.load(io.BytesIO(content)) as arrays:
            return arrays["array"]
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(convert(picture) if convert else picture)
