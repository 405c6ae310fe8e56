"""Eye in the Sky and time series: bands, colors, clouds, dates."""

import numpy as np
import pytest
import tifffile

from seg_keras.data.datasets import build_dataset
from seg_keras.data.datasets.time_series import days_of_year, frames, time_series
from tests.data import trees


def test_each_band_of_a_scene_is_stretched_by_its_own_range(tmp_path):
    trees.eye_in_the_sky(tmp_path / "The-Eye-in-the-Sky-dataset")
    dataset = build_dataset("eye_in_the_sky", tmp_path)
    pair = dataset.list_pairs("val")[0]
    assert pair[0].name == pair[1].name == "14.tif"
    image, label = dataset.load(pair)
    bands = tifffile.imread(pair[0]).astype(float)
    for band in range(4):
        low, high = bands[..., band].min(), bands[..., band].max()
        expected = (bands[..., band] - low) / (high - low) * 255
        np.testing.assert_allclose(image[..., band], expected, atol=0.51)
    painted = dataset.label_space.colorize(label)
    np.testing.assert_array_equal(painted, tifffile.imread(pair[1]))


def test_a_color_of_no_class_is_told_with_its_file(tmp_path):
    trees.eye_in_the_sky(tmp_path)
    label = tifffile.imread(tmp_path / "gt" / "14.tif")
    label[0, 0] = 150, 150, 250  # a table of the repository prints 250 for the pool
    trees.write_tiff(tmp_path / "gt" / "14.tif", label, photometric="rgb")
    dataset = build_dataset("eye_in_the_sky", tmp_path)
    with pytest.raises(ValueError, match=r"gt/14.tif: 1 pixels .* such as \(150, 150, 250\)"):
        dataset.load(dataset.list_pairs("val")[0])


@pytest.fixture
def series_folder(tmp_path):
    trees.time_series(tmp_path)
    return tmp_path


def test_a_sample_is_a_labelled_date_and_the_dates_before_it(series_folder):
    dataset = build_dataset("time_series", series_folder)
    pair = dataset.list_pairs("val")[0]
    assert pair[1] == series_folder / "place_4" / "2019-06-01_label.tif"
    paths = frames(pair, 6)
    assert [path.stem for path in paths] == [f"2019-{month:02d}-01" for month in range(1, 7)]
    assert days_of_year(paths).tolist() == [1, 32, 60, 91, 121, 152]
    images, label = dataset.load(pair)
    np.testing.assert_array_equal(label, trees.noise(6, high=3))
    stored = tifffile.imread(paths[1]).astype(float)
    expected = np.stack([stored[..., band] for band in (2, 1, 0, 3)], axis=-1) * 255 / 10_000
    np.testing.assert_allclose(images[1], expected, rtol=1e-6)


def test_what_clouds_hide_is_black_and_nothing_else(series_folder):
    dataset = build_dataset("time_series", series_folder)
    images, _ = dataset.load(dataset.list_pairs("val")[0])
    assert not images[5, :4].any()
    assert images[5, 4:].any(axis=-1).all()
    assert images[4, :4].any(axis=-1).all()


def test_a_longer_series_leaves_out_dates_with_too_few_before_them(series_folder):
    pairs = time_series(series_folder, length=7).list_pairs("train")
    assert [pair[1].name for pair in pairs] == ["2019-07-01_label.tif"] * 4
    with pytest.raises(ValueError, match="no place has a label .* with 8 dates"):
        time_series(series_folder, length=8).list_pairs("train")


def test_places_may_be_sorted_into_splits(series_folder):
    for split, places in (("train", (0, 1)), ("val", (2,))):
        for place in places:
            (series_folder / split).mkdir(exist_ok=True)
            name = f"place_{place}"
            (series_folder / name).rename(series_folder / split / name)
    pairs = build_dataset("time_series", series_folder).list_pairs("val")
    assert {pair[0].parent.name for pair in pairs} == {"place_2"}


def test_images_of_8_bits_stay_as_they_are(series_folder):
    for path in (series_folder / "place_4").glob("2019-??-01.tif"):
        trees.write_tiff(path, trees.noise(0, *trees.SIZE, 3), photometric="rgb")
    dataset = build_dataset("time_series", series_folder)
    images, _ = dataset.load(dataset.list_pairs("val")[0])
    np.testing.assert_array_equal(images[0], trees.noise(0, *trees.SIZE, 3)[..., ::-1])


def test_a_date_of_another_size_is_named(series_folder):
    path = series_folder / "place_4" / "2019-03-01.tif"
    trees.write_tiff(path, trees.noise(0, 4, 4, 4), photometric="rgb", planarconfig=1)
    dataset = build_dataset("time_series", series_folder)
    with pytest.raises(ValueError, match=r"2019-03-01.tif: is \(4, 4, 4\), but 2019-01-01.tif"):
        dataset.load(dataset.list_pairs("val")[0])
