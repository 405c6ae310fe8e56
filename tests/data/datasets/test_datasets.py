"""What every data set promises. A new entry in DATASETS needs a miniature tree in trees.py."""

import re
from pathlib import Path

import numpy as np
import pytest

from seg_keras.data.datasets import DATASETS, build_dataset
from tests.data.trees import TREES

PAGE = Path(__file__).parents[3] / "docs" / "datasets.md"

# name: classes, pairs per split of the miniature tree, shape of its images
FACTS = {
    "ade20k": (150, {"train": 2, "val": 2}, (13, 17, 3)),
    "camvid": (11, {"train": 2, "val": 1, "test": 1}, (48, 64, 3)),
    "cityscapes": (19, {"train": 2, "val": 2}, (13, 17, 3)),
    "cityscapes_coarse": (19, {"train": 2, "train_extra": 2, "val": 2}, (13, 17, 3)),
    "coco": (81, {"train": 2, "val": 2, "train2014": 2, "val2014": 2}, (13, 17, 3)),
    "dic_hela": (2, {"train": 2, "val": 2}, (13, 17, 3)),
    "eye_in_the_sky": (9, {"train": 13, "val": 1}, (13, 17, 4)),
    "folder": (3, {"train": 8, "val": 2}, (48, 64, 3)),
    # the lowest slice has no tissue: it is left out of the training split
    "ibsr18": (4, {"train": 6 * 3, "val": 3 * 4, "test": 9 * 4}, (60, 48, 3)),
    # windows start at rows 0, 10, 20 and columns 0, 8
    "ibsr18_patches": (4, {"train": 6 * 3 * 6, "val": 3 * 4 * 6, "test": 9 * 4 * 6}, (40, 40, 3)),
    "isbi2012": (2, {"train": 5, "val": 1}, (13, 17, 3)),
    "kitti": (19, {"train": 8, "val": 2}, (13, 17, 3)),
    "nyudv2": (40, {"train": 2, "test": 1}, (13, 17, 3)),
    "pascal_context_59": (59, {"train": 2, "val": 1}, (13, 17, 3)),
    "pascal_context_60": (60, {"train": 2, "val": 1}, (13, 17, 3)),
    "phc_u373": (2, {"train": 2, "val": 2}, (13, 17, 3)),
    "shards": (11, {"train": 2, "val": 1}, (48, 64, 3)),
    "sun_rgbd": (37, {"train": 2, "test": 1}, (13, 17, 3)),
    # two labelled dates with six dates up to them, of four places and of one
    "time_series": (3, {"train": 8, "val": 2}, (6, 13, 17, 4)),
    "voc2012": (21, {"train": 2, "val": 1, "trainval": 3, "trainaug": 4}, (13, 17, 3)),
}


def test_every_data_set_is_tested():
    assert set(FACTS) == set(TREES) == set(DATASETS) - {"roads"}


def test_the_page_lists_every_data_set_with_its_classes():
    rows = re.findall(r"^\| `(\w+)` \| (\w+)", PAGE.read_text(), re.MULTILINE)
    assert [name for name, _ in rows] == sorted(DATASETS)
    counts = {name: int(count) for name, count in rows if count.isdecimal() and name in FACTS}
    assert len(counts) >= 17
    assert counts == {name: FACTS[name][0] for name in counts}


@pytest.fixture(scope="module", params=sorted(FACTS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def dataset(name, tmp_path_factory):
    folder = tmp_path_factory.mktemp(name)
    TREES[name](folder)
    return build_dataset(name, folder)


def test_every_split_is_listed_the_same_each_time(name, dataset):
    classes, counts, _ = FACTS[name]
    assert (dataset.name, dataset.label_space.num_classes) == (name, classes)
    assert dataset.splits == tuple(counts)
    for split, count in counts.items():
        pairs = dataset.list_pairs(split)
        assert len(pairs) == len(set(pairs)) == count
        assert pairs == dataset.list_pairs(split)


def test_the_standard_splits_share_no_image(name, dataset):
    apart = [split for split in ("train", "val", "test") if split in dataset.splits]
    images = [pair[0] for split in apart for pair in dataset.list_pairs(split)]
    assert len(images) == len(set(images))


def test_images_are_in_range_and_labels_are_training_ids(name, dataset):
    classes, counts, shape = FACTS[name]
    seen = set()
    for split in counts:
        for pair in dataset.list_pairs(split):
            image, label = dataset.load(pair)
            assert image.shape == shape
            assert image.dtype in (np.uint8, np.float32)
            assert 0 <= image.min() <= image.max() <= 255
            assert (label.shape, label.dtype) == (shape[-3:-1], np.uint8)
            seen |= set(np.unique(label).tolist())
    assert seen - {255} <= set(range(classes))
    assert len(seen - {255}) > min(classes, 40) * 0.8 or name == "coco"


def test_an_unknown_split_names_the_known_ones(name, dataset):
    with pytest.raises(ValueError, match=f"no split 'trian'. Choose one of: {dataset.splits[0]}"):
        dataset.list_pairs("trian")


def test_a_wrong_folder_is_told_with_the_right_one(name, tmp_path):
    def open_and_list():
        dataset = build_dataset(name, tmp_path)
        return dataset.list_pairs(dataset.splits[0])

    with pytest.raises(FileNotFoundError, match=f"{tmp_path}.*(as --data-dir|per line)"):
        open_and_list()


def test_the_same_pair_reads_the_same(dataset):
    pair = dataset.list_pairs(dataset.splits[0])[0]
    for one, other in zip(dataset.load(pair), dataset.load(pair), strict=True):
        np.testing.assert_array_equal(one, other)
