"""COCO: 80 kinds of objects, painted from the outlines of the annotations, and the background.

Objects are painted by decreasing area, so that small ones stay visible on large ones; regions that
are annotated as crowds are ignored. The class is the rank of the category's id, whose numbers have
gaps.

Reference: Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014,
https://arxiv.org/abs/1405.0312
"""

import functools
import json
from pathlib import Path

import numpy as np

from seg_keras.data.datasets.dataset import Dataset, Pair, require_split
from seg_keras.data.files import read_image
from seg_keras.data.label_spaces import bit_palette
from seg_keras.data.labels import IGNORE_LABEL, LabelSpace
from seg_keras.data.optional import import_optional

NAMES = (
    "background",
    "person",
    "bicycle",
    "car",
    "motorcycle",
    "airplane",
    "bus",
    "train",
    "truck",
    "boat",
    "traffic light",
    "fire hydrant",
    "stop sign",
    "parking meter",
    "bench",
    "bird",
    "cat",
    "dog",
    "horse",
    "sheep",
    "cow",
    "elephant",
    "bear",
    "zebra",
    "giraffe",
    "backpack",
    "umbrella",
    "handbag",
    "tie",
    "suitcase",
    "frisbee",
    "skis",
    "snowboard",
    "sports ball",
    "kite",
    "baseball bat",
    "baseball glove",
    "skateboard",
    "surfboard",
    "tennis racket",
    "bottle",
    "wine glass",
    "cup",
    "fork",
    "knife",
    "spoon",
    "bowl",
    "banana",
    "apple",
    "sandwich",
    "orange",
    "broccoli",
    "carrot",
    "hot dog",
    "pizza",
    "donut",
    "cake",
    "chair",
    "couch",
    "potted plant",
    "bed",
    "dining table",
    "toilet",
    "tv",
    "laptop",
    "mouse",
    "remote",
    "keyboard",
    "cell phone",
    "microwave",
    "oven",
    "toaster",
    "sink",
    "refrigerator",
    "book",
    "clock",
    "vase",
    "scissors",
    "teddy bear",
    "hair drier",
    "toothbrush",
)
LABEL_SPACE = LabelSpace(NAMES, bit_palette(len(NAMES)))
UNUSED_IDS = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
CATEGORY_IDS = [index for index in range(1, 91) if index not in UNUSED_IDS]
CLASS_OF_CATEGORY = {category: rank for rank, category in enumerate(CATEGORY_IDS, start=1)}
YEARS = {"train": "train2017", "val": "val2017", "train2014": "train2014", "val2014": "val2014"}


def coco(data_dir: Path) -> Dataset:
    """118,287 training and 5,000 validation images of 2017; 82,783 and 40,504 of 2014.

    The annotations of a split stay in memory.

    Args:
        data_dir: The folder that holds `annotations`, `train2017`, `val2017` and so on.
    """
    annotations = functools.lru_cache(maxsize=2)(Annotations)

    def list_pairs(split: str) -> list[Pair]:
        require_split("coco", split, YEARS)
        year = YEARS[split]
        file = data_dir / "annotations" / f"instances_{year}.json"
        names = annotations(file).file_names
        # The label is a part of the annotations: the one of that image.
        return [(data_dir / year / names[key], file / str(key)) for key in sorted(names)]

    def read(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        image_file, label = pair
        image = read_image(image_file)
        return image, annotations(label.parent).paint(int(label.name), image.shape[:2])

    return Dataset("coco", LABEL_SPACE, tuple(YEARS), list_pairs, read)


class Annotations:
    """The outlines of a split's objects.

    Args:
        file: `instances_<split>.json`.

    Attributes:
        file_names: From the key of an image to the name of its file.
    """

    def __init__(self, file: Path):
        try:
            content = json.loads(file.read_text())
            self.file_names = {image["id"]: image["file_name"] for image in content["images"]}
            self._objects = {key: [] for key in self.file_names}
            for item in content["annotations"]:
                category = CLASS_OF_CATEGORY[item["category_id"]]
                class_id = IGNORE_LABEL if item["iscrowd"] else category
                outline = item["segmentation"]
                if isinstance(outline, list):  # as arrays: a tenth of the memory of lists
                    outline = [np.array(polygon) for polygon in outline]
                self._objects[item["image_id"]].append((item["area"], class_id, outline))
        except FileNotFoundError:
            raise FileNotFoundError(
                f"{file}: no such file. Give the folder that holds annotations and the images as "
                f"--data-dir."
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{file}: holds no objects of COCO's 80 categories ({error!r}). Replace the file."
            ) from None

    def paint(self, key: int, size: tuple[int, int]) -> np.ndarray:
        """Class ids of an image, uint8 (H, W).

        Args:
            key: The image's id.
            size: Its (height, width) in pixels.
        """
        masks = import_optional("pycocotools.mask", "pycocotools", "The data set 'coco'")
        label = np.zeros(size, "uint8")
        by_area = sorted(self._objects[key], key=lambda item: item[0], reverse=True)
        for _, class_id, outline in by_area:
            # Polygons, or the run lengths of a crowd; several polygons are one object's parts.
            encoded = masks.frPyObjects(outline, *size)
            encoded = masks.merge(encoded) if isinstance(encoded, list) else encoded
            label[masks.decode(encoded) > 0] = class_id
        return label
