"""Writes a repaired copy of a data set; the original is never touched.

What can be recovered without a guess is converted. Pairs that cannot be are left out, and so is
the second of two equal images: of two splits, the one that is trained on gives it up.
"""

import collections
import dataclasses
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from seg_keras.data.bands import stretch
from seg_keras.data.datasets import Dataset
from seg_keras.data.doctor import Diagnosis
from seg_keras.data.findings import KINDS
from seg_keras.data.inspection import EXIF_ORIENTATION, PairFacts
from seg_keras.data.labels import IGNORE_LABEL
from seg_keras.data.masks import class_ids, read_painted, unpainted, void_id
from seg_keras.data.pictures import write_png

LEFT_OUT = {"unreadable", "all_void"}
CHANGED_IMAGE = {"exif", "bits", "alpha"}
CHANGED_LABEL = {"color_mask", "palette_mask", "mask_0_255", "unknown_id", "size"}
PROPORTION = 0.02  # by how much the sides of a label may differ from its image's, as a share


@dataclasses.dataclass(frozen=True)
class Repair:
    """What was written.

    Args:
        kept: Pairs in the copy.
        changed: How many pairs were changed, by kind of finding.
        left_out: Images or labels that the copy has not, with the reason.
    """

    kept: int
    changed: dict[str, int]
    left_out: list[tuple[Path, str]]


def repair(
    dataset: Dataset,
    diagnosis: Diagnosis,
    data_dir: Path,
    target: Path,
    track: Callable[[Iterable, int], Iterable] = lambda items, total: items,
) -> Repair:
    """Copies a data set in folders, repaired where that needs no guess.

    Args:
        dataset: Of the form that has `folders`.
        diagnosis: What `examine` said about it.
        data_dir: Its folder.
        target: A new folder, which gets the same layout.
        track: Wraps the iterable of pairs, for a progress bar.

    Raises:
        ValueError: If the data set has another layout, or the folder is in use or inside of it.
    """
    check_target(dataset, data_dir, target)
    target.mkdir(parents=True, exist_ok=True)
    for path in data_dir.iterdir():
        if path.is_file():  # class lists, lists of names, licences
            shutil.copy2(path, target / path.name)
    twins = superfluous_images(diagnosis)
    lonely = [f for f in diagnosis.findings if f.kind in ("no_label", "no_image")]
    left_out = [(finding.files[0], KINDS[finding.kind].title) for finding in lonely]
    changed, kept = collections.Counter(), 0
    facts = [each for of_split in diagnosis.facts.values() for each in of_split]
    for each in track(facts, len(facts)):
        reason = twins.get(each.pair[0]) or write_pair(dataset, each, data_dir, target)
        if reason:
            left_out.append((each.pair[0], reason))
        else:
            kept += 1
            changed.update(each.kinds)
    return Repair(kept, dict(changed), left_out)


def check_target(dataset: Dataset, data_dir: Path, target: Path) -> None:
    """Refuses a folder that `repair` would refuse, before minutes are spent on a diagnosis.

    Raises:
        ValueError: If the data set has another layout, or the folder is in use or inside of it.
    """
    if not dataset.folders:
        raise ValueError(
            f"{dataset.name} is not laid out as folders of images and labels, so it cannot be "
            f"repaired here. Correct the files that the doctor names."
        )
    if target.resolve().is_relative_to(data_dir.resolve()):
        raise ValueError(f"{target}: lies in the data set itself. Give --fix a folder elsewhere.")
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise ValueError(f"{target}: is a file, or holds some. Give --fix a new folder.")


def superfluous_images(diagnosis: Diagnosis) -> dict[Path, str]:
    """The images to leave out because another one is the same, with the reason."""
    superfluous = {}
    for finding in diagnosis.findings:
        # The files stand in the order of the splits: what is trained on comes first.
        if finding.kind == "leaked":
            superfluous[finding.files[0]] = KINDS["leaked"].title
        elif finding.kind == "repeated":
            superfluous[finding.files[1]] = KINDS["repeated"].title
    return superfluous


def write_pair(dataset: Dataset, facts: PairFacts, data_dir: Path, target: Path) -> str:
    """Writes a pair as it should be; gives the reason where it cannot be written."""
    if facts.kinds & LEFT_OUT:
        return ", ".join(KINDS[kind].title for kind in sorted(facts.kinds & LEFT_OUT))
    repaired = [None, None]
    if facts.kinds:
        try:
            repaired = repaired_pair(dataset, facts)
        except ValueError as error:
            return str(error)
    for path, pixels, kinds in zip(
        facts.pair, repaired, (CHANGED_IMAGE, CHANGED_LABEL), strict=True
    ):
        copy = target / path.relative_to(data_dir)
        if facts.kinds & kinds:
            write_png(copy.with_suffix(".png"), pixels)
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)
    return ""


def repaired_pair(dataset: Dataset, facts: PairFacts) -> tuple[np.ndarray, np.ndarray]:
    """An image (H, W, 3) and its label (H, W) as they should be.

    Raises:
        ValueError: If that takes a guess.
    """
    label = repaired_label(dataset, facts)
    image = repaired_image(facts.pair[0], label.shape)
    if label.shape == image.shape[:2]:
        return image, label
    taller, wider = (a / b for a, b in zip(image.shape, label.shape, strict=False))
    if abs(taller / wider - 1) > PROPORTION:
        raise ValueError(KINDS["size"].title)
    size = image.shape[1::-1]
    return image, cv2.resize(label, size, interpolation=cv2.INTER_NEAREST_EXACT)


def repaired_image(path: Path, label_size: tuple[int, int]) -> np.ndarray:
    """An image as its label shows it: uint8 RGB (H, W, 3), upright, without transparency."""
    wide = cv2.imread(str(path), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if wide is not None and wide.dtype != np.uint8:
        wide = wide.reshape(*wide.shape[:2], -1)[..., :3][..., ::-1]  # OpenCV's order is BGR
        return np.broadcast_to(stretch(wide), (*wide.shape[:2], 3))
    with Image.open(path) as image:
        return np.asarray(upright(image, label_size).convert("RGB"))


def upright(image: Image.Image, label_size: tuple[int, int]) -> Image.Image:
    """Turns an image as its EXIF tag says, unless the label was drawn before it was turned."""
    if image.getexif().get(EXIF_ORIENTATION, 1) == 1:
        return image
    turned = ImageOps.exif_transpose(image)
    if turned.size == image.size:
        raise ValueError(f"{KINDS['exif'].title}, and its label fits both ways")
    return image if image.size[::-1] == label_size else turned


def repaired_label(dataset: Dataset, facts: PairFacts) -> np.ndarray:
    """The ids of the data set's files for a label, uint8 (H, W).

    Raises:
        ValueError: If the label shows colors of no class, or ids of no class that no id of the
            data set can stand for.
    """
    space = dataset.label_space
    if facts.kinds & {"color_mask", "palette_mask"}:
        return unpainted(read_painted(facts.pair[1]), space)
    raw = dataset.read(facts.pair)[1]
    classes, void = class_ids(space), void_id(space)
    if "mask_0_255" in facts.kinds:
        if len(classes) < 2:
            raise ValueError(f"{KINDS['mask_0_255'].title}, and the data set has one class")
        return np.where(raw == IGNORE_LABEL, classes[1], classes[0]).astype("uint8")
    if "unknown_id" not in facts.kinds:
        return raw
    if void is None:
        raise ValueError(f"{KINDS['unknown_id'].title}, and the data set has no id for void")
    known = [*(space.train_ids or classes), IGNORE_LABEL]
    return np.where(np.isin(raw, known), raw, void).astype("uint8")
