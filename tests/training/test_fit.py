"""Training: it learns, it stops and resumes exactly, and it says what went wrong."""

import dataclasses
import json
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from seg_keras.data.augment import Augmentation
from seg_keras.data.datasets import build_dataset
from seg_keras.data.pipeline import TrainSamples, train_batches
from seg_keras.losses import PixelCrossEntropy
from seg_keras.training import RunFolder, TrainConfig
from seg_keras.training import fit as fit_module
from seg_keras.training.losses import build_loss
from seg_keras.training.setup import build_optimizer, compile_model, split_pairs
from seg_keras.training.validation import copy_averaged_weights
from tests.training import tiny_run

SCRIPT = Path(__file__).with_name("tiny_run.py")
FILES = ("config.json", "model.keras", "last.weights.h5", "state.json", "metrics.csv",
         "curves.png", "samples.png", "events")  # fmt: skip


def run_script(*arguments):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def all_arrays(run):
    """Every array of the saved state by its path in the file: weights, optimizer, averages."""
    arrays = {}
    with h5py.File(run / "last.weights.h5") as file:
        file.visititems(
            lambda name, item: (
                arrays.update({name: item[()]})
                if isinstance(item, h5py.Dataset) and name != "run_state"
                else None
            )
        )
    return arrays


def state_of(run):
    state = json.loads((run / "state.json").read_text())
    state.pop("seconds")
    for row in state["history"]:
        row.pop("seconds")
    return state


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory, camvid_folder):
    run = tmp_path_factory.mktemp("runs") / "whole"
    done = run_script(run, camvid_folder)
    assert done.returncode == 0, done.stderr
    return run


def test_a_run_leaves_its_files_and_nothing_half_written(whole_run):
    assert sorted(path.name for path in whole_run.iterdir()) == sorted(FILES)
    lines = (whole_run / "metrics.csv").read_text().splitlines()
    assert lines[0] == "epoch,loss,learning_rate,mean_iou,pixel_accuracy,seconds"
    assert len(lines) == 1 + tiny_run.CONFIG.epochs
    assert json.loads((whole_run / "config.json").read_text())["classes"][3] == "Road"


