"""Label spaces, decoding, and the errors of bad files."""

import numpy as np
import pytest
from PIL import Image

from seg_keras.data.datasets import build_dataset
from seg_keras.data.files import read_image, read_label
from seg_keras.data.labels import CAMVID_CLASSES, LabelSpace

SPACE = LabelSpace(("a", "b"), ((10, 20, 30), (40, 50, 60)), {7: 0, 8: 1, 9: 255})


def test_file_ids_become_training_ids():
    raw = np.array([[7, 8, 9, 255]], "uint8")
    np.testing.assert_array_equal(SPACE.to_train_ids(raw), [[0, 1, 255, 255]])
    assert SPACE.to_train_ids(raw).dtype == np.uint8


@pytest.mark.parametrize("dtype", ["uint8", "int32", "uint16"])
def test_ids_of_no_class_are_listed(dtype):
    with pytest.raises(ValueError, match=r"2 pixels hold ids of no class \(0, 3\).*7, 8, 9"):
        SPACE.to_train_ids(np.array([[7, 0], [3, 8]], dtype))
    if dtype != "uint8":
        with pytest.raises(ValueError, match="300"):
            SPACE.to_train_ids(np.array([[300]], dtype))
    if dtype == "int32":
        with pytest.raises(ValueError, match="-247"):  # 9 from the end of a table of 256
            SPACE.to_train_ids(np.array([[-247]], dtype))


def test_colors_are_painted_and_other_ids_are_black():
    painted = SPACE.colorize(np.array([[0, 1, 255]], "uint8"))
    np.testing.assert_array_equal(painted, [[[10, 20, 30], [40, 50, 60], [0, 0, 0]]])


def test_a_label_space_needs_a_color_per_name():
    with pytest.raises(ValueError, match="2 names"):
        LabelSpace(("a", "b"), ((0, 0, 0),))


def test_an_indexed_png_keeps_its_ids(tmp_path):
    ids = np.array([[0, 1], [2, 3]], "uint8")
    image = Image.new("P", (2, 2))
    image.putdata(ids.ravel())
    image.putpalette([value for color in CAMVID_CLASSES.colors for value in color])
    image.save(tmp_path / "label.png")
    np.testing.assert_array_equal(read_label(tmp_path / "label.png"), ids)


def test_images_of_any_mode_become_rgb(tmp_path):
    Image.fromarray(np.full((4, 6), 9, "uint8")).save(tmp_path / "gray.png")
    np.testing.assert_array_equal(read_image(tmp_path / "gray.png"), np.full((4, 6, 3), 9))
    wide = 257 * np.array([[0, 9, 128, 255]], "uint16")  # 16 bits, from black to white
    for name in ("wide.png", "wide.tif"):
        Image.fromarray(wide).save(tmp_path / name)
        assert read_image(tmp_path / name)[0].tolist() == [[x] * 3 for x in (0, 9, 128, 255)]


def test_a_label_of_fractions_is_refused(tmp_path):
    Image.fromarray(np.full((4, 6), 0.5, "float32")).save(tmp_path / "label.tif")
    with pytest.raises(ValueError, match="label.tif: a label needs whole numbers, got float32"):
        read_label(tmp_path / "label.tif")


def test_camvid_reads_its_folder_and_ignores_void(camvid_folder):
    dataset = build_dataset("camvid", camvid_folder)
    pairs = dataset.list_pairs("train")
    assert [image.name for image, _ in pairs] == [f"{i:03d}.png" for i in range(6)]
    assert all(image.stem == label.stem for image, label in pairs)
    image, label = dataset.load(pairs[0])
    assert (image.shape, image.dtype, label.dtype) == ((48, 64, 3), np.uint8, np.uint8)
    raw = np.asarray(Image.open(pairs[0][1]))
    np.testing.assert_array_equal(label, np.where(raw == 11, 255, raw))


def make_pair(folder, image_size=(8, 6), label=None, label_name="x.png"):
    """One image and label in CamVid's form; `label` is an array to save."""
    for name in ("train", "trainannot"):
        (folder / name).mkdir()
    Image.new("RGB", image_size).save(folder / "train" / "x.png")
    label = np.zeros((6, 8), "uint8") if label is None else label
    Image.fromarray(label).save(folder / "trainannot" / label_name)
    return build_dataset("camvid", folder)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"train: no such folder. Give .* as --data-dir"):
        build_dataset("camvid", tmp_path).list_pairs("train")
    with pytest.raises(ValueError, match="needs the folder that holds it. Give --data-dir"):
        build_dataset("camvid")
    with pytest.raises(
        ValueError, match="Unknown data set 'camvyd'. Choose one of: ade20k, camvid"
    ):
        build_dataset("camvyd")


def test_an_image_without_its_label_is_named(tmp_path):
    dataset = make_pair(tmp_path, label_name="y.png")
    with pytest.raises(ValueError, match=r"x.png: has no label in .*Add x.png there"):
        dataset.list_pairs("train")


def test_an_empty_split_is_named(tmp_path):
    for name in ("train", "trainannot"):
        (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match="train: the split is empty"):
        build_dataset("camvid", tmp_path).list_pairs("train")


BAD_LABELS = [
    (np.zeros((6, 9), "uint8"), r"x.png: the label is 6x9 pixels, but its image .* is 6x8"),
    (np.full((6, 8), 12, "uint8"), r"x.png: 48 pixels hold ids of no class \(12\)"),
    (np.zeros((6, 8, 3), "uint8"), r"x.png: a label needs one channel of class ids, got 3"),
]


@pytest.mark.parametrize(("label", "message"), BAD_LABELS, ids=["size", "ids", "colors"])
def test_a_bad_label_is_named_with_its_remedy(tmp_path, label, message):
    dataset = make_pair(tmp_path, label=label)
    with pytest.raises(ValueError, match=message):
        dataset.load(dataset.list_pairs("train")[0])


@pytest.mark.parametrize("keep", [0, 45])  # nothing of the file, its first bytes
def test_a_broken_png_is_named(tmp_path, keep):
    dataset = make_pair(tmp_path)
    file = tmp_path / "train" / "x.png"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"train/x.png: cannot be decoded .*Replace the file"):
        dataset.load(dataset.list_pairs("train")[0])
