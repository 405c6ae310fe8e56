"""What can be wrong with a folder of images and labels, what it does to a training, what helps."""

import dataclasses
from pathlib import Path

WRONG = "wrong"  # trains on, or is scored on, something else than was meant, or not at all
DEFECT = "defect"  # trains as meant, but not everything is of use
NOTE = "note"  # may be as it should


@dataclasses.dataclass(frozen=True)
class Kind:
    """One thing that can be wrong.

    Args:
        title: What it is called in a table.
        severity: `WRONG`, `DEFECT` or `NOTE`.
        remedy: What to do.
        fixed: What `repair` does about it; empty where it leaves the pair out.
    """

    title: str
    severity: str
    remedy: str
    fixed: str = ""


KINDS = {
    "no_label": Kind("image without label", WRONG, "draw a label or remove the image"),
    "no_image": Kind("label without image", DEFECT, "add the image or remove the label"),
    "unreadable": Kind("unreadable or truncated file", WRONG, "replace the file"),
    "size": Kind(
        "image and label differ in size", WRONG, "resize the label with nearest neighbour",
        "label resized, where the proportions agree",
    ),
    "exif": Kind(
        "image turned by an EXIF tag", WRONG, "turn the pixels; nothing else reads the tag",
        "pixels turned, where the label tells which way",
    ),
    "bits": Kind(
        "image of more than 8 bits", WRONG, "scale to 8 bits", "scaled to 8 bits, band by band"
    ),
    "alpha": Kind("image with transparency", DEFECT, "save without it", "transparency dropped"),
    "color_mask": Kind(
        "label in colors, not ids", WRONG, "save class ids", "colors of classes turned to ids"
    ),
    "palette_mask": Kind(
        "palette in another order than the classes", WRONG, "save class ids",
        "colors of classes turned to ids",
    ),
    "mask_0_255": Kind("0/255 mask", WRONG, "write 1 for 255", "255 became the second class"),
    "unknown_id": Kind(
        "ids of no class", WRONG, "correct the label or name the class", "made void"
    ),
    "all_void": Kind("label without any class", DEFECT, "remove the pair"),
    "class_not_trained": Kind(
        "class that only other splits have", WRONG, "move images of it to the training split"
    ),
    "class_never": Kind("class that never occurs", DEFECT, "remove the class or add images of it"),
    "leaked": Kind("same image in two splits", WRONG, "remove it from one"),
    "repeated": Kind("same image twice in a split", DEFECT, "remove one"),
    "near": Kind("nearly the same image in two splits", NOTE, "fine for the frames of a video"),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Args:
        kind: A key of `KINDS`.
        files: Whose fault it is; empty where it is the whole data set's.
        detail: What exactly.
    """

    kind: str
    files: tuple[Path, ...] = ()
    detail: str = ""