def test_steps_on_one_batch_lower_its_loss(camvid_folder):
    dataset = build_dataset("camvid", camvid_folder)
    samples = TrainSamples(
        dataset, dataset.list_pairs("train"), (32, 40), Augmentation(), tiny_run.CONFIG.seed
    )
    images, labels = next(iter(train_batches(samples, 4)))
    model = tiny_run.build((32, 40, 3))
    config = dataclasses.replace(tiny_run.CONFIG, epochs=10, warmup_epochs=0.0)
    compile_model(model, build_optimizer(config, 10), PixelCrossEntropy(), config)
    targets = dict.fromkeys(model.output, labels)
    losses = [fit_module.train_step(model, images, targets) for _ in range(40)]
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize(
    "ends",
    [
        # before anything of use was saved, and right after an epoch was
        pytest.param([(1, "SIGKILL")], marks=pytest.mark.slow),
        pytest.param([(6, "SIGKILL")], marks=pytest.mark.slow),
        # in the middle of the second epoch of three steps; gone on with, Ctrl-C in the same place
        [(4, "SIGKILL"), (1, "SIGINT")],
    ],
    ids=str,
)
def test_a_resumed_run_is_bit_equal_to_one_that_never_stopped(
    whole_run, camvid_folder, tmp_path, ends
):
    run = tmp_path / "run"
    for step, kind in ends:
        ended = run_script(run, camvid_folder, step, kind)
        assert ended.returncode == (0 if kind == "SIGINT" else -signal.SIGKILL), ended.stderr
        if kind == "SIGINT":  # it ends after its step and saves that
            assert state_of(run)["step"] == 5
            assert f"--resume {run}" in "".join(ended.stderr.split("\n"))
    resumed = run_script(run, camvid_folder)
    assert resumed.returncode == 0, resumed.stderr
    assert state_of(run) == state_of(whole_run)
    ours, theirs = all_arrays(run), all_arrays(whole_run)
    assert ours.keys() == theirs.keys()
    assert any("optimizer" in name for name in ours)
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)
    best = [keras.saving.load_model(path / "model.keras") for path in (run, whole_run)]
    for a, b in zip(best[0].weights, best[1].weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_nan_loss_stops_with_step_rate_and_files(camvid_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(fit_module, "train_step", lambda *_: float("nan"))
    with pytest.raises(
        RuntimeError, match=r"loss is nan at step 1 with learning rate .*\.png, .*\.png"
    ):
        tiny_run.start(tmp_path / "run", camvid_folder)


def test_a_folder_with_a_run_is_not_overwritten(whole_run):
    with pytest.raises(ValueError, match="holds a run already. Go on with --resume"):
        RunFolder(whole_run).require_new()


def test_resuming_with_another_class_count_is_refused(whole_run):
    model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(2, 1)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    with pytest.raises(ValueError, match="does not fit this model"):
        RunFolder(whole_run).load_state(model)


def test_a_crash_while_writing_keeps_the_last_good_files(whole_run, tmp_path, monkeypatch):
    import shutil

    run = RunFolder(shutil.copytree(whole_run, tmp_path / "run"))
    before = {name: (run.path / name).read_bytes() for name in ("model.keras", "last.weights.h5")}
    model = tiny_run.build((32, 40, 3))
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        run.save_model(model)
    for name, content in before.items():
        assert (run.path / name).read_bytes() == content


def test_hold_out_validates_on_training_images_that_are_not_trained_on(camvid_folder):
    dataset = build_dataset("camvid", camvid_folder)
    train, val = split_pairs(TrainConfig(hold_out="00[01].png"), dataset)
    assert [pair[0].name for pair in val] == ["000.png", "001.png"]
    assert sorted(train + val) == dataset.list_pairs("train")
    with pytest.raises(ValueError, match="matches 0 of 6 images"):
        split_pairs(TrainConfig(hold_out="x*"), dataset)


def test_validated_weights_are_the_average_and_statistics_the_latest():
    model, averaged = tiny_run.build((8, 8, 3)), tiny_run.build((16, 16, 3))
    optimizer = build_optimizer(TrainConfig(ema_momentum=0.5, learning_rate=0.1), 10)
    model.compile(optimizer, "mse", jit_compile=False)
    optimizer.build(model.trainable_variables)
    kernel = model.get_layer("features").kernel
    expected = None
    x = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3)).astype("float32")
    y = {name: np.zeros((2, 8, 8, 11), "float32") for name in ("logits", "aux")}
    for _ in range(3):
        model.train_on_batch(x, y)
        now = np.array(kernel)
        expected = now if expected is None else 0.5 * expected + 0.5 * now
    copy_averaged_weights(model, averaged)
    np.testing.assert_allclose(averaged.get_layer("features").kernel, expected, rtol=1e-5)
    assert not np.allclose(kernel, expected)
    np.testing.assert_array_equal(
        averaged.get_layer("bn").moving_mean, model.get_layer("bn").moving_mean
    )


def test_weights_of_layers_without_names_are_not_lost():
    """Keras numbers nameless layers in the order in which a process makes them."""

    def build(size):
        inputs = keras.Input((size, size, 3))
        return keras.Model(inputs, {"logits": keras.layers.Conv2D(2, 1)(inputs)})

    model, averaged = build(8), build(16)
    model.compile(build_optimizer(TrainConfig(), 10), "mse")
    with pytest.raises(ValueError, match=r"has no conv2d.*kernel.*Give every layer with weights a"):
        copy_averaged_weights(model, averaged)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_weight_decay_shrinks_kernels_only(optimizer):
    config = TrainConfig(optimizer=optimizer, weight_decay=0.1, learning_rate=0.1, clip_norm=0.0)
    optimizer = build_optimizer(config, 10)
    kernel = keras.Variable(np.ones(2, "float32"), name="kernel")
    gamma = keras.Variable(np.ones(2, "float32"), name="gamma")
    optimizer.build([kernel, gamma])
    optimizer.apply([np.zeros(2, "float32")] * 2)
    assert (np.array(kernel) < 1).all()
    np.testing.assert_array_equal(gamma, 1)


def test_unknown_optimizer_and_class_weights_list_the_known_ones():
    with pytest.raises(ValueError, match="Unknown optimizer 'lion'. Choose one of: adamw, sgd"):
        build_optimizer(TrainConfig(optimizer="lion"), 10)
    with pytest.raises(ValueError, match="Unknown class_weights 'x'. Choose one of: none"):
        build_loss(TrainConfig(class_weights="x"), None)
