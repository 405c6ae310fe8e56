"""PASCAL VOC 2012 and PASCAL-Context: palettes, MATLAB files, and the lists of both."""

import numpy as np
import pytest
from PIL import Image

from seg_keras.data.datasets import build_dataset
from seg_keras.data.datasets.pascal_context import class_table
from seg_keras.data.datasets.voc2012 import VOC_CLASSES
from tests.data import trees


@pytest.fixture(scope="module")
def voc_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("voc")
    trees.voc2012(folder)
    return folder


def names(pairs):
    return [image.stem for image, _ in pairs]


def test_indices_are_read_and_never_expanded_to_colors(voc_folder):
    dataset = build_dataset("voc2012", voc_folder)
    pair = dataset.list_pairs("train")[0]
    with Image.open(pair[1]) as label:
        assert label.mode == "P"
        indices = np.asarray(label)
        # what a decoder that expands the palette would give instead
        assert not np.array_equal(np.asarray(label.convert("L")), indices)
    np.testing.assert_array_equal(dataset.load(pair)[1], indices)
    assert (indices[0] == 255).all()


@pytest.mark.parametrize(
    ("name", "color"),
    [("background", (0, 0, 0)), ("aeroplane", (128, 0, 0)), ("person", (192, 128, 128)),
     ("pottedplant", (0, 64, 0)), ("tvmonitor", (0, 64, 128))],
)  # fmt: skip
def test_colors_are_those_of_the_devkit(name, color):
    assert VOC_CLASSES.colors[VOC_CLASSES.names.index(name)] == color


@pytest.mark.parametrize("inner", ["", "VOCdevkit", "VOCdevkit/VOC2012"])
def test_any_folder_of_the_download_may_be_named(voc_folder, inner):
    dataset = build_dataset("voc2012", voc_folder / inner)
    assert names(dataset.list_pairs("val")) == ["2007_000033"]
    assert len(dataset.list_pairs("trainaug")) == 4


def test_trainaug_is_all_of_sbd_without_voc_val_and_voc_labels_come_first(voc_folder):
    dataset = build_dataset("voc2012", voc_folder)
    pairs = dataset.list_pairs("trainaug")
    assert names(pairs) == ["2007_000032", "2007_000039", "2008_000002", "2008_000003"]
    assert [label.suffix for _, label in pairs] == [".png", ".png", ".mat", ".mat"]
    np.testing.assert_array_equal(dataset.load(pairs[2])[1], trees.noise(0, high=21))


def test_trainaug_takes_labels_that_were_converted_to_png(tmp_path):
    trees.voc2012(tmp_path)
    for name in ("2007_000032", "2007_000033", "2008_000003"):
        path = tmp_path / "VOCdevkit/VOC2012/SegmentationClassAug" / f"{name}.png"
        trees.write_ids(path, trees.noise(1, high=21))
    pairs = build_dataset("voc2012", tmp_path).list_pairs("trainaug")
    folders = {image.stem: label.parent.name for image, label in pairs}
    assert folders == {
        "2007_000032": "SegmentationClass",
        "2007_000039": "SegmentationClass",
        "2008_000003": "SegmentationClassAug",
    }


def test_trainaug_without_sbd_says_where_it_belongs(tmp_path):
    trees.voc2012(tmp_path)
    (tmp_path / "benchmark_RELEASE").rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match="holds VOCdevkit and benchmark_RELEASE"):
        build_dataset("voc2012", tmp_path).list_pairs("trainaug")


@pytest.fixture(scope="module")
def context_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("context")
    trees.pascal_context(folder)
    return folder


def test_context_ids_are_found_by_name_in_the_long_list(context_folder):
    # The miniature list names the 59 classes last: ids 401 to 459 are classes 1 to 59.
    expected = np.zeros(460, "uint8")
    expected[401:] = np.arange(1, 60)
    np.testing.assert_array_equal(class_table(context_folder / "labels.txt"), expected)


def test_context_background_is_a_class_or_void(context_folder):
    with_background = build_dataset("pascal_context_60", context_folder)
    without = build_dataset("pascal_context_59", context_folder)
    pair = with_background.list_pairs("train")[0]
    label = with_background.load(pair)[1]
    assert label[0, :2].tolist() == [0, 59]  # raw 0 and 459
    shifted = np.where(label == 0, 255, label.astype(int) - 1)
    np.testing.assert_array_equal(without.load(pair)[1], shifted)
    assert with_background.label_space.names[1:] == without.label_space.names
    assert with_background.label_space.colors[1:] == without.label_space.colors


def test_a_context_list_without_a_class_names_it(tmp_path):
    trees.pascal_context(tmp_path)
    path = tmp_path / "labels.txt"
    path.write_text(path.read_text().replace(": bedclothes", ": beds"))
    with pytest.raises(ValueError, match="labels.txt: has no line for bedclothes"):
        class_table(path)


def test_an_id_beyond_the_list_is_told(tmp_path):
    trees.pascal_context(tmp_path)
    dataset = build_dataset("pascal_context_60", tmp_path)
    pair = dataset.list_pairs("train")[0]
    trees.write_mat(pair[1], LabelMap=np.full(trees.SIZE, 460, "uint16"))
    with pytest.raises(ValueError, match=r"2008_000002.mat: holds id 460, which labels.txt"):
        dataset.load(pair)
