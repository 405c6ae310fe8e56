"""The export command leaves a proved artifact, or none; what is wrong is told in one line."""

import json
import re

import keras
import numpy as np
import pytest
import tifffile
from PIL import Image

from deploy.export.formats import EXPORTERS
from deploy.export.tflite import export_tflite
from deploy.runtimes import load_runtime
from deploy.runtimes.artifact import read_description
from tools.export import main
from tools.export_inputs import CALIBRATION_IMAGES, choose_calibration


@pytest.fixture
def squares(squares, make_image):
    """The data set `squares` with two splits, labelled as the color model decides."""
    for split, count in (("train", 4), ("val", 3)):
        (squares / f"{split}annot").mkdir(parents=True)
        for index in range(count):
            name = f"{split}{index}.png"
            labels = make_image(squares / split / name, (48, 64), seed=index)
            Image.fromarray(labels).save(squares / f"{split}annot" / name)
    return squares


@pytest.fixture
def run(make_run, squares):
    return make_run(model="color_model", dataset="squares", data_dir=str(squares))


def export(*flags):
    """Runs the command and gives its exit code."""
    return main([str(flag) for flag in flags])


def errors(capsys):
    """The last line on standard error."""
    return capsys.readouterr().err.splitlines()[-1]


# What the printed table and the verdict in the file hold; logits are compared where there are any.
FIGURES = (
    *("images", "labelled_images", "agreement", "min_agreement", "worst_image", "worst_agreement"),
    *("reference_mean_iou", "artifact_mean_iou", "lost_points", "max_lost_points"),
    *(f"lost_points_per_class: {name}" for name in ("red", "green", "blue")),
    "lost_boundary_points",
)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_artifact_is_proved_on_the_data_set_of_the_run(run, squares, tmp_path, capsys, precision):
    output, report = tmp_path / "new" / "squares.tflite", tmp_path / "report.json"
    flags = ("--precision", precision, "--output", output, "--json", report)
    assert export("--model", run, *flags) == 0
    description = read_description(output)
    assert description["model"] == "color_model"
    assert description["classes"] == ["red", "green", "blue"]
    assert description["palette"] == [[200, 0, 0], [0, 200, 0], [0, 0, 200]]
    assert len(description["source_model_sha256"]) == 64
    verdict = description["parity"]
    assert verdict["passed"]
    assert (verdict["images"], verdict["labelled_images"]) == (3, 3)
    assert verdict["artifact_mean_iou"] == pytest.approx(1)
    assert verdict["lost_boundary_points"] == pytest.approx(0)
    printed = json.loads(report.read_text())
    assert printed["parity"] == verdict
    assert printed["artifact"] == str(output)
    assert printed["operators"]["ARG_MAX"] == 1
    table = capsys.readouterr().out
    for figure in FIGURES:
        assert f" {figure} " in table
    assert [*output.parent.iterdir()] == [output]
    if precision == "int8":
        calibration = description["quantization"]["calibration"]
        assert sorted(calibration["files"]) == [f"train{index}.png" for index in range(4)]
        assert (calibration["images"], calibration["seed"]) == (4, 0)
        assert calibration["added"] == ["black", "white"]


def test_onnx_file_is_made_and_proved(run, tmp_path):
    output = tmp_path / "m.onnx"
    flags = ("--format", "onnx", "--precision", "int8", "--target", "tensorrt")
    assert export("--model", run, *flags, "--output", output) == 0
    description = read_description(output)
    assert description["parity"]["passed"]
    assert description["quantization"]["target"] == "tensorrt"
    assert len(description["quantization"]["calibration"]["files"]) == 4
    image = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    assert load_runtime(output)(image).shape == (24, 32)


def test_audit_exports_nothing_and_takes_models_and_files(run, tmp_path, capsys):
    report = tmp_path / "report.json"
    assert export("--model", run, "--audit", "--json", report) == 0
    assert json.loads(report.read_text())["findings"] == []
    assert not list(run.glob("*.tflite"))
    assert export("--model", run, "--output", tmp_path / "m.tflite") == 0
    capsys.readouterr()
    assert export("--model", tmp_path / "m.tflite", "--audit", "--json", report) == 0
    assert "ARG_MAX" in capsys.readouterr().out
    assert "ARG_MAX" in json.loads(report.read_text())["outside_xnnpack"]
    (tmp_path / "cut.tflite").write_bytes((tmp_path / "m.tflite").read_bytes()[:200])
    assert export("--model", tmp_path / "cut.tflite", "--audit") == 2
    assert "no .tflite file, or cut off" in errors(capsys)


