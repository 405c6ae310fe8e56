"""The recipe of HED finds the borders of classes better than a gradient filter does."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from seg_keras import load_model
from seg_keras.data.roads import draw_scene
from seg_keras.losses import label_edges
from seg_keras.metrics import best_edge_f1
from tools.train import main

RECIPE = Path(__file__).parents[2] / "configs" / "hed_camvid.py"
SIZE = (240, 320)
TOLERANCE = 4  # pixels


def write_scenes(folder, split, seeds):
    """Drawn scenes and their labels, in the form of CamVid; gives both."""
    scenes = [draw_scene(seed, SIZE) for seed in seeds]
    for part in (split, f"{split}annot"):
        (folder / part).mkdir(parents=True)
    for index, (image, label) in enumerate(scenes):
        Image.fromarray(image).save(folder / split / f"{index}.png")
        Image.fromarray(label).save(folder / f"{split}annot" / f"{index}.png")
    return [np.stack(arrays) for arrays in zip(*scenes, strict=True)]


def sobel(image):
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype("float32")
    return np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1))


@pytest.mark.slow
def test_trained_edges_beat_sobel(tmp_path):
    write_scenes(tmp_path / "data", "train", range(16))
    images, labels = write_scenes(tmp_path / "data", "val", range(100, 104))
    flags = ["--config", str(RECIPE), "--data-dir", str(tmp_path / "data")]
    flags += ["--output", str(tmp_path / "run"), "--crop-size", "160", "224", "--batch-size", "4"]
    flags += ["--epochs", "75", "--learning-rate", "2e-3", "--set", "validate_every=75"]
    flags += ["--set", "model_options={'width': 0.25}", "--set", "jitter=0.3"]
    flags += ["--set", "scale_range=(0.8, 1.25)"]
    assert main(flags) == 0
    edges = np.asarray(label_edges(labels.astype("int32"))).astype("uint8")
    model = load_model(tmp_path / "run")
    logits = model.predict(images.astype("float32"), batch_size=1, verbose=0)["logits"]
    ours = best_edge_f1(logits[..., 0], edges, TOLERANCE)["f1"]
    theirs = best_edge_f1([sobel(image) for image in images], edges, TOLERANCE)["f1"]
    assert ours >= theirs + 0.15, f"HED {ours:.3f}, Sobel {theirs:.3f}"
