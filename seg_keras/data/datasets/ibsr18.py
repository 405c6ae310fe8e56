"""IBSR-18: magnetic resonance volumes of 18 heads, four tissues.

A sample is an axial slice with its two neighbours as channels: the slice above, the slice, the one
below. `ibsr18_patches` cuts such slices into the 40x40 windows that U-SegNet is trained on. The
labels are the filled ones, in which holes inside of the brain are fluid.

Reference: IBSR V2.0, Center for Morphometric Analysis, Massachusetts General Hospital; Kumar et
al., "U-SegNet: fully convolutional neural network based automated brain tissue segmentation tool",
ICIP 2018, https://arxiv.org/abs/1806.04429 (classes, slices, windows, split)
"""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np

from seg_keras.data.datasets.dataset import Dataset, Pair, checked_pairs, locate, require_split
from seg_keras.data.labels import LabelSpace
from seg_keras.data.optional import import_optional

# U-SegNet's order; the files hold 1 for fluid, 2 for grey and 3 for white matter.
LABEL_SPACE = LabelSpace(
    ("background", "grey matter", "white matter", "cerebrospinal fluid"),
    ((0, 0, 0), (128, 128, 128), (255, 255, 255), (0, 120, 255)),
    {0: 0, 2: 1, 3: 2, 1: 3},
)
SUBJECTS = {"train": range(1, 7), "val": range(7, 10), "test": range(10, 19)}
PATCH, STRIDE = 40, 10  # pixels


def ibsr18(data_dir: Path) -> Dataset:
    """Axial slices of 256x128 pixels: 6 volumes to train on, 3 to validate and 9 to test on.

    To train on, slices without any tissue are left out. Volumes stay in memory, 17 MB each.

    Args:
        data_dir: The folder that holds `IBSR_01` to `IBSR_18`, with skull-stripped NIfTI volumes.
    """
    return _ibsr("ibsr18", data_dir, lambda label: [()])


def ibsr18_patches(data_dir: Path) -> Dataset:
    """The same slices in windows of 40x40 pixels, one every 10 pixels in both directions.

    Args:
        data_dir: As for `ibsr18`.
    """
    return _ibsr("ibsr18_patches", data_dir, lambda label: windows(label.shape[:2]))


def _ibsr(
    name: str, data_dir: Path, cuts: Callable[[np.ndarray], list[tuple[int, ...]]]
) -> Dataset:
    """The data set of the slices, cut where `cuts` says: at (top, left), or not at all for ()."""
    heads = functools.cache(lambda file: scale(read_volume(file)))
    tissues = functools.cache(lambda file: read_volume(file).astype("uint8"))

    def list_pairs(split: str) -> list[Pair]:
        require_split(name, split, SUBJECTS)
        root = locate(data_dir, "IBSR_01", [""], "the folder with IBSR_01 to IBSR_18")
        pairs = []
        for image, labels in checked_pairs([files(root, n) for n in SUBJECTS[split]], root):
            filled = tissues(labels).any(axis=(0, 1))
            for z in np.flatnonzero(filled) if split == "train" else range(len(filled)):
                for corner in cuts(tissues(labels)):
                    part = "_".join(f"{value:03d}" for value in (z, *corner))
                    pairs.append((image / part, labels / part))
        return pairs

    def read(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        image, labels = heads(pair[0].parent), tissues(pair[1].parent)
        z, *corner = (int(number) for number in pair[0].name.split("_"))
        neighbours = np.clip([z + 1, z, z - 1], 0, image.shape[-1] - 1)
        window = tuple(slice(start, start + PATCH) for start in corner) or (slice(None),) * 2
        return np.ascontiguousarray(image[window][..., neighbours]), labels[window][..., z]

    return Dataset(name, LABEL_SPACE, tuple(SUBJECTS), list_pairs, read)


def files(root: Path, number: int) -> Pair:
    """The volumes of a subject: the image without skull, and its tissues."""
    folder = root / f"IBSR_{number:02d}"
    names = (f"{folder.name}_{kind}.nii.gz" for kind in ("ana_strip", "segTRI_fill_ana"))
    image, labels = (folder / name for name in names)
    return image, labels


def read_volume(file: Path) -> np.ndarray:
    """Reads the voxels of a NIfTI volume (left to right, back to front, bottom to top)."""
    nibabel = import_optional("nibabel", "nibabel", f"{file.name}, a NIfTI volume,")
    try:
        volume = nibabel.as_closest_canonical(nibabel.load(file))
        voxels = np.asarray(volume.dataobj)
    except FileNotFoundError:
        raise FileNotFoundError(f"{file}: no such file. Unpack the whole download.") from None
    except (nibabel.filebasedimages.ImageFileError, OSError, EOFError, ValueError) as error:
        raise ValueError(f"{file}: cannot be decoded ({error}). Replace the file.") from None
    return voxels.reshape(voxels.shape[:3])  # some files have a fourth axis of length 1


def scale(voxels: np.ndarray) -> np.ndarray:
    """Scales intensities to [0, 255], as uint8.

    The brightest thousandth of what is not background becomes 255: the few bright voxels of a
    vessel shall not darken all others.
    """
    white = np.quantile(voxels[voxels > 0], 0.999) if (voxels > 0).any() else 1
    return np.clip(voxels * (255 / white), 0, 255).round().astype("uint8")


def windows(size: tuple[int, int]) -> list[tuple[int, int]]:
    """(top, left) of the windows that cover a slice; the last ones end at its border."""
    tops, lefts = (
        sorted({*range(0, extent - PATCH, STRIDE), max(extent - PATCH, 0)}) for extent in size
    )
    return [(top, left) for top in tops for left in lefts]
