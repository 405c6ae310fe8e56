"""A folder of images and masks is a data set."""

import numpy as np
import pytest
from PIL import Image

from seg_keras.data.datasets import build_dataset
from tests.data import trees
from tools import train


@pytest.fixture
def images(tmp_path):
    trees.folder(tmp_path)
    return tmp_path


def test_every_fifth_image_is_validated_on(images):
    dataset = build_dataset("folder", images)
    assert dataset.label_space.names == ("background", "road", "traffic sign")
    assert [image.name for image, _ in dataset.list_pairs("val")] == ["photo_4.jpg", "photo_9.jpg"]


def test_masks_hold_ids_also_as_indexed_png(images):
    dataset = build_dataset("folder", images)
    for index in (4, 9):  # with a palette, without
        image = images / "images" / f"photo_{index}.jpg"
        mask = images / "masks" / f"photo_{index}.png"
        expected = trees.noise(index, 48, 64, high=3)
        expected[:2] = 255
        np.testing.assert_array_equal(dataset.load((image, mask))[1], expected)


def test_folders_are_splits_where_there_are_some(images):
    for part in ("images", "masks"):
        for split, digits in (("train", "012345"), ("test", "67")):
            (images / part / split).mkdir()
            for digit in digits:
                file = next((images / part).glob(f"photo_{digit}.*"))
                file.rename(file.parent / split / file.name)
    dataset = build_dataset("folder", images)
    assert dataset.splits == ("train", "test")
    assert len(dataset.list_pairs("train")) == 6
    with pytest.raises(ValueError, match="folder has no split 'val'. Choose one of: train, test"):
        dataset.list_pairs("val")


def test_own_ids_and_colored_masks_are_understood(images):
    trees.write_text(images / "classes.txt", "0 membrane 10 20 30", "255 cell 200 0 0")
    dataset = build_dataset("folder", images)
    assert dataset.label_space.colors == ((10, 20, 30), (200, 0, 0))
    cells = trees.noise(0, 48, 64, high=2)
    for mask in (255 * cells, np.array([(10, 20, 30), (200, 0, 0)], "uint8")[cells]):
        trees.write_ids(images / "masks" / "photo_0.png", mask)
        pair = dataset.list_pairs("train")[0]
        np.testing.assert_array_equal(dataset.load(pair)[1], cells)


def test_a_color_of_no_class_is_told_with_its_file(images):
    Image.new("RGB", (64, 48), (1, 2, 3)).save(images / "masks" / "photo_0.png")
    dataset = build_dataset("folder", images)
    with pytest.raises(ValueError, match=r"photo_0.png: 3072 pixels .* \(1, 2, 3\)"):
        dataset.load(dataset.list_pairs("train")[0])


def remove_classes(folder):
    (folder / "classes.txt").unlink()


def remove_mask(folder):
    (folder / "masks" / "photo_3.png").unlink()


def remove_most_images(folder):
    for index in range(6):
        (folder / "images" / f"photo_{index}.jpg").unlink()


def rename_masks(folder):
    (folder / "masks").rename(folder / "labels")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (remove_classes, "classes.txt: no such file. Write one class per line"),
        (remove_mask, "photo_3.jpg: has no label in .*Add photo_3.png there"),
        (remove_most_images, "4 images or places are too few"),
        (rename_masks, "masks: no such folder. Give the folder that holds images, masks and"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_missing_is_told_with_its_remedy(images, spoil, message):
    spoil(images)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        build_dataset("folder", images).list_pairs("train")


@pytest.mark.slow
def test_a_folder_is_trained_on_with_one_flag(images, tmp_path):
    run = tmp_path / "run"
    small = ["--crop-size", "32", "48", "--batch-size", "2", "--epochs", "1"]
    flags = ["--set", "dataset=folder", "--data-dir", str(images), "--output", str(run)]
    assert train.main([*flags, *small]) == 0
    assert (run / "model.keras").is_file()
