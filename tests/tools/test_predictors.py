"""What `--model` opens: an engine, too, in a program that holds TensorFlow."""

import argparse

import numpy as np
import pytest

from deploy.runtimes import RUNTIMES
from tools import predictors


@pytest.mark.parametrize(
    ("margin", "config", "size"),
    [
        (0, {}, (48, 64)),
        (0, {"input_size": [24, 32]}, (24, 32)),  # what it was trained for
        (4, {}, (24, 32)),  # in tiles
    ],
)
def test_a_model_is_built_for_the_images_unless_it_has_a_size_of_its_own(
    make_run, margin, config, size
):
    run = make_run(margin=margin, **config)
    assert predictors.load_for_images(run, (48, 64)).input_shape == (None, *size, 3)
    assert predictors.load_for_images(run, None).input_shape == (None, 24, 32, 3)


def test_an_engine_is_opened_in_a_process_of_its_own(make_artifact, monkeypatch):
    artifact = make_artifact()
    engine = artifact.rename(artifact.with_suffix(".engine"))
    monkeypatch.setattr(predictors, "SeparateRuntime", RUNTIMES[".fake"])
    arguments = argparse.Namespace(model=engine, threads=None, mode=None, input_size=None)
    green = np.zeros((24, 32, 3), "uint8") + np.array([0, 200, 0], "uint8")
    with predictors.open_model(arguments) as model:
        assert model.label_space.names == ("red", "green", "blue")
        assert (model.predict(green) == 1).all()
