"""The refine command: scores before and after, parameters that are searched for, a picture."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from tools.refine import main


@pytest.fixture
def run(make_run, squares, make_image):
    """A run whose model is fooled by bright specks, and images of calm squares with specks."""
    (squares / "valannot").mkdir(parents=True)
    for index in range(3):
        path = squares / "val" / f"{index}.png"
        labels = make_image(path, (24, 32), seed=index)
        image = np.asarray(Image.open(path)).copy()
        image[5::9, 4::11] = image[5::9, 4::11][..., ::-1] // 2 + 60
        Image.fromarray(image).save(path)
        Image.fromarray(labels).save(squares / "valannot" / path.name)
    return make_run(model="color_model", dataset="squares", data_dir=str(squares))


def test_it_tells_the_scores_before_and_after(run, tmp_path, capsys):
    report = tmp_path / "report.json"
    arguments = ["--model", str(run), "--json", str(report), "--set", "bilateral_rgb=60.0"]
    picture = tmp_path / "refined.png"
    assert main([*arguments, "--picture", str(picture)]) == 0
    values = json.loads(report.read_text())
    assert values["crf"]["bilateral_rgb"] == 60.0
    assert 0 < values["before"]["mean_iou"] < 1
    assert values["after"]["mean_iou"] >= values["before"]["mean_iou"]
    assert {"mean_iou", "boundary_f1", "seconds"} == values["after"].keys()
    assert f"{100 * values['before']['mean_iou']:.2f} %" in capsys.readouterr().out
    assert cv2.imread(str(picture)) is not None


def test_the_search_keeps_the_best_and_scores_the_other_images(run, tmp_path, capsys):
    report = tmp_path / "report.json"
    arguments = ["--model", str(run), "--search", "1", "--json", str(report)]
    assert main([*arguments, "--set", "iterations=1"]) == 0
    output = capsys.readouterr()
    assert "2 images" in " ".join(output.out.split())  # the table breaks lines
    tried = [float(line.split(" %")[0]) for line in output.err.splitlines() if " % with " in line]
    assert len(tried) > 3
    assert json.loads(report.read_text())["crf"]["iterations"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "width=3"], "DenseCRF has no setting 'width'"),
        (["--search", "3"], "Leave some to score"),
        (["--set", "bilateral_xy=-1.0"], "bilateral_xy is -1.0"),
    ],
)
def test_wrong_input_is_told_in_one_line(run, capsys, arguments, words):
    assert main(["--model", str(run), *arguments]) == 2
    assert words in capsys.readouterr().err
