"""Real engines decide as the .onnx files that they are built from; needs a GPU and TensorRT."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from tiny_models import describe

from deploy.export.onnx import PRECISIONS, export_onnx

BUILD = Path(__file__).parents[2] / "tools" / "build_engine.py"


@pytest.mark.gpu
@pytest.mark.parametrize("precision", PRECISIONS)
def test_real_engine_passes_the_gate(
    onnx_artifacts, trained_model, calibration, scenes, tmp_path, precision
):
    if importlib.util.find_spec("tensorrt") is None:
        pytest.skip("TensorRT is not installed, see requirements-tensorrt.txt")
    path = onnx_artifacts[precision]
    if precision == "int8":
        path = tmp_path / "int8.onnx"
        export_onnx(trained_model, path, describe(), "int8", calibration, target="tensorrt")
    (tmp_path / "images").mkdir()
    for index, image in enumerate(scenes[0]):
        Image.fromarray(image).save(tmp_path / "images" / f"{index}.png")
    program = [sys.executable, BUILD, "--onnx", path, "--reference", onnx_artifacts["float32"]]
    program += ["--images", tmp_path / "images", "--output", tmp_path / "m.engine"]
    result = subprocess.run(program, capture_output=True, text=True)  # without TensorFlow
    assert result.returncode == 0, result.stderr
