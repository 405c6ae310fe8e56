"""What the numbers in a label file mean: names, colours, and which pixels do not count."""

import dataclasses

import numpy as np

IGNORE_LABEL = 255  # pixels with this label count in no loss and in no metric


@dataclasses.dataclass(frozen=True)
class LabelSpace:
    """The classes of a data set, and how the ids in its files map to them.

    Args:
        names: One name per class; the position is the training id.
        colors: One (red, green, blue) per class, each 0 to 255.
        train_ids: From the id in a label file to a training id or `IGNORE_LABEL`. Where it is
            None, files hold training ids already. 255 in a file is always ignored.
    """

    names: tuple[str, ...]
    colors: tuple[tuple[int, int, int], ...]
    train_ids: dict[int, int] | None = None

    def __post_init__(self):
        if len(self.names) != len(self.colors):
            raise ValueError(
                f"A label space needs one color per name, got {len(self.names)} names "
                f"({', '.join(self.names)}) and {len(self.colors)} colors."
            )

    @property
    def num_classes(self) -> int:
        """How many classes a model of this label space predicts."""
        return len(self.names)

    def to_train_ids(self, raw: np.ndarray) -> np.ndarray:
        """Maps ids as they stand in a file to uint8 training ids of the same shape (H, W).

        Raises:
            ValueError: If an id belongs to no class; the message lists such ids.
        """
        train_ids = self.train_ids or {index: index for index in range(self.num_classes)}
        table = np.full(256, -1, "int16")
        table[list(train_ids)] = list(train_ids.values())
        table[IGNORE_LABEL] = train_ids.get(IGNORE_LABEL, IGNORE_LABEL)
        known = (raw >= 0) & (raw < 256)
        labels = table[np.where(known, raw, 0)]
        wrong = (labels < 0) | ~known
        if wrong.any():
            ids = ", ".join(str(value) for value in np.unique(raw[wrong])[:8])
            raise ValueError(
                f"{np.count_nonzero(wrong)} pixels hold ids of no class ({ids}). Known ids: "
                f"{', '.join(str(value) for value in sorted(train_ids))} and 255 for pixels "
                f"to ignore."
            )
        return labels.astype("uint8")

    def colorize(self, classes: np.ndarray) -> np.ndarray:
        """Paints class ids (H, W) in their colors, uint8 (H, W, 3); other ids become black."""
        table = np.zeros((256, 3), "uint8")
        table[: self.num_classes] = self.colors
        return table[classes]


# The eleven classes of CamVid in SegNet's order; the drawn roads use them too.
CAMVID_CLASSES = LabelSpace(
    names=(
        "Sky",
        "Building",
        "Pole",
        "Road",
        "Pavement",
        "Tree",
        "SignSymbol",
        "Fence",
        "Car",
        "Pedestrian",
        "Bicyclist",
    ),
    colors=(
        (128, 128, 128),
        (128, 0, 0),
        (192, 192, 128),
        (128, 64, 128),
        (60, 40, 222),
        (128, 128, 0),
        (192, 128, 128),
        (64, 64, 128),
        (64, 0, 128),
        (64, 64, 0),
        (0, 128, 192),
    ),
)
