"""Cityscapes: 1024x2048 road scenes of 50 cities, 19 of the 34 label ids evaluated.

The maps of label ids are read as they are shipped; no map of training ids has to be made first.
The labels of the test split are not public.

Reference: Cordts et al., "The Cityscapes Dataset for Semantic Urban Scene Understanding",
CVPR 2016, https://arxiv.org/abs/1604.01685
"""

from pathlib import Path

from seg_keras.data.datasets.dataset import Dataset, Pair, checked_pairs, locate, require_split
from seg_keras.data.labels import IGNORE_LABEL, LabelSpace

# id in the files, training id (None: not evaluated), name, color
CLASSES = (
    (0, None, "unlabeled", (0, 0, 0)),
    (1, None, "ego vehicle", (0, 0, 0)),
    (2, None, "rectification border", (0, 0, 0)),
    (3, None, "out of roi", (0, 0, 0)),
    (4, None, "static", (0, 0, 0)),
    (5, None, "dynamic", (111, 74, 0)),
    (6, None, "ground", (81, 0, 81)),
    (7, 0, "road", (128, 64, 128)),
    (8, 1, "sidewalk", (244, 35, 232)),
    (9, None, "parking", (250, 170, 160)),
    (10, None, "rail track", (230, 150, 140)),
    (11, 2, "building", (70, 70, 70)),
    (12, 3, "wall", (102, 102, 156)),
    (13, 4, "fence", (190, 153, 153)),
    (14, None, "guard rail", (180, 165, 180)),
    (15, None, "bridge", (150, 100, 100)),
    (16, None, "tunnel", (150, 120, 90)),
    (17, 5, "pole", (153, 153, 153)),
    (18, None, "polegroup", (153, 153, 153)),
    (19, 6, "traffic light", (250, 170, 30)),
    (20, 7, "traffic sign", (220, 220, 0)),
    (21, 8, "vegetation", (107, 142, 35)),
    (22, 9, "terrain", (152, 251, 152)),
    (23, 10, "sky", (70, 130, 180)),
    (24, 11, "person", (220, 20, 60)),
    (25, 12, "rider", (255, 0, 0)),
    (26, 13, "car", (0, 0, 142)),
    (27, 14, "truck", (0, 0, 70)),
    (28, 15, "bus", (0, 60, 100)),
    (29, None, "caravan", (0, 0, 90)),
    (30, None, "trailer", (0, 0, 110)),
    (31, 16, "train", (0, 80, 100)),
    (32, 17, "motorcycle", (0, 0, 230)),
    (33, 18, "bicycle", (119, 11, 32)),
)

CITYSCAPES_CLASSES = LabelSpace(
    names=tuple(name for _, train_id, name, _ in CLASSES if train_id is not None),
    colors=tuple(color for _, train_id, _, color in CLASSES if train_id is not None),
    train_ids={
        raw: IGNORE_LABEL if train_id is None else train_id for raw, train_id, _, _ in CLASSES
    },
)


def cityscapes(data_dir: Path) -> Dataset:
    """The finely labelled images: 2,975 to train on, 500 to validate on.

    Args:
        data_dir: The folder that holds `leftImg8bit` and `gtFine`.
    """
    return _cityscapes("cityscapes", data_dir, "gtFine", ("train", "val"))


def cityscapes_coarse(data_dir: Path) -> Dataset:
    """The coarse labels: of the fine splits' images, and of 19,998 more as `train_extra`.

    Args:
        data_dir: The folder that holds `leftImg8bit` and `gtCoarse`.
    """
    return _cityscapes("cityscapes_coarse", data_dir, "gtCoarse", ("train", "train_extra", "val"))


def _cityscapes(name: str, data_dir: Path, kind: str, splits: tuple[str, ...]) -> Dataset:
    def list_pairs(split: str) -> list[Pair]:
        require_split(name, split, splits)
        labels = locate(data_dir, kind, [""], f"the folder that holds leftImg8bit and {kind}")
        ending = f"_{kind}_labelIds.png"
        folder = labels / kind / split
        pairs = []
        for label in sorted(folder.glob(f"*/*{ending}")):
            image = label.name.removesuffix(ending) + "_leftImg8bit.png"
            pairs.append((data_dir / "leftImg8bit" / split / label.parent.name / image, label))
        return checked_pairs(pairs, folder)

    return Dataset(name, CITYSCAPES_CLASSES, splits, list_pairs)
