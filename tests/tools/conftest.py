"""A model that needs no training, and images it is sure about: red is class 0, green 1, blue 2.

For the live loop, a video and an engine that needs no model.
"""

import json

import cv2
import keras
import numpy as np
import pytest
from PIL import Image
from video_with_fake_engine import FakeEngine

from deploy.runtimes import RUNTIMES
from deploy.runtimes.base import fit_classes, fit_frame
from seg_keras.data.datasets import DATASETS, Dataset
from seg_keras.data.datasets.dataset import list_folder_pairs
from seg_keras.data.labels import LabelSpace
from seg_keras.models import MODELS, build_model

COLOR_SPACE = LabelSpace(("red", "green", "blue"), ((200, 0, 0), (0, 200, 0), (0, 0, 200)))


@pytest.fixture
def color_space():
    return COLOR_SPACE


def color_model(num_classes, input_shape, margin=0):
    """A builder: the logits are the channels of the image, of what is inside of a margin."""
    inputs = keras.Input(input_shape)
    logits = keras.layers.Rescaling(1.0)(inputs[..., :num_classes])
    logits = keras.layers.Cropping2D(margin)(logits)
    return keras.Model(inputs, {"logits": logits})


@pytest.fixture
def make_run(tmp_path, monkeypatch):
    """Writes a run folder of the color model for 24x32 images; gives its path."""
    monkeypatch.setitem(MODELS, "color_model", color_model)

    def make(num_classes=3, margin=0, **config):
        run = tmp_path / "run"
        run.mkdir()
        model = build_model("color_model", num_classes, (24, 32, 3), margin=margin)
        model.save(run / "model.keras")
        known = {"classes": COLOR_SPACE.names, "colors": COLOR_SPACE.colors}
        (run / "config.json").write_text(json.dumps(known | config))
        return run

    return make


@pytest.fixture
def make_image():
    """Writes an image of colored squares; gives the class ids (H, W) it shows."""

    def make(path, size, seed=0):
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = np.random.default_rng(seed).integers(0, 3, (size[0] // 4 + 1, size[1] // 4 + 1))
        classes = coarse.repeat(4, axis=0).repeat(4, axis=1)[: size[0], : size[1]].astype("uint8")
        Image.fromarray(COLOR_SPACE.colorize(classes)).save(path)
        return classes

    return make


class ColorRuntime:
    """A runtime that names the brightest channel, for frames of 24x32 pixels."""

    input_size = (24, 32)

    def __init__(self, path, threads=None):
        self.description = json.loads(path.read_text())

    def __call__(self, frame):
        classes = fit_frame(frame, self.input_size)[0].argmax(-1).astype("uint8")
        return fit_classes(classes, frame.shape[:2])

    def close(self):
        pass


@pytest.fixture
def make_artifact(tmp_path, monkeypatch):
    """Writes an exported file that says the given class names of itself; gives its path."""
    monkeypatch.setitem(RUNTIMES, ".fake", ColorRuntime)

    def make(names=COLOR_SPACE.names):
        path = tmp_path / "model.fake"
        path.write_text(json.dumps({"classes": names, "palette": COLOR_SPACE.colors[: len(names)]}))
        return path

    return make


@pytest.fixture
def squares(tmp_path, monkeypatch, color_space):
    """Registers the data set `squares`, and gives its folder, which is not there yet."""

    def build(data_dir):
        return Dataset(
            name="squares",
            label_space=color_space,
            splits=("train", "val", "other"),
            list_pairs=lambda split: list_folder_pairs(
                data_dir / split, data_dir / f"{split}annot", "the folder of squares"
            ),
        )

    monkeypatch.setitem(DATASETS, "squares", build)
    return tmp_path / "squares"


@pytest.fixture
def clip(tmp_path):
    """A video of 600 small frames."""
    path = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25, (64, 48))
    for number in range(600):
        writer.write(np.full((48, 64, 3), number % 200, "uint8"))
    writer.release()
    return path


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Makes a model file for the fake engine of the live loop; gives its path."""
    monkeypatch.setitem(RUNTIMES, ".fake", FakeEngine)

    def make(calls=10**6):
        (tmp_path / "engine.fake").write_text(str(calls))
        return str(tmp_path / "engine.fake")

    return make


@pytest.fixture
def wrong_labels(squares, make_image):
    """Fills `squares` with three images whose labels are partly wrong; gives (labels, shown)."""
    rng = np.random.default_rng(0)
    pairs = []
    for index, name in enumerate(("a", "b", "c")):
        shown = make_image(squares / "val" / f"{name}.png", (48, 64), seed=index)
        labels = shown.copy()
        labels[rng.random(labels.shape) < 0.3] = 1
        labels[:5] = 255
        (squares / "valannot").mkdir(exist_ok=True)
        Image.fromarray(labels).save(squares / "valannot" / f"{name}.png")
        pairs.append((labels, shown))
    return pairs
