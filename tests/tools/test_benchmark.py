"""The benchmark command prints what it measured, and tells what is wrong in one line."""

import json

import numpy as np
import pytest
from PIL import Image

from deploy.runtimes import RUNTIMES
from seg_keras.models import MODELS
from tools import benchmark_models
from tools.benchmark import main


def test_missing_artifact_is_told_in_one_line(tmp_path, capsys):
    assert main(["--model", str(tmp_path / "none.tflite")]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert "none.tflite: no such file" in error


@pytest.fixture
def measured(monkeypatch):
    """Replaces the measurement; gives what it was asked for."""
    asked = []

    def measure(paths, *arguments):
        asked.append(arguments)
        figures = {"median_ms": 20.0, "p95_ms": 25.0, "p99_ms": 26.0, "frames_per_second": 50.0}
        stages = {"resize": 1.0, "infer": 20.0, "color": 2.0}
        rest = {"ratio": 1.0, "load_ms": 30.0, "memory_mb": None, "warm_up_runs": 5, "runs": 7}
        return [{"model": str(path), "stages_ms": stages, **figures, **rest} for path in paths]

    monkeypatch.setattr("tools.benchmark.benchmark", measure)
    monkeypatch.setenv("COLUMNS", "160")
    return asked


def test_every_artifact_gets_a_row_and_the_json_the_same(measured, tmp_path, capsys):
    report = tmp_path / "report.json"
    flags = ["--threads", "2", "--runs", "7", "--frame-size", "40", "60", "--json", str(report)]
    assert main(["--model", "a.tflite", "b.tflite", *flags]) == 0
    assert measured == [(2, 7, (40, 60))]
    printed = capsys.readouterr().out
    assert "7 runs after 5 to warm up" in printed
    assert "a.tflite" in printed
    assert "b.tflite" in printed
    assert "50.0" in printed
    models = json.loads(report.read_text())["models"]
    assert [model["model"] for model in models] == ["a.tflite", "b.tflite"]


def test_chart_is_a_picture(measured, tmp_path):
    chart = tmp_path / "new" / "chart.png"
    assert main(["--model", "a.tflite", "b.tflite", "--chart", str(chart)]) == 0
    with Image.open(chart) as image:
        assert image.format == "PNG"
    assert [*chart.parent.iterdir()] == [chart]


def test_operators_are_listed_with_their_shares(measured, monkeypatch, tmp_path, capsys):
    def row(kind, ms):
        return {"kind": kind, "size": (12, 16, 8), "median_ms": ms}

    times = [row("CONV_2D", 2.0), row("CONV_2D", 4.0), row("ARG_MAX", 2.0)]
    monkeypatch.setattr("tools.benchmark_operators.time_operators", lambda *_: (times, 9.0))
    report = tmp_path / "report.json"
    assert main(["--model", "a.tflite", "--operators", "--json", str(report)]) == 0
    printed = capsys.readouterr().out
    assert "each alone: 8.0 ms. The graph as a whole: 9.0 ms." in printed
    assert [cell for cell in printed.split() if cell.endswith("%")] == ["75%", "25%"]
    (model,) = json.loads(report.read_text())["models"]
    convolutions = {"kind": "CONV_2D", "size": [12, 16], "count": 2, "sum_ms": 6.0}
    assert model["operators"][0] == convolutions


def test_operators_of_other_formats_are_told_in_one_line(measured, capsys):
    assert main(["--model", "a.onnx", "--operators"]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: a.onnx: operators are timed in .tflite files")


class TintedRuntime:
    """Names the brightest channel, but no class below the one that its description tells."""

    input_size = (24, 32)

    def __init__(self, path, threads=None):
        self.description = json.loads(path.read_text())

    def run(self, image):
        classes = image.argmax(axis=-1).astype("uint8")
        return np.maximum(classes, self.description["at_least"]).astype("uint8")

    def close(self):
        pass


@pytest.mark.parametrize(("at_least", "code"), [(0, 0), (1, 3)])
def test_decisions_are_compared_with_another_artifact(
    measured, tmp_path, monkeypatch, make_image, at_least, code
):
    monkeypatch.setitem(RUNTIMES, ".fake", TintedRuntime)
    quantization = {"precision": "int8"}
    for name, lowest in (("a", at_least), ("b", 0)):
        described = {"classes": ["red", "green", "blue"], "at_least": lowest}
        text = json.dumps(described | {"quantization": quantization})
        (tmp_path / f"{name}.fake").write_text(text)
    make_image(tmp_path / "images" / "0.png", (24, 32))
    report = tmp_path / "report.json"
    flags = ["--against", "b.fake", "--images", "images", "--json", str(report)]
    monkeypatch.chdir(tmp_path)
    assert main(["--model", "a.fake", *flags]) == code
    (model,) = json.loads(report.read_text())["models"]
    assert model["parity"]["passed"] is (code == 0)
    assert model["parity"]["images"] == 1


@pytest.fixture
def few_models(monkeypatch):
    """Lets only two models be registered, one of which some papers report."""
    few = {name: MODELS[name] for name in ("lraspp", "fasterseg")}
    monkeypatch.setattr("tools.benchmark_models.MODELS", few)
    monkeypatch.setenv("COLUMNS", "160")


def test_models_are_listed_with_their_costs_and_what_their_papers_report(
    few_models, tmp_path, capsys
):
    report = tmp_path / "report.json"
    assert main(["--macs", "--input-size", "1024", "2048", "--json", str(report)]) == 0
    fast, lraspp = json.loads(report.read_text())["models"]
    assert (fast["weights"], lraspp["weights"]) == (3_421_875, 468_830)
    assert fast["macs"] / 1e9 == pytest.approx(27.77, rel=0.01)
    assert fast["published"][0]["mean_iou"] == 71.5
    assert lraspp["published"] == []
    row = next(line for line in capsys.readouterr().out.splitlines() if "fasterseg" in line)
    assert [*filter(None, (cell.strip() for cell in row.split("│")))] == [
        "fasterseg", "3.422", "27.77", "-", "FasterSeg 2019", "71.5", "163.9",
    ]  # fmt: skip


def test_a_model_that_takes_no_such_size_is_named_and_the_others_are_counted(
    few_models, monkeypatch, caplog
):
    def picky(num_classes, input_shape):
        raise ValueError("picky takes 64x64. Resize the images.")

    monkeypatch.setitem(MODELS, "fasterseg", picky)
    refused, lraspp = benchmark_models.measure_models((64, 64), None)
    assert refused["macs"] is None
    assert lraspp["macs"] > 0
    assert "fasterseg at 64x64: picky takes 64x64. Resize the images." in caplog.text


def test_every_published_row_is_of_a_registered_model():
    assert len(benchmark_models.PUBLISHED) == 13
    assert {row.model for row in benchmark_models.PUBLISHED} <= set(MODELS)


@pytest.mark.slow
def test_models_are_timed():
    costs = benchmark_models.measure("lraspp", {}, (64, 64), 2)
    assert costs["median_ms"] > 0


def test_artifacts_or_models_are_asked_for_not_both(capsys):
    with pytest.raises(SystemExit):
        main(["--macs", "--model", "a.tflite"])
    assert "not allowed with argument" in capsys.readouterr().err
