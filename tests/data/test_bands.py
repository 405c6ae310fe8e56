"""TIFF of many bands, pages and bits."""

import subprocess
import sys

import numpy as np
import pytest
import tifffile

from seg_keras.data.bands import read_tiff, stretch
from tests.data.trees import noise


@pytest.mark.parametrize(
    ("shape", "options", "expected"),
    [
        ((5, 7), {}, (5, 7)),
        ((5, 7, 4), {"photometric": "rgb", "planarconfig": 1}, (5, 7, 4)),  # pixel by pixel
        ((4, 5, 7), {"photometric": "rgb", "planarconfig": 2}, (5, 7, 4)),  # band by band
        ((3, 5, 7), {"photometric": "minisblack"}, (3, 5, 7)),  # pages
    ],
)
def test_bands_come_last_and_pages_first(tmp_path, shape, options, expected):
    pixels = noise(0, *shape, high=4000, dtype="uint16")
    tifffile.imwrite(tmp_path / "a.tif", pixels, **options)
    read = read_tiff(tmp_path / "a.tif")
    assert (read.shape, read.dtype) == (expected, np.uint16)
    np.testing.assert_array_equal(
        read, pixels.transpose(1, 2, 0) if options.get("planarconfig") == 2 else pixels
    )


def test_a_stack_of_imagej_has_its_pages(tmp_path):
    pixels = noise(0, 3, 5, 7)
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True)
    np.testing.assert_array_equal(read_tiff(tmp_path / "a.tif"), pixels)


def test_each_band_is_stretched_by_its_own_range():
    image = noise(0, 6, 7, 2, dtype="uint16") + np.array([100, 5000], "uint16")
    stretched = stretch(image)
    assert stretched.dtype == np.uint8
    for band in range(2):
        values = image[..., band].astype(float)
        expected = (values - values.min()) / (values.max() - values.min()) * 255
        np.testing.assert_allclose(stretched[..., band], expected, atol=0.51)


def test_eight_bits_stay_and_an_even_band_is_black():
    image = noise(0, 6, 7, 2)
    assert stretch(image) is image
    assert not stretch(np.full((3, 4, 1), 900, "uint16")).any()


@pytest.mark.parametrize("content", [b"", b"no TIFF", b"II*\0"])
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(ValueError, match=r"a.tif: cannot be decoded .* Replace the file"):
        read_tiff(tmp_path / "a.tif")
    with pytest.raises(FileNotFoundError, match="b.tif: no such file"):
        read_tiff(tmp_path / "b.tif")


def write_compressed(path):
    pixels = noise(0, 5, 7, 4, high=4000, dtype="uint16")
    tifffile.imwrite(path, pixels, photometric="rgb", planarconfig=1, compression="lzw")
    return pixels


def test_compressed_files_are_read(tmp_path):
    pixels = write_compressed(tmp_path / "a.tif")
    np.testing.assert_array_equal(read_tiff(tmp_path / "a.tif"), pixels)


@pytest.mark.slow  # a process of its own, since the package was imported in this one
def test_the_package_that_a_compression_needs_is_named(tmp_path):
    write_compressed(tmp_path / "a.tif")
    code = (
        "import pathlib, sys; sys.modules['imagecodecs'] = None;"
        "from seg_keras.data.bands import read_tiff; read_tiff(pathlib.Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "a.tif"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "a.tif: cannot be decoded" in done.stderr
    assert "pip install imagecodecs" in done.stderr
