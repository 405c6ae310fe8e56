"""The models that are shipped: small, proved on labelled images, and as their cards say."""

import hashlib
import re
from pathlib import Path

import pytest

from deploy.runtimes.artifact import read_description

MODELS = sorted(path for path in (Path(__file__).parents[1] / "zoo").iterdir() if path.is_dir())
FILES = [path for folder in MODELS for path in sorted(folder.glob("*.tflite"))]


def told(card: str, name: str) -> list[float]:
    """The percentages in the row of a file."""
    (row,) = re.findall(rf"^\| `{re.escape(name)}` \|(.*)$", card, re.MULTILINE)
    return [float(number) for number in re.findall(r"([\d.]+) %", row)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_card_says_what_the_gate_measured(file):
    description = read_description(file)
    parity = description["parity"]
    assert parity["passed"]
    shown = told((file.parent / "README.md").read_text(), file.name)
    measured = [parity["artifact_mean_iou"], parity["agreement"]]
    assert shown == [round(100 * value, 2) for value in measured]
    source = hashlib.sha256((file.parent / "model.keras").read_bytes()).hexdigest()
    assert description["source_model_sha256"] == source
    assert file.stat().st_size < 6e6


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_the_card_says_what_the_keras_model_is_worth(folder):
    card = (folder / "README.md").read_text()
    proved = [read_description(file)["parity"] for file in FILES if file.parent == folder]
    assert proved
    for parity in proved:
        assert told(card, "model.keras") == [round(100 * parity["reference_mean_iou"], 2)]


def test_one_shipped_model_is_below_3_mb_in_int8_beside_the_default():
    sizes = {file.parent.name: file.stat().st_size for file in FILES if "int8" in file.name}
    assert sizes.keys() > {"deeplab_v3_plus_camvid"}
    assert min(sizes.values()) < 3e6
