"""Ways to spoil a data set in the layout of CamVid, each with what the doctor has to say about it.

Every function changes files of `folder`, whose pairs are `train/NNN.png`, `trainannot/NNN.png` and
the same for `val`.
"""

import shutil

import cv2
import numpy as np
from PIL import Image

from seg_keras.data.labels import CAMVID_CLASSES

EXIF_ORIENTATION = 274
VOID = 11


def read(path):
    return np.asarray(Image.open(path))


def write(path, pixels):
    Image.fromarray(np.ascontiguousarray(pixels)).save(path)


def change_label(folder, name, change):
    path = folder / "trainannot" / name
    write(path, change(read(path)))


def change_image(folder, name, change):
    path = folder / "train" / name
    write(path, change(read(path)))


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def painted(label):
    return CAMVID_CLASSES.colorize(label)


def without_class(folder, splits, index):
    for split in splits:
        for path in (folder / f"{split}annot").iterdir():
            label = read(path)
            write(path, np.where(label == index, VOID, label).astype("uint8"))


def no_label(folder):
    (folder / "trainannot" / "003.png").unlink()


def no_image(folder):
    (folder / "val" / "001.png").unlink()


def smaller_label(folder):
    change_label(folder, "001.png", lambda label: label[::2, ::2])


def cropped_label(folder):
    change_label(folder, "001.png", lambda label: label[:-9])


def label_in_colors(folder):
    change_label(folder, "002.png", painted)


def label_of_three_equal_bands(folder):
    change_label(folder, "002.png", lambda label: label[..., None].repeat(3, -1))


def label_in_smoothed_colors(folder):
    change_label(folder, "002.png", lambda label: cv2.blur(painted(label), (5, 5)))


def palette_of_another_order(folder):
    path = folder / "trainannot" / "004.png"
    Image.fromarray(painted(read(path))).convert("P", palette=Image.Palette.ADAPTIVE).save(path)


def black_and_white(folder):
    change_label(folder, "005.png", lambda label: np.where(label == 3, 255, 0).astype("uint8"))


def one_bit(folder):
    path = folder / "trainannot" / "005.png"
    Image.fromarray(read(path) == 3).save(path)


def ids_of_no_class(folder):
    change_label(folder, "006.png", lambda label: np.where(label == 3, 40, label).astype("uint8"))


def nothing_labelled(folder):
    change_label(folder, "007.png", lambda label: np.full_like(label, VOID))


def class_nowhere(folder):
    without_class(folder, ("train", "val"), 10)


def class_in_validation_only(folder):
    without_class(folder, ("train",), 10)


def image_twice(folder):
    Image.open(folder / "train" / "008.png").save(folder / "train" / "009.png", compress_level=1)


def image_in_two_splits(folder):
    shutil.copy(folder / "train" / "010.png", folder / "val" / "000.png")


def nearly_the_same_image(folder):
    image = read(folder / "train" / "011.png").astype(int)
    write(folder / "val" / "002.png", np.clip(image + 6, 0, 255).astype("uint8"))


def truncated_image(folder):
    truncate(folder / "train" / "012.png")


def truncated_label(folder):
    truncate(folder / "trainannot" / "012.png")


def no_image_at_all(folder):
    (folder / "train" / "012.png").write_bytes(b"no picture")


def sixteen_bits(folder):
    change_image(folder, "013.png", lambda image: image[..., 0].astype("uint16") * 200)


def colors_of_sixteen_bits(folder):
    path = folder / "train" / "013.png"
    cv2.imwrite(str(path), cv2.imread(str(path)).astype("uint16") * 200)


def transparency(folder):
    change_image(folder, "014.png", lambda image: np.dstack([image, image[..., 0]]))


def turned_by_exif(folder):
    """The pixels lie on their side, a viewer turns them, and the label is as in the viewer."""
    path = folder / "train" / "015.png"
    image = Image.fromarray(np.rot90(read(path)))
    exif = image.getexif()
    exif[EXIF_ORIENTATION] = 6  # turn to the right to see it
    image.save(path, exif=exif)


# what is done: what is found and how often
DEFECTS = {
    no_label: {"no_label": 1},
    no_image: {"no_image": 1},
    smaller_label: {"size": 1},
    cropped_label: {"size": 1},
    label_in_colors: {"color_mask": 1},
    label_of_three_equal_bands: {"color_mask": 1},
    label_in_smoothed_colors: {"color_mask": 1},
    palette_of_another_order: {"palette_mask": 1},
    black_and_white: {"mask_0_255": 1},
    one_bit: {"mask_0_255": 1},
    ids_of_no_class: {"unknown_id": 1},
    nothing_labelled: {"all_void": 1},
    class_nowhere: {"class_never": 1},
    class_in_validation_only: {"class_not_trained": 1},
    image_twice: {"repeated": 1},
    image_in_two_splits: {"leaked": 1},
    nearly_the_same_image: {"near": 1},
    truncated_image: {"unreadable": 1},
    truncated_label: {"unreadable": 1},
    no_image_at_all: {"unreadable": 1},
    sixteen_bits: {"bits": 1},
    colors_of_sixteen_bits: {"bits": 1},
    transparency: {"alpha": 1},
    turned_by_exif: {"exif": 1},
}
# of those, what can be done to one data set at once without one hiding another
TOGETHER = [
    class_nowhere, no_label, no_image, smaller_label, label_in_colors, palette_of_another_order,
    black_and_white, ids_of_no_class, nothing_labelled, image_twice, image_in_two_splits,
    nearly_the_same_image, truncated_image, sixteen_bits, transparency, turned_by_exif,
]  # fmt: skip
