"""The pictures of a run."""

import numpy as np
from PIL import Image

from seg_keras.data.labels import LabelSpace
from seg_keras.training.pictures import draw_samples


def test_a_fourth_band_is_no_transparency(tmp_path):
    space = LabelSpace(("a",), ((0, 0, 255),))
    image = np.full((8, 12, 4), (200, 40, 10, 0), "uint8")
    label = np.zeros((8, 12), "uint8")
    draw_samples(tmp_path / "samples.png", [(image, label, label)], space)
    colors = {
        color for _, color in Image.open(tmp_path / "samples.png").convert("RGB").getcolors(1 << 20)
    }
    assert {(200, 40, 10), (0, 0, 255)} <= colors
