"""A data set whose labels are the borders between the classes of another one."""

import dataclasses

import keras
import numpy as np

from seg_keras.data.datasets import Dataset, Pair
from seg_keras.data.labels import IGNORE_LABEL, LabelSpace
from seg_keras.losses import label_edges

EDGE_CLASSES = LabelSpace(("Inside", "Edge"), ((0, 0, 0), (255, 255, 255)))


def edges_of(dataset: Dataset) -> Dataset:
    """The same images, labelled 1 where two classes meet and 0 elsewhere.

    To score an edge detector on; it learns from the class labels themselves, because their edges
    are found after the augmentation, so that they stay one pixel wide.
    """

    def read(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        image, label = dataset.load(pair)
        edges = keras.ops.convert_to_numpy(label_edges(label[None].astype("int32"), IGNORE_LABEL))
        return image, np.where(label == IGNORE_LABEL, IGNORE_LABEL, edges[0]).astype("uint8")

    return dataclasses.replace(dataset, label_space=EDGE_CLASSES, read=read)
