"""What many tests need: a seeded generator, a tiny data set in the form of CamVid, a full disk."""

import contextlib

import numpy as np
import pytest
from PIL import Image

from seg_keras.data.labels import CAMVID_CLASSES


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def full_at():
    """Gives a context in which no file of this process grows beyond a number of bytes."""
    resource = pytest.importorskip("resource", reason="needs the limits of POSIX")

    @contextlib.contextmanager
    def full(count):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (count, before[1]))
        try:
            yield
        finally:  # before pytest writes to a log that is longer
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return full


def write_pairs(folder, split, count, size, seed):
    """Writes images that show their label in its colour, so that anything can learn them."""
    rng = np.random.default_rng(seed)
    for part in (split, f"{split}annot"):
        (folder / part).mkdir(parents=True)
    for index in range(count):
        label = np.full(size, 3, "uint8")
        label[: size[0] // 3] = 0
        for raw_id in rng.permutation(np.setdiff1d(np.arange(12), (0, 3)))[:4]:
            top, left = (int(rng.integers(0, extent)) for extent in size)
            label[top : top + size[0] // 3, left : left + size[1] // 3] = raw_id
        image = np.clip(CAMVID_CLASSES.colorize(label) + rng.normal(0, 8, (*size, 3)), 0, 255)
        Image.fromarray(image.astype("uint8")).save(folder / split / f"{index:03d}.png")
        Image.fromarray(label).save(folder / f"{split}annot" / f"{index:03d}.png")


@pytest.fixture(scope="session")
def camvid_folder(tmp_path_factory):
    """Six training and three validation pairs of 48x64 pixels with ids 0 to 11."""
    folder = tmp_path_factory.mktemp("camvid")
    write_pairs(folder, "train", 6, (48, 64), seed=1)
    write_pairs(folder, "val", 3, (48, 64), seed=2)
    return folder
