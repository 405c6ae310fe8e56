"""The predict command on files, folders and GeoTIFFs, good and bad."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image

from tools.predict import ROAD_MODEL, main, parse


def predict(model, source, output, *flags):
    """Runs the command and gives its exit code."""
    args = ["--model", model, "--input", source, "--output", output, *flags]
    return main([str(arg) for arg in args])


def read_indexed(path):
    """The ids of an indexed PNG (H, W), and its colors (H, W, 3)."""
    with Image.open(path) as picture:
        assert picture.mode == "P"
        return np.asarray(picture), np.asarray(picture.convert("RGB"))


def names_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_image_becomes_ids_with_palette_and_an_overlay(
    tmp_path, make_run, make_image, color_space, capsys
):
    shown = make_image(tmp_path / "photo.png", (24, 32))
    output, report = tmp_path / "new" / "results", tmp_path / "report.json"
    assert predict(make_run(), tmp_path / "photo.png", output, "--json", report) == 0
    assert names_in(output) == ["photo.png", "photo_overlay.jpg"]
    ids, colors = read_indexed(output / "photo.png")
    np.testing.assert_array_equal(ids, shown)
    np.testing.assert_array_equal(colors, color_space.colorize(shown))
    with Image.open(output / "photo_overlay.jpg") as overlay:
        assert overlay.width == 32
        assert overlay.height > 24  # the legend
    told = json.loads(report.read_text())
    assert told["images"] == 1
    assert [row["pixels"] for row in told["per_class"]] == np.bincount(shown.ravel()).tolist()
    assert "green" in capsys.readouterr().out


def test_folder_keeps_its_structure_and_skips_other_files(tmp_path, make_run, make_image):
    images = tmp_path / "images"
    for name in ("a.png", "day/b.PNG", "day/fog/c.bmp"):
        make_image(images / name, (24, 32))
    (images / "notes.txt").write_text("no image")
    run, output = (
        make_run(),
        images / "out",
    )  # inside the input: a second run must not take results for images
    for _ in range(2):
        assert predict(run, images, output) == 0
    assert names_in(output) == [
        "a.png", "a_overlay.jpg", "day/b.png", "day/b_overlay.jpg", "day/fog/c.png",
        "day/fog/c_overlay.jpg",
    ]  # fmt: skip


def test_broken_image_is_named_in_the_end_and_the_others_are_done(
    tmp_path, make_run, make_image, capsys
):
    images, output = tmp_path / "images", tmp_path / "out"
    make_image(images / "a.png", (24, 32))
    (images / "b.png").write_bytes((images / "a.png").read_bytes()[:60])
    make_image(images / "c.png", (24, 32))
    assert predict(make_run(), images, output, "--json", tmp_path / "report.json") == 2
    assert names_in(output) == ["a.png", "a_overlay.jpg", "c.png", "c_overlay.jpg"]
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: 1 of 3 images failed")
    assert str(images / "b.png") in error
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["images"] == 2
    assert len(report["broken"]) == 1


@pytest.mark.parametrize("mode", ["resize", "pad", "slide", "vote"])
def test_every_mode_gives_ids_of_the_size_of_the_image(tmp_path, make_run, make_image, mode):
    size = (19, 30) if mode == "pad" else (50, 70)
    shown = make_image(tmp_path / "photo.png", size)
    assert predict(make_run(), tmp_path / "photo.png", tmp_path / "out", "--mode", mode) == 0
    ids, _ = read_indexed(tmp_path / "out" / "photo.png")
    if mode == "resize":
        assert ids.shape == size
    else:
        np.testing.assert_array_equal(ids, shown)


@pytest.mark.parametrize("size", [(3, 5), (24, 32), (50, 71)])
def test_model_with_smaller_logits_sees_any_image_in_tiles(tmp_path, make_run, make_image, size):
    shown = make_image(tmp_path / "photo.png", size)
    assert predict(make_run(margin=4), tmp_path / "photo.png", tmp_path / "out") == 0
    np.testing.assert_array_equal(read_indexed(tmp_path / "out" / "photo.png")[0], shown)


def test_input_size_builds_the_model_for_it(tmp_path, make_run, make_image):
    shown = make_image(tmp_path / "photo.png", (50, 70))
    flags = ("--input-size", 50, 70)  # nothing is scaled then, so every id is exact
    assert predict(make_run(), tmp_path / "photo.png", tmp_path / "out", *flags) == 0
    np.testing.assert_array_equal(read_indexed(tmp_path / "out" / "photo.png")[0], shown)


def test_image_too_large_to_pad_is_named(tmp_path, make_run, make_image, capsys):
    make_image(tmp_path / "photo.png", (50, 70))
    assert predict(make_run(), tmp_path / "photo.png", tmp_path / "out", "--mode", "pad") == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert "photo.png" in error
    assert "'slide'" in error


def test_geotiff_gives_a_geotiff_at_the_same_place(tmp_path, make_run, make_image):
    shown = make_image(tmp_path / "photo.png", (50, 70))
    scale, tiepoint, keys = (0.5, 0.5, 0.0), (0.0, 0.0, 0.0, 4e5, 5.7e6, 0.0), (1, 1, 0, 0)
    tags = [
        (33550, "d", 3, scale, True),
        (33922, "d", 6, tiepoint, True),
        (34735, "H", 4, keys, True),
        (42113, "s", 0, "0", True),
    ]
    with Image.open(tmp_path / "photo.png") as picture:
        tifffile.imwrite(
            tmp_path / "scene.tif", np.asarray(picture), photometric="rgb", extratags=tags
        )
    assert predict(make_run(), tmp_path / "scene.tif", tmp_path / "out", "--mode", "slide") == 0
    assert names_in(tmp_path / "out") == ["scene.tif", "scene_overlay.jpg"]
    with tifffile.TiffFile(tmp_path / "out" / "scene.tif") as result:
        found = result.pages[0].tags
        np.testing.assert_array_equal(result.asarray(), shown)
        assert found[33550].value == scale
        assert found[33922].value == tiepoint
        assert found[34735].value == keys
        assert found[42113].value == "0"


def test_exported_file_brings_its_own_colors(tmp_path, make_artifact, make_image, color_space):
    shown = make_image(tmp_path / "photo.png", (24, 32))
    assert predict(make_artifact(), tmp_path / "photo.png", tmp_path / "out") == 0
    ids, colors = read_indexed(tmp_path / "out" / "photo.png")
    np.testing.assert_array_equal(ids, shown)
    np.testing.assert_array_equal(colors, color_space.colorize(shown))


def test_keras_file_alone_gets_numbered_classes(tmp_path, make_run, make_image):
    shown = make_image(tmp_path / "photo.png", (24, 32))
    alone = (make_run() / "model.keras").rename(tmp_path / "alone.keras")
    report = tmp_path / "report.json"
    assert predict(alone, tmp_path / "photo.png", tmp_path / "out", "--json", report) == 0
    ids, colors = read_indexed(tmp_path / "out" / "photo.png")
    np.testing.assert_array_equal(ids, shown)
    assert colors[ids == 1][0].tolist() == [128, 0, 0]  # the palette of Pascal VOC
    assert colors[ids == 2][0].tolist() == [0, 128, 0]
    names = [row["name"] for row in json.loads(report.read_text())["per_class"]]
    assert names == ["class 0", "class 1", "class 2"]


def test_model_is_the_shipped_road_model_by_default():
    assert parse(["--input", "a.png", "--output", "out"]).model == ROAD_MODEL
    assert ROAD_MODEL.parts[-2:] == ("zoo", "deeplab_v3_plus_camvid")


@pytest.mark.parametrize(
    ("source", "output", "message"),
    [
        ("nothing.png", "out", "nothing.png: no such file"),
        ("empty", "out", "empty: holds no image"),
        ("images", "images", "holds the images themselves"),
        ("images/a.png", "images", "holds the images themselves"),
        ("twins", "out", "have one name"),
        ("notes.txt", "out", "notes.txt: cannot be decoded"),
    ],
)
def test_wrong_input_ends_with_2_and_one_line(
    tmp_path, make_run, make_image, capsys, source, output, message
):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no image")
    for name in ("images/a.png", "twins/b.png", "twins/b.bmp"):
        make_image(tmp_path / name, (24, 32))
    assert predict(make_run(), tmp_path / source, tmp_path / output) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert message in error


@pytest.mark.parametrize("flags", [("--mode", "slide"), ("--input-size", "48", "64")])
def test_exported_file_refuses_what_it_cannot_do(
    tmp_path, make_artifact, make_image, capsys, flags
):
    make_image(tmp_path / "photo.png", (24, 32))
    assert predict(make_artifact(), tmp_path / "photo.png", tmp_path / "out", *flags) == 2
    assert "model.fake: an exported file scales images to its 24x32" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_missing_model_is_named(tmp_path, make_image, capsys):
    make_image(tmp_path / "photo.png", (24, 32))
    assert predict(tmp_path / "run9", tmp_path / "photo.png", tmp_path / "out") == 2
    assert f"{tmp_path / 'run9'}: no such model" in capsys.readouterr().err


def test_model_and_settings_of_different_runs_are_refused(tmp_path, make_run, make_image, capsys):
    make_image(tmp_path / "photo.png", (24, 32))
    assert predict(make_run(2), tmp_path / "photo.png", tmp_path / "out") == 2
    assert "predicts 2 classes, but its config.json names 3" in capsys.readouterr().err
