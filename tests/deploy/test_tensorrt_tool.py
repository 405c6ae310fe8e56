"""`tools/build_engine.py` on the fake of TensorRT: a proved engine, or no file and the reason."""

import json
import shlex
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from tiny_models import SIZE, describe

from deploy.export.onnx import export_onnx
from deploy.runtimes import load_runtime
from deploy.runtimes.artifact import read_description, write_description
from tools.build_engine import main


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with road.onnx, which decides by the brightest channel as the fake engine does,
    and other.onnx, which decides by the darkest.
    """
    folder = tmp_path_factory.mktemp("models")
    for name, sign in (("road", 1.0), ("other", -1.0)):
        images = keras.Input((*SIZE, 3))
        model = keras.Model(images, {"logits": keras.layers.Rescaling(sign)(images)})
        export_onnx(model, folder / f"{name}.onnx", describe(3))
    return folder


@pytest.fixture
def build(models, install, tmp_path):
    """Runs the command on road.onnx; gives its exit code."""
    onnx = Path(shutil.copy(models / "road.onnx", tmp_path))
    (tmp_path / "road_images").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (2, *SIZE, 3), dtype=np.uint8)
    for index, image in enumerate(pixels):
        Image.fromarray(image).save(tmp_path / "road_images" / f"{index}.png")
    install()

    def run(*flags, reference=onnx):
        images = ("--images", tmp_path / "road_images")
        words = ("--onnx", onnx, "--reference", reference, *images, *flags)
        return main([str(word) for word in words])

    return run


def test_engine_is_proved_and_built_again_for_another_machine(build, tmp_path, capsys):
    report = tmp_path / "report.json"
    assert build("--json", report) == 0
    path = tmp_path / "road.engine"
    verdict = read_description(path)["parity"]
    assert (verdict["agreement"], verdict["images"], verdict["passed"]) == (1.0, 2, True)
    assert json.loads(report.read_text()) == {"artifact": str(path), "parity": verdict}
    assert "worst_image" in capsys.readouterr().out

    description = read_description(path)
    description["engine"]["compute_capability"] = "7.2"
    write_description(path, description)
    with pytest.raises(ValueError, match="Build it again: ") as caught:
        load_runtime(path)
    command = shlex.split(str(caught.value).partition("Build it again: ")[2])
    assert main(command[2:]) == 0
    load_runtime(path)


def test_engine_that_decides_otherwise_leaves_no_file_and_exit_code_3(
    build, models, tmp_path, capsys
):
    assert build(reference=models / "other.onnx") == 3
    assert not [*tmp_path.glob("*.engine")]
    assert "refused" in capsys.readouterr().out


def test_engine_that_is_there_is_only_replaced_on_request(build, tmp_path, capsys):
    path = tmp_path / "road.engine"
    path.write_text("precious")
    assert build() == 2
    assert "road.engine exists. Give another --output, or --force" in capsys.readouterr().err
    assert path.read_text() == "precious"
    assert build("--force") == 0


@pytest.mark.parametrize("cached", [False, True])
def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    build, tmp_path, capsys, full_at, cached
):
    cache = tmp_path / "cache"
    cache.write_bytes(b"old,")
    before = sorted(tmp_path.iterdir())
    with full_at(5):
        assert build(*(["--timing-cache", cache] if cached else [])) == 2
    assert "Make room" in capsys.readouterr().err
    assert cache.read_bytes() == b"old,"
    lock = [tmp_path / "cache.lock"] if cached else []
    assert sorted(tmp_path.iterdir()) == sorted([*before, *lock])


def test_folder_without_images_is_told(build, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert build("--images", tmp_path / "empty") == 2
    assert "empty" in capsys.readouterr().err
    assert not [*tmp_path.glob("*.engine")]