def test_audit_tells_what_int8_costs_each_operator(run, tmp_path, capsys):
    report = tmp_path / "report.json"
    assert export("--model", run, "--audit", "--precision", "int8", "--json", report) == 0
    costs = json.loads(report.read_text())["int8_costs"]
    assert {row["kind"] for row in costs} == {"STRIDED_SLICE"}
    assert costs[0]["disagreement"] < 0.01
    assert "pixels that int8 changes" in capsys.readouterr().out


def test_file_that_is_there_is_only_replaced_on_request(run, tmp_path, capsys):
    output = tmp_path / "m.tflite"
    output.write_text("precious")
    assert export("--model", run, "--output", output) == 2
    assert "m.tflite exists. Give another --output, or --force" in errors(capsys)
    assert output.read_text() == "precious"
    assert export("--model", run, "--output", output, "--force") == 0
    assert read_description(output)["parity"]["passed"]


def test_folders_of_images_replace_the_data_set(make_run, make_image, tmp_path):
    run = make_run(model="color_model", dataset="squares")  # which is nowhere
    for index in range(2):
        make_image(tmp_path / "images" / f"{index}.png", (31, 47), seed=index)
    for name, mode in (("grey", "L"), ("clear", "RGBA")):  # they become RGB
        Image.new(mode, (47, 31)).save(tmp_path / "images" / f"{name}.png")
    flags = ("--calibration", tmp_path / "images", "--parity", tmp_path / "images")
    assert export("--model", run / "model.keras", "--precision", "int8", *flags) == 0
    verdict = read_description(run / "model_int8.tflite")["parity"]  # the default name
    assert verdict["images"] == 4
    assert verdict["labelled_images"] == 0


def test_input_size_and_output_kind_are_obeyed(run, tmp_path, capsys):
    output = tmp_path / "m.tflite"
    flags = ("--input-size", 40, 56, "--output-kind", "logits")
    assert export("--model", run, *flags, "--output", output) == 0
    runtime = load_runtime(output)
    assert runtime.run(np.zeros((1, 40, 56, 3), "uint8")).shape == (1, 40, 56, 3)
    assert runtime.description["output_kind"] == "logits"
    assert runtime.description["parity"]["max_logits_error"] == 0
    table = capsys.readouterr().out
    assert " mean_logits_error " in table
    assert " max_logits_error " in table


def export_swapped(model, *arguments):
    """An exporter with a fault: red and blue change places."""
    logits = keras.layers.Rescaling(1.0)(model.output["logits"][..., ::-1])
    export_tflite(keras.Model(model.input, {"logits": logits}), *arguments)


