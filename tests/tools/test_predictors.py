"""What `--model` opens: an engine, too, in a program that holds TensorFlow."""

import argparse

import numpy as np

from deploy.runtimes import RUNTIMES
from tools import predictors


def test_an_engine_is_opened_in_a_process_of_its_own(make_artifact, monkeypatch):
    artifact = make_artifact()
    engine = artifact.rename(artifact.with_suffix(".engine"))
    monkeypatch.setattr(predictors, "SeparateRuntime", RUNTIMES[".fake"])
    arguments = argparse.Namespace(model=engine, threads=None, mode=None, input_size=None)
    green = np.zeros((24, 32, 3), "uint8") + np.array([0, 200, 0], "uint8")
    with predictors.open_model(arguments) as model:
        assert model.label_space.names == ("red", "green", "blue")
        assert (model.predict(green) == 1).all()
