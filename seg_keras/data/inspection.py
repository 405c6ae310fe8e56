"""What one pair of an image and a label is like: what is wrong with it, and what it holds.

Files are looked at as they are, before a loader would refuse them.
"""

import dataclasses
import hashlib
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from seg_keras.data.datasets import Dataset, Pair
from seg_keras.data.files import read_image, read_label
from seg_keras.data.findings import Finding
from seg_keras.data.labels import IGNORE_LABEL, LabelSpace
from seg_keras.data.masks import class_ids, has_foreign_palette, read_painted, unpainted

EXIF_ORIENTATION, TIFF_BITS = 274, 258  # numbers of tags
PNG_BITS_AT, PNG_START = 24, b"\x89PNG"
WIDE_MODES = ("I", "F")  # and I;16 and so on: Pillow's names for more than 8 bits


@dataclasses.dataclass(frozen=True)
class PairFacts:
    """What is known of a pair.

    Args:
        pair: The files.
        findings: What is wrong with them.
        pixels: How many pixels each id of the file has; empty where the label is unreadable.
        digest: Equal for images of equal pixels; empty where the image is unreadable.
        fingerprint: 64 bits that nearly equal images share most of.
    """

    pair: Pair
    findings: tuple[Finding, ...] = ()
    pixels: dict[int, int] = dataclasses.field(default_factory=dict)
    digest: bytes = b""
    fingerprint: int = 0

    @property
    def kinds(self) -> set[str]:
        """The kinds of the findings."""
        return {finding.kind for finding in self.findings}


def inspect_pair(dataset: Dataset, pair: Pair) -> PairFacts:
    """Reads a pair and tells what is wrong with it; raises nothing for what a file may hold."""
    findings = inspect_image_file(pair[0]) if dataset.folders and pair[0].is_file() else []
    try:
        image, raw = dataset.read(pair)
    except (ValueError, OSError) as error:
        image, raw, found = read_apart(pair, dataset.label_space, error)
        findings += found
    else:
        if dataset.folders and _has_foreign_palette(pair[1], dataset.label_space):
            findings.append(Finding("palette_mask", (pair[1],)))
            raw = unpainted(read_painted(pair[1]), dataset.label_space)
    if image is not None and raw is not None:
        findings += compare_sizes(pair, image, raw, findings)
    pixels = {}
    if raw is not None:
        pixels = count_ids(raw)
        findings += inspect_ids(pair[1], pixels, dataset.label_space)
    if image is None:
        return PairFacts(pair, tuple(findings), pixels)
    return PairFacts(pair, tuple(findings), pixels, digest_of(image), fingerprint_of(image))


def inspect_image_file(path: Path) -> list[Finding]:
    """Bits, transparency and orientation, which a loader passes over in silence."""
    try:
        with Image.open(path) as image:
            bits = _bits(image, path)
            transparent = image.has_transparency_data
            orientation = image.getexif().get(EXIF_ORIENTATION, 1)
    except (OSError, ValueError, SyntaxError):
        return []  # that it cannot be read is found where its pixels are
    findings = []
    if bits > 8:
        findings.append(Finding("bits", (path,), f"{bits} bits"))
    if transparent:
        findings.append(Finding("alpha", (path,)))
    if orientation != 1:
        findings.append(Finding("exif", (path,), f"orientation {orientation}"))
    return findings


def _bits(image: Image.Image, path: Path) -> int:
    if image.mode in WIDE_MODES:
        return 32
    with path.open("rb") as file:
        head = file.read(PNG_BITS_AT + 1)
    if head.startswith(PNG_START):  # Pillow gives RGB of 16 bits as if it had 8
        return head[PNG_BITS_AT]
    tags = getattr(image, "tag_v2", {})
    return max(tags.get(TIFF_BITS, (8,))) if tags else 16 if image.mode.startswith("I;16") else 8


def _has_foreign_palette(path: Path, label_space: LabelSpace) -> bool:
    if not path.is_file():
        return False
    with Image.open(path) as mask:
        return mask.mode == "P" and has_foreign_palette(mask, label_space)


def read_apart(
    pair: Pair, label_space: LabelSpace, error: Exception
) -> tuple[np.ndarray | None, np.ndarray | None, list[Finding]]:
    """Reads what can be read of a pair that its loader refused, and tells whose fault it is."""
    if not all(path.is_file() for path in pair):  # parts of files: only the loader knows
        return None, None, [Finding("unreadable", pair, str(error))]
    findings, image, raw = [], None, None
    try:
        image = read_image(pair[0])
    except ValueError:
        findings.append(Finding("unreadable", (pair[0],)))
    try:
        raw = read_label(pair[1])
    except ValueError:
        try:
            raw = unpainted(read_painted(pair[1]), label_space)
            findings.append(Finding("color_mask", (pair[1],)))
        except (OSError, SyntaxError):
            findings.append(Finding("unreadable", (pair[1],)))
        except ValueError as unknown:
            findings.append(Finding("color_mask", (pair[1],), str(unknown)))
    return image, raw, findings


def compare_sizes(pair: Pair, image, raw, findings: list[Finding]) -> list[Finding]:
    """Whether a label is as large as its image, turned upright where the image wants to be."""
    size = image.shape[-3:-1]
    turned = any(finding.kind == "exif" for finding in findings)
    if raw.shape == size or (turned and raw.shape == size[::-1]):
        return []
    sizes = f"image {size[0]}x{size[1]}, label {raw.shape[0]}x{raw.shape[1]}"
    return [Finding("size", pair, sizes)]


def inspect_ids(path: Path, pixels: dict[int, int], label_space: LabelSpace) -> list[Finding]:
    """Ids of no class, and labels without any class."""
    known = label_space.train_ids or {raw: raw for raw in class_ids(label_space)}
    unknown = sorted(set(pixels) - {*known, IGNORE_LABEL})
    if unknown:
        count = sum(pixels[raw] for raw in unknown)
        some = ", ".join(str(raw) for raw in unknown[:8])
        return [Finding("unknown_id", (path,), f"{some} in {count} pixels")]
    if all(known.get(raw, IGNORE_LABEL) == IGNORE_LABEL for raw in pixels):
        return [Finding("all_void", (path,))]
    return []


def count_ids(raw: np.ndarray) -> dict[int, int]:
    """How many pixels each id of a label has."""
    if raw.dtype == np.uint8:  # needs no sorting
        counts = np.bincount(raw.ravel())
        ids = np.flatnonzero(counts)
        counts = counts[ids]
    else:
        ids, counts = np.unique(raw, return_counts=True)
    return dict(zip(ids.tolist(), counts.tolist(), strict=True))


def digest_of(image: np.ndarray) -> bytes:
    """A short code of an image's pixels and shape."""
    code = hashlib.blake2b(np.ascontiguousarray(image), digest_size=16)
    code.update(str((image.shape, image.dtype)).encode())
    return code.digest()


def fingerprint_of(image: np.ndarray) -> int:
    """64 bits that tell, on a grid of 8x8, where the image gets brighter from left to right."""
    frame = image.reshape(-1, *image.shape[-3:])[0][..., :3]
    small = cv2.resize(np.ascontiguousarray(frame), (9, 8), interpolation=cv2.INTER_AREA)
    gray = small.reshape(8, 9, -1).astype("float32").mean(-1)
    return int.from_bytes(np.packbits(gray[:, 1:] > gray[:, :-1]).tobytes(), "big")
