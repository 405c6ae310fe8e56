"""The command that looks after data sets: exit codes, tables, pictures, and a spoiled copy."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from seg_keras.data.datasets import build_dataset
from seg_keras.data.datasets.roads import roads
from seg_keras.losses import enet_weights, median_frequency_weights
from tests.conftest import write_pairs
from tests.data import spoiling
from tools.dataset import main


@pytest.fixture
def camvid(tmp_path):
    """12 pairs to train on and 3 to validate on."""
    write_pairs(tmp_path / "CamVid", "train", 12, (48, 64), seed=1)
    write_pairs(tmp_path / "CamVid", "val", 3, (48, 64), seed=6)
    return tmp_path / "CamVid"


def run(command, folder, *arguments, dataset="camvid"):
    return main([command, "--dataset", dataset, "--data-dir", str(folder), *map(str, arguments)])


def test_a_clean_data_set_ends_with_0(camvid, capsys):
    assert run("doctor", camvid) == 0
    assert "camvid (train 12, val 3) without the split test is clean." in capsys.readouterr().out


def test_what_spoils_a_training_ends_with_2_is_counted_named_and_repaired(camvid, tmp_path, capsys):
    for spoil in (spoiling.label_in_colors, spoiling.black_and_white, spoiling.no_label):
        spoil(camvid)
    arguments = ("--fix", tmp_path / "fixed", "--json", tmp_path / "report.json")
    assert run("doctor", camvid, *arguments) == 2
    output = capsys.readouterr().out
    assert "would train wrongly: 3 findings" in output
    for name in ("002.png", "003.png", "005.png"):
        assert name in output
    report = json.loads((tmp_path / "report.json").read_text())
    assert sorted(report["findings"]) == ["color_mask", "mask_0_255", "no_label"]
    assert report["findings"]["color_mask"][0]["files"] == [str(camvid / "trainannot/002.png")]
    assert report["spoils_training"]
    assert report["repair"]["pairs"] == 14
    assert run("doctor", tmp_path / "fixed") == 0


def test_what_spoils_nothing_ends_with_0(camvid, capsys):
    spoiling.nearly_the_same_image(camvid)
    assert run("doctor", camvid) == 0
    assert "would train as meant: 1 finding." in capsys.readouterr().out


def test_many_files_are_counted_and_some_of_them_named(camvid, capsys):
    for path in list((camvid / "trainannot").iterdir())[:7]:
        path.unlink()
    assert run("doctor", camvid) == 2
    assert "and 4 more; --json names them" in capsys.readouterr().out


def test_stats_are_those_of_the_formulas(camvid, tmp_path, capsys):
    arguments = ("--chart", tmp_path / "chart.png", "--json", tmp_path / "stats.json")
    assert run("stats", camvid, *arguments) == 0
    report = json.loads((tmp_path / "stats.json").read_text())
    dataset = build_dataset("camvid", camvid)
    labels = [dataset.load(pair)[1] for pair in dataset.list_pairs("train")]
    pixels = np.array([sum((label == i).sum() for label in labels) for i in range(11)])
    holding = [[label for label in labels if (label == i).any()] for i in range(11)]
    images = np.array([len(some) for some in holding])
    whole = np.array([sum((label != 255).sum() for label in some) for some in holding])
    rows = report["per_class"]
    assert report["images"] == 12
    assert [row["pixels"] for row in rows] == pixels.tolist()
    np.testing.assert_allclose([row["pixel_share"] for row in rows], pixels / pixels.sum())
    np.testing.assert_allclose([row["image_share"] for row in rows], images / 12)
    balanced = median_frequency_weights(pixels, whole)
    np.testing.assert_allclose([row["median_frequency"] for row in rows], balanced)
    np.testing.assert_allclose([row["enet"] for row in rows], enet_weights(pixels))
    assert "Bicyclist" in capsys.readouterr().out
    assert spoiling.read(tmp_path / "chart.png").shape[1] > 600


def test_a_page_shows_images_labels_and_legend(camvid, tmp_path):
    page = tmp_path / "page.jpg"
    assert run("show", camvid, "--output", page, "--count", 3, "--split", "val") == 0
    height, width, _ = spoiling.read(page).shape
    assert width == 1600
    assert height > 2 * 48 / 64 * 390
    assert run("show", camvid, "--output", page, "--count", 1) == 0
    assert len(spoiling.read(page)) != height


@pytest.mark.parametrize(("name", "form"), [("page.jpg", "JPEG"), ("page.png", "PNG")])
def test_a_page_has_the_format_of_its_name(camvid, tmp_path, name, form):
    assert run("show", camvid, "--output", tmp_path / name, "--count", 1) == 0
    with Image.open(tmp_path / name) as page:
        assert page.format == form


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("doctor", ("--data-dir", "none"), "train: no such folder"),
        ("stats", ("--split", "all"), "no split 'all'"),
        ("show", ("--output", "page.jpg", "--count", "0"), "--count is 0. Give 1 or more"),
        (
            "doctor",
            ("--fix", "CAMVID"),
            "lies in the data set itself. Give --fix a",
        ),
        ("show", ("--output", "CAMVID"), "is a folder. Give the name of a file in it"),
    ],
)
def test_wrong_input_ends_with_2_and_one_line(command, arguments, message, camvid, capsys):
    arguments = [str(camvid) if word == "CAMVID" else word for word in arguments]
    assert run(command, camvid, *arguments) == 2
    told = capsys.readouterr()
    assert not told.out  # refused before anything is read
    errors = [line for line in told.err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert message in errors[0]


@pytest.mark.slow
def test_drawn_scenes_are_clean_and_every_way_of_spoiling_them_is_found(tmp_path):
    drawn = roads(tmp_path / "roads", {"train": 20, "val": 5}, (120, 160))
    clean, spoiled, fixed = (tmp_path / name for name in ("clean", "spoiled", "fixed"))
    for split in drawn.splits:
        for index, pair in enumerate(drawn.list_pairs(split)):
            for part, path in zip((split, f"{split}annot"), pair, strict=True):
                (clean / part).mkdir(parents=True, exist_ok=True)
                shutil.copy(path, clean / part / f"{index:03d}.png")
    report = tmp_path / "report.json"
    run("doctor", clean, "--json", report)
    before = {kind: len(f) for kind, f in json.loads(report.read_text())["findings"].items()}
    assert set(before) <= {"near", "class_never", "class_not_trained"}

    shutil.copytree(clean, spoiled)
    expected = dict(before)
    for spoil in spoiling.TOGETHER:
        spoil(spoiled)
        for kind, count in spoiling.DEFECTS[spoil].items():
            expected[kind] = expected.get(kind, 0) + count
    assert run("doctor", spoiled, "--fix", fixed, "--json", report) == 2
    found = {kind: len(f) for kind, f in json.loads(report.read_text())["findings"].items()}
    assert found == expected
    run("doctor", fixed, "--json", report)
    assert set(json.loads(report.read_text())["findings"]) <= {"near", "class_never"}
