"""The benchmark command prints what it measured, and tells what is wrong in one line."""

import json

import numpy as np
import pytest
from PIL import Image

from deploy.runtimes import RUNTIMES
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
    assert "7 runs each after 5 to warm up" in printed
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