def test_refused_artifact_leaves_no_file_and_exit_code_3(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(EXPORTERS, "tflite", export_swapped)
    output, report = tmp_path / "new" / "m.tflite", tmp_path / "report.json"
    assert export("--model", run, "--output", output, "--json", report) == 3
    assert [*output.parent.iterdir()] == []
    assert "refused" in capsys.readouterr().out
    printed = json.loads(report.read_text())
    assert printed["artifact"] is None
    assert not printed["parity"]["passed"]


@pytest.mark.slow
def test_refused_artifact_spares_an_older_good_one(run, monkeypatch):
    assert export("--model", run) == 0
    good = (run / "model_float32.tflite").read_bytes()
    monkeypatch.setitem(EXPORTERS, "tflite", export_swapped)
    assert export("--model", run, "--force") == 3
    assert (run / "model_float32.tflite").read_bytes() == good


@pytest.mark.parametrize("fault", ["no image", "five channels"])
def test_broken_check_image_leaves_no_file(make_run, make_image, tmp_path, capsys, fault):
    run = make_run(model="color_model", dataset="squares")
    make_image(tmp_path / "images" / "0.png", (31, 47))
    broken = tmp_path / "images" / "broken.tif"
    if fault == "no image":
        broken.write_bytes(b"no image")
    else:
        tifffile.imwrite(broken, np.zeros((31, 47, 5), "uint8"), planarconfig="contig")
    output = tmp_path / "new" / "m.tflite"
    assert export("--model", run, "--parity", broken.parent, "--output", output) == 2
    assert re.search(r"broken\.tif: cannot be decoded.*Replace the file", errors(capsys))
    assert [*output.parent.iterdir()] == []


def test_calibration_images_are_a_seeded_sample():
    images = [(f"{index}.png", None) for index in range(CALIBRATION_IMAGES + 50)]
    chosen, notes = choose_calibration(images)
    assert len(chosen) == CALIBRATION_IMAGES
    assert chosen == choose_calibration(images)[0]
    assert chosen != images[:CALIBRATION_IMAGES]
    assert notes == {"images": 100, "seed": 0, "files": [name for name, _ in chosen]}


BAD_USES = {
    "no such run": (["--model", "nowhere"], "nowhere: no such file"),
    "another suffix": (["--output", "model.bin"], "must end in .tflite"),
    "empty folder": (["--parity", "."], "no images in this folder"),
    "no calibrating images": (
        ["--precision", "int8", "--calibration", "."],
        "no images in this folder. Put PNG or JPEG",
    ),
    "another place": (
        ["--data-dir", "nowhere"],
        "not at hand.*nowhere.*--calibration and --parity",
    ),
    "precision of another format": (
        ["--format", "onnx", "--precision", "dynamic"],
        "No precision dynamic in onnx. Choose one of: float32, float16, int8",
    ),
    "flag of another format": (
        ["--dynamic-batch"],
        "--dynamic-batch is for --format onnx, not tflite",
    ),
    "no TensorRT": (
        ["--format", "tensorrt"],
        "TensorRT is not installed here.*tools/build_engine.py where it is",
    ),
    "calibration of float": (
        ["--calibration", "squares/train"],
        "--calibration is for --precision int8 or int16, not float32",
    ),
}


@pytest.mark.parametrize("case", BAD_USES)
def test_bad_use_is_told_in_one_line(run, tmp_path, monkeypatch, capsys, case):
    flags, message = BAD_USES[case]
    monkeypatch.chdir(tmp_path)
    assert export("--model", run, *flags) == 2
    assert re.search(f"error: .*{message}", errors(capsys))
    assert not list(tmp_path.rglob("*.tflite"))


def test_keras_file_without_its_run_is_told(run, capsys):
    (run / "config.json").unlink()
    assert export("--model", run / "model.keras") == 2
    assert re.search("no config.json beside it.*Give the run folder", errors(capsys))


def test_data_set_of_other_classes_is_told(make_run, squares, capsys):
    names = ["red", "green", "purple"]
    run = make_run(model="color_model", dataset="squares", data_dir=str(squares), classes=names)
    assert export("--model", run) == 2
    assert re.search("squares has the classes red, green, blue.*purple", errors(capsys))


def test_unknown_format_lists_the_known_ones(run, capsys):
    with pytest.raises(SystemExit, match="2"):
        export("--model", run, "--format", "coreml")
    assert re.search("invalid choice: 'coreml'.*'tflite'", errors(capsys))


# bytes that there are room for: almost none, or some of what is written in passing
@pytest.mark.parametrize("count", [100, 1500])
@pytest.mark.parametrize(
    ("format", "precision"),
    [("onnx", "float32"), ("onnx", "float16"), ("onnx", "int8"), ("tflite", "float32")],
)
def test_a_full_disk_is_told_and_leaves_no_file(
    run, tmp_path, capsys, full_at, format, precision, count
):
    output = tmp_path / "new" / f"m.{format}"
    flags = ("--format", format, "--precision", precision, "--output", output)
    with full_at(count):
        assert export("--model", run, *flags) == 2
    assert re.search("error: .*too large.*Make room", errors(capsys))
    assert not output.parent.exists() or not [*output.parent.iterdir()]
