"""The evaluate command: known scores on a known data set, and one line for what is wrong."""

import json
import time

import numpy as np
import pytest
from PIL import Image

from seg_keras.data.datasets import DATASETS, Dataset
from seg_keras.data.files import read_image
from seg_keras.data.labels import LabelSpace
from tools.evaluate import main, score
from tools.predictors import OpenModel

KEYS = {
    *("mean_iou", "pixel_accuracy", "mean_pixel_accuracy", "frequency_weighted_iou", "mean_dice"),
    *("per_class", "convention", "images", "seconds"),
}


def mean_iou(pairs):
    labels, shown = (np.concatenate([pair[i].ravel() for pair in pairs]) for i in range(2))
    shown, labels = shown[labels != 255], labels[labels != 255]
    hits = [((labels == c) & (shown == c)).sum() for c in range(3)]
    unions = [((labels == c) | (shown == c)).sum() for c in range(3)]
    return np.mean(np.divide(hits, unions))


def evaluate(model, *flags):
    """Runs the command and gives its exit code."""
    return main([str(arg) for arg in ("--model", model, *flags)])


def test_run_is_scored_on_its_own_data_set_at_the_size_of_the_labels(
    tmp_path, make_run, squares, wrong_labels, capsys
):
    run = make_run(dataset="squares", data_dir=str(squares))  # built for 24x32, images are 48x64
    assert evaluate(run, "--json", tmp_path / "report.json") == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert set(report) >= KEYS
    assert report["mean_iou"] == pytest.approx(mean_iou(wrong_labels))
    assert report["images"] == 3
    assert [row["name"] for row in report["per_class"]] == ["red", "green", "blue"]
    assert sum(row["pixels"] for row in report["per_class"]) == 3 * (48 - 5) * 64
    assert report["convention"]["absent_classes"].startswith("skip")
    assert report["convention"]["ignored_label"] == 255
    assert "48x64" in report["convention"]["resolution"]
    printed = capsys.readouterr().out
    assert f"{100 * report['mean_iou']:.2f}" in printed
    assert "absent classes: skip" in printed
    assert "ignored label: 255" in printed


@pytest.mark.parametrize(
    ("convention", "expected"),
    [("cityscapes", 1.0), ("voc", None), ("segnet", 2 / 3), ("strict", None)],
)
def test_convention_decides_what_an_absent_class_does(
    tmp_path, make_run, squares, capsys, convention, expected
):
    shown = np.zeros((48, 64), "uint8")
    shown[10:20] = 2  # no green
    (squares / "valannot").mkdir(parents=True)
    (squares / "val").mkdir()
    Image.fromarray(shown).save(squares / "valannot" / "a.png")
    colors = np.array([[200, 0, 0], [0, 200, 0], [0, 0, 200]], "uint8")
    Image.fromarray(colors[shown]).save(squares / "val" / "a.png")
    run = make_run(dataset="squares", data_dir=str(squares))
    flags = ("--convention", convention, "--json", tmp_path / "report.json")
    code = evaluate(run, *flags)
    captured = capsys.readouterr()
    if convention == "strict":
        assert code == 2
        assert "Class 1 is neither labelled nor predicted" in captured.err
        return
    assert code == 0
    report = json.loads((tmp_path / "report.json").read_text(), parse_constant=pytest.fail)
    assert report["mean_iou"] == pytest.approx(expected)
    assert report["convention"]["name"] == convention
    assert f"name: {convention}" in captured.out


@pytest.mark.parametrize(
    ("margin", "flags", "mode"), [(0, ("--mode", "slide"), "slide"), (4, (), "tile")]
)
def test_images_of_another_size_are_scored_at_their_own(
    tmp_path, make_run, make_image, squares, wrong_labels, margin, flags, mode
):
    shown = make_image(squares / "val" / "d.png", (30, 50))
    Image.fromarray(shown).save(squares / "valannot" / "d.png")
    run = make_run(margin=margin, dataset="squares", data_dir=str(squares))
    assert evaluate(run, *flags, "--json", tmp_path / "report.json") == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["mean_iou"] == pytest.approx(mean_iou([*wrong_labels, (shown, shown)]))
    assert f"mode {mode}" in report["convention"]["resolution"]


def test_limit_scores_the_first_images(tmp_path, make_run, squares, wrong_labels):
    run = make_run(dataset="squares", data_dir=str(squares))
    assert evaluate(run, "--limit", 2, "--json", tmp_path / "report.json") == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["images"] == 2
    assert report["mean_iou"] == pytest.approx(mean_iou(wrong_labels[:2]))


def test_keras_file_alone_takes_the_data_set_of_the_flags(
    tmp_path, make_run, squares, wrong_labels
):
    alone = (make_run() / "model.keras").rename(tmp_path / "alone.keras")
    flags = ("--dataset", "squares", "--data-dir", squares, "--json", tmp_path / "report.json")
    assert evaluate(alone, *flags) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["mean_iou"] == pytest.approx(mean_iou(wrong_labels))


def test_smaller_input_size_is_told_in_the_convention(tmp_path, make_run, squares, wrong_labels):
    run = make_run(dataset="squares", data_dir=str(squares))
    flags = ("--input-size", 10, 13, "--json", tmp_path / "report.json")
    assert evaluate(run, *flags) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert "10x13" in report["convention"]["resolution"]
    assert report["mean_iou"] < mean_iou(wrong_labels)  # squares of 4 pixels do not survive
    assert sum(row["pixels"] for row in report["per_class"]) == 3 * (48 - 5) * 64


