"""A class map lies exactly where its scene lies."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from seg_keras.data.geotiff import GEO_TAGS, read_georeference, write_geotiff
from seg_keras.data.labels import LabelSpace

SPACE = LabelSpace(("water", "land"), ((0, 0, 255), (0, 128, 1)))
DOUBLE, SHORT, ASCII = 12, 3, 2
# UTM zone 33 north, 10 m pixels; a file has either a scale with tiepoints or a transformation.
SCALE = (33550, DOUBLE, 3, (10.0, 10.0, 0.0), True)
TIEPOINT = (33922, DOUBLE, 6, (0.0, 0.0, 0.0, 399960.123456789, 5700000.0, 0.0), True)
TRANSFORMATION = (
    34264, DOUBLE, 16, (9.9, 0.5, 0, 399960, 0.5, -9.9, 0, 5.7e6, 0, 0, 0, 0, 0, 0, 0, 1.0), True
)  # fmt: skip
KEYS = (34735, SHORT, 16, (1, 1, 0, 3, 1024, 0, 1, 1, 1026, 34737, 22, 0, 3072, 0, 1, 32633), True)
DOUBLES = (34736, DOUBLE, 2, (6378137.0, 298.257223563), True)
TEXT = (34737, ASCII, 0, "WGS 84 / UTM zone 33N|", True)
NODATA = (42113, ASCII, 0, "0", True)


def write_scene(path, tags, dtype="uint8"):
    image = np.random.default_rng(0).integers(0, 256, (13, 17, 3)).astype(dtype)
    tifffile.imwrite(path, image, photometric="rgb", extratags=tags, metadata=None)
    return image


def geo_tags(path):
    with tifffile.TiffFile(path) as file:
        tags = file.pages[0].tags
        return {name: tags[code].value for code, name in GEO_TAGS.items() if code in tags}


@pytest.mark.parametrize(
    "tags",
    [
        [SCALE, TIEPOINT, KEYS, DOUBLES, TEXT, NODATA],
        [TRANSFORMATION, KEYS, TEXT],
        [SCALE, TIEPOINT],
    ],
)
def test_class_map_has_the_georeference_and_the_ids(tmp_path, tags):
    write_scene(tmp_path / "scene.tif", tags)
    classes = np.random.default_rng(1).integers(0, 2, (13, 17)).astype("uint8")
    georeference = read_georeference(tmp_path / "scene.tif")
    write_geotiff(tmp_path / "classes.tif", classes, SPACE, georeference)
    assert len(georeference) == len(tags)
    assert geo_tags(tmp_path / "classes.tif") == geo_tags(tmp_path / "scene.tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "classes.tif"), classes)
    with Image.open(tmp_path / "classes.tif") as picture:  # another decoder sees ids and colors
        np.testing.assert_array_equal(np.asarray(picture), classes)
        np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), SPACE.colorize(classes))


def test_files_without_georeference_give_none(tmp_path):
    write_scene(tmp_path / "plain.TIF", [])
    Image.new("RGB", (4, 4)).save(tmp_path / "image.png")
    assert read_georeference(tmp_path / "plain.TIF") == []
    assert read_georeference(tmp_path / "image.png") == []


def test_sixteen_bit_scene_names_the_way_out(tmp_path):
    write_scene(tmp_path / "scene.tif", [SCALE], dtype="uint16")
    with pytest.raises(ValueError, match=r"scene.tif: holds uint16 samples.*gdal_translate"):
        read_georeference(tmp_path / "scene.tif")


@pytest.mark.parametrize("content", [b"", b"no TIFF", b"II*\0"])
def test_broken_tiff_is_named(tmp_path, content):
    (tmp_path / "broken.tif").write_bytes(content)
    with pytest.raises(ValueError, match=r"broken.tif: is no readable TIFF"):
        read_georeference(tmp_path / "broken.tif")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.tif: no such file"):
        read_georeference(tmp_path / "nothing.tif")
