"""An artifact tells of itself, and what it tells never changes what it does."""

import json
import zipfile

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from deploy.runtimes.artifact import MAX_BYTES, read_description, write_description
from deploy.runtimes.zip_tail import split

DESCRIPTION = {
    "format_version": 1,
    "classes": ["road", "sky"],
    "palette": [[128, 64, 128], [70, 130, 180]],
    "input_size": [32, 48],
    "output_kind": "argmax",
    "quantization": {"precision": "float32"},
}
MODEL = bytes(range(256)) * 4


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(MODEL)
    return path


def test_description_comes_back(path):
    write_description(path, DESCRIPTION)
    assert read_description(path) == DESCRIPTION
    assert split(path.read_bytes()) == MODEL
    with zipfile.ZipFile(path) as archive:
        assert archive.read("labels.txt").decode().splitlines() == ["road", "sky"]


def test_writing_again_replaces_the_description(path):
    write_description(path, DESCRIPTION)
    once = path.read_bytes()
    write_description(path, {**DESCRIPTION, "parity": {"passed": True}})
    assert read_description(path)["parity"] == {"passed": True}
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["seg_keras.json", "labels.txt"]
    write_description(path, DESCRIPTION)
    assert path.read_bytes() == once  # nothing is left over, and no date goes in


def test_failed_write_leaves_the_old_file_whole(path):
    write_description(path, DESCRIPTION)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_description(path, {**DESCRIPTION, "parity": np.float32(1)})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("source", ["path", "content"])
def test_litert_computes_the_same_with_and_without_description(artifacts, scenes, tmp_path, source):
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(split(artifacts["int8"].read_bytes()))
    assert len(bare.read_bytes()) < len(artifacts["int8"].read_bytes())
    outputs = []
    for file in (bare, artifacts["int8"]):
        model = (
            {"model_path": str(file)} if source == "path" else {"model_content": file.read_bytes()}
        )
        interpreter = Interpreter(**model)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], scenes[0][:1])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    np.testing.assert_array_equal(*outputs)


def without(key):
    return {name: value for name, value in DESCRIPTION.items() if name != key}


@pytest.mark.parametrize(
    ("member", "text", "message"),
    [
        ("other.txt", "", "holds no description"),
        ("seg_keras.json", '{"classes": [', "is damaged"),
        ("seg_keras.json", "[" * 100_000, "is damaged"),
        ("seg_keras.json", " " * (MAX_BYTES + 1), f"is damaged .*bytes, more than {MAX_BYTES}"),
        ("seg_keras.json", json.dumps({"format_version": 2}), "format version 2, .* reads 1"),
        ("seg_keras.json", json.dumps(without("palette")), "lacks palette"),
    ],
)
def test_wrong_description_is_told(path, member, text, message):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:  # large ones take no room
        archive.writestr(member, text)
    with pytest.raises(ValueError, match=rf"model\.tflite: .*{message}"):
        read_description(path)


def test_file_without_description_is_told(path):
    with pytest.raises(ValueError, match=r"model\.tflite: holds no description.*export"):
        read_description(path)


def test_incomplete_copy_is_told(path):
    write_description(path, DESCRIPTION)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ValueError, match="copy is incomplete"):
        read_description(path)


def test_missing_file_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.tflite: no such file"):
        read_description(tmp_path / "none.tflite")
