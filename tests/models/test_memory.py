"""One training step at the size of the paper fits into the memory of an ordinary computer."""

import subprocess
import sys

import pytest

STEP = """
import resource
import sys
import keras
import numpy as np
from seg_keras.losses import PixelCrossEntropy
from seg_keras.models import MODELS

model = MODELS[sys.argv[1]](21)  # the default size is the paper's
model.compile(keras.optimizers.AdamW(), PixelCrossEntropy(), jit_compile=False)
image = np.random.default_rng(0).uniform(0, 255, (1, *model.input_shape[1:])).astype("float32")
size = {name: logits.shape[1:3] for name, logits in model.output.items()}
labels = {name: np.zeros((1, *size[name]), "int32") for name in size}
assert np.isfinite(model.train_on_batch(image, labels)).all()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
NAMES = (
    "fcn32s", "fcn16s", "fcn8s", "segnet", "segnet_basic", "deconvnet", "unet", "unet_plus_plus",
    "u_segnet", "crf_rnn",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_step_at_the_size_of_the_paper_stays_below_12_gib(name):
    command = [sys.executable, "-c", STEP, name]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    used_kib = int(finished.stdout.split()[-1])
    assert used_kib < 12 * 2**20
