"""KITTI semantics: 200 road scenes of about 375x1242 pixels, labelled as Cityscapes is.

Reference: Alhaija et al., "Augmented Reality Meets Computer Vision", IJCV 2018; Geiger et al.,
"Are we ready for Autonomous Driving? The KITTI Vision Benchmark Suite", CVPR 2012
"""

from pathlib import Path

from seg_keras.data.datasets.cityscapes import CITYSCAPES_CLASSES
from seg_keras.data.datasets.dataset import Dataset, Pair, list_folder_pairs, require_split

SPLITS = ("train", "val")


def kitti(data_dir: Path) -> Dataset:
    """The labelled images: 160 to train on, 40 to validate on.

    The benchmark has no validation split: the last fifth of the images, by their numbers, is it.

    Args:
        data_dir: The folder of `data_semantics.zip`, which holds `training/image_2` and
            `training/semantic`.
    """

    def list_pairs(split: str) -> list[Pair]:
        require_split("kitti", split, SPLITS)
        training = data_dir / "training"
        pairs = list_folder_pairs(
            training / "image_2", training / "semantic", "the folder of data_semantics.zip"
        )
        count = len(pairs) * 4 // 5
        return pairs[:count] if split == "train" else pairs[count:]

    return Dataset("kitti", CITYSCAPES_CLASSES, SPLITS, list_pairs)