def test_run_that_was_trained_for_one_size_is_scored_at_it(
    tmp_path, make_run, squares, wrong_labels
):
    run = make_run(dataset="squares", data_dir=str(squares), input_size=[24, 32])
    assert evaluate(run, "--json", tmp_path / "report.json") == 0
    resolution = json.loads((tmp_path / "report.json").read_text())["convention"]["resolution"]
    assert "saw 24x32 pixels" in resolution  # of images of 48x64


def test_exported_file_is_scored_at_the_size_of_the_labels(
    tmp_path, make_artifact, squares, wrong_labels
):
    flags = ("--dataset", "squares", "--data-dir", squares, "--json", tmp_path / "report.json")
    assert evaluate(make_artifact(), *flags) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert "24x32" in report["convention"]["resolution"]
    assert sum(row["pixels"] for row in report["per_class"]) == 3 * (48 - 5) * 64


def test_sigmoid_is_scored_as_two_classes(
    tmp_path, make_run, make_image, monkeypatch, squares, wrong_labels
):
    """The one logit of the model is red, above 0 for class 0 of the images."""
    space = LabelSpace(("other", "red"), ((0, 0, 0), (200, 0, 0)))

    def read(pair):
        image, labels = (np.asarray(Image.open(path)) for path in pair)
        return image, np.where(labels == 255, 255, labels == 0).astype("uint8")

    pairs = DATASETS["squares"](squares).list_pairs
    binary = Dataset("squares", space, ("val",), pairs, read)
    monkeypatch.setitem(DATASETS, "squares", lambda data_dir: binary)
    run = make_run(1, classes=space.names, colors=space.colors)
    flags = ("--dataset", "squares", "--data-dir", squares, "--json", tmp_path / "report.json")
    assert evaluate(run, *flags) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    red = [
        (np.where(labels == 255, 255, labels == 0), shown == 0) for labels, shown in wrong_labels
    ]
    hits = sum(((labels == 1) & shown).sum() for labels, shown in red)
    union = sum(((labels == 1) | shown)[labels != 255].sum() for labels, shown in red)
    assert report["per_class"][1]["iou"] == pytest.approx(hits / union)


@pytest.mark.parametrize(
    ("flags", "messages"),
    [
        (["--data-dir", "nowhere"], ["nowhere", "no such folder"]),
        (["--split", "other"], ["other", "no such folder"]),
        (["--split", "test"], ["squares has no split 'test'", "val, other"]),
        (["--dataset", "cubes"], ["Unknown data set 'cubes'"]),
        (["--limit", "0"], ["--limit is 0"]),
        (["--mode", "pad", "--input-size", "24", "32"], ["48x64", "'slide'"]),
    ],
)
def test_wrong_flags_end_with_2_and_one_line(
    tmp_path, make_run, squares, wrong_labels, capsys, flags, messages
):
    run = make_run(dataset="squares", data_dir=str(squares))
    assert evaluate(run, *flags, "--json", tmp_path / "report.json") == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    for message in messages:
        assert message in error
    assert not (tmp_path / "report.json").exists()


def test_empty_split_is_named(make_run, squares, capsys):
    (squares / "val").mkdir(parents=True)
    (squares / "valannot").mkdir()
    assert evaluate(make_run(dataset="squares", data_dir=str(squares))) == 2
    assert "the split is empty" in capsys.readouterr().err


def test_model_that_tells_no_data_set_needs_the_flags(make_run, capsys):
    assert evaluate(make_run()) == 2
    assert "Give --dataset and --data-dir" in capsys.readouterr().err


def test_missing_model_is_named(tmp_path, capsys):
    assert evaluate(tmp_path / "run9") == 2
    assert f"{tmp_path / 'run9'}: no such model" in capsys.readouterr().err


def test_run_of_another_class_count_is_refused(make_run, squares, wrong_labels, capsys):
    run = make_run(2, classes=["red", "green"], colors=[[9, 0, 0], [0, 9, 0]])
    assert evaluate(run, "--dataset", "squares", "--data-dir", squares) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert "predicts 2 classes (red, green), but squares has 3 (red, green, blue)" in error


def test_keras_file_of_another_class_count_is_refused(
    tmp_path, make_run, squares, wrong_labels, capsys
):
    alone = (make_run(2) / "model.keras").rename(tmp_path / "alone.keras")
    assert evaluate(alone, "--dataset", "squares", "--data-dir", squares) == 2
    assert "predicts 2 classes" in capsys.readouterr().err


def test_exported_file_of_other_class_names_is_refused(
    make_artifact, squares, wrong_labels, capsys
):
    artifact = make_artifact(("red", "blue", "green"))  # as many, but in another order
    assert evaluate(artifact, "--dataset", "squares", "--data-dir", squares) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert "(red, blue, green)" in error
    assert "(red, green, blue)" in error


@pytest.mark.slow  # for its clock: it needs a core that is not taken
def test_evaluating_is_under_5_percent_slower_than_predicting(squares, make_image, color_space):
    (squares / "valannot").mkdir(parents=True)
    for index in range(20):
        labels = make_image(squares / "val" / f"{index:02}.png", (360, 480), seed=index)
        Image.fromarray(labels).save(squares / "valannot" / f"{index:02}.png")
    dataset = DATASETS["squares"](squares)
    pairs = dataset.list_pairs("val")

    def predict(image):
        time.sleep(0.02)  # a fast model
        return image.argmax(axis=-1).astype("uint8")

    start = time.perf_counter()
    for image_file, _ in pairs:
        predict(read_image(image_file))
    alone = time.perf_counter() - start
    report = score(OpenModel(predict, 3, (360, 480), "resize", color_space), dataset, pairs)
    assert report["mean_iou"] == 1
    assert report["seconds"] < 1.05 * alone
