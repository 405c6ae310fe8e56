"""Input sizes that grow over a run, and what travels with the batches to the loss."""

import dataclasses

import keras
import numpy as np
import pytest

from seg_keras.data.datasets import build_dataset
from seg_keras.data.weight_maps import BorderWeights
from seg_keras.losses import PixelCrossEntropy
from seg_keras.training import RunFolder, TrainConfig, fit, train
from seg_keras.training.losses import build_loss
from seg_keras.training.phases import SIZE_SCHEDULES, Phase, plan_phases
from seg_keras.training.setup import build_augmentation, build_optimizer, compile_model
from tests.training import tiny_run
from tests.training.test_fit import all_arrays, state_of

TINY = (((16, 24), 3), ((32, 40), 2))


def test_without_a_schedule_a_run_is_one_phase():
    config = TrainConfig(crop_size=(96, 128), batch_size=4, epochs=5)
    assert plan_phases(config, 30) == [Phase((96, 128), 4, 7, 0, 0, 0, 35)]


def test_the_progressive_sizes_share_the_epochs_and_keep_the_pixels_of_a_batch():
    config = TrainConfig(size_schedule="progressive", epochs=10)
    small, middle, large = plan_phases(config, 367)
    assert [(p.crop_size, p.batch_size) for p in (small, middle, large)] == [
        ((128, 224), 16),
        ((256, 448), 8),
        ((512, 912), 4),
    ]
    assert [p.steps_per_epoch for p in (small, middle, large)] == [22, 45, 91]
    assert [p.epochs_before for p in (small, middle, large)] == [0, 3, 6]
    assert [p.last_step for p in (small, middle, large)] == [66, 66 + 135, 66 + 135 + 364]
    assert (middle.first_step, middle.first_sample) == (66, 66 * 16)
    assert (large.first_step, large.first_sample) == (201, 66 * 16 + 135 * 8)
    assert middle.sample(70) == 66 * 16 + 4 * 8
    assert middle.epochs(66 + 90) == 5
    assert large.epochs(large.last_step) == 10


def test_every_sample_of_a_run_is_used_once():
    config = TrainConfig(size_schedule="progressive", epochs=7)
    used = [
        phase.sample(step) + position
        for phase in plan_phases(config, 50)
        for step in range(phase.first_step, phase.last_step)
        for position in range(phase.batch_size)
    ]
    assert used == list(range(len(used)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size_schedule": "growing"}, "'growing'. Choose one of: none, progressive"),
        ({"size_schedule": "progressive", "epochs": 2}, "has 3 sizes for 2 epochs"),
    ],
)
def test_wrong_schedules_say_what_is_expected(settings, message):
    with pytest.raises(ValueError, match=message):
        plan_phases(TrainConfig(**settings), 100)


@pytest.fixture
def run(camvid_folder, monkeypatch):
    """Trains the tiny model over two sizes; `die_at` is a step before which it stops for good."""
    monkeypatch.setitem(SIZE_SCHEDULES, "tiny", TINY)
    plain = fit.train_step

    def start(folder, die_at=None, **settings):
        sizes, steps = [], iter(range(10**6))

        def step(model, images, *rest):
            if next(steps) == die_at:
                raise KeyboardInterrupt
            sizes.append(tuple(images.shape[:3]))
            return plain(model, images, *rest)

        monkeypatch.setattr(fit, "train_step", step)
        config = dataclasses.replace(tiny_run.CONFIG, size_schedule="tiny", epochs=4, **settings)
        dataset = build_dataset("camvid", camvid_folder)
        state = train(config, tiny_run.build, dataset, tiny_run.make_predict, RunFolder(folder))
        return state, sizes

    return start


def saved(folder):
    """The state of a run without the names of its random generators, which count up."""
    state = state_of(folder)
    return state | {"random": list(state["random"].values())}


@pytest.mark.slow
def test_a_run_changes_its_size_and_resumes_exactly(run, tmp_path):
    whole = tmp_path / "whole"
    state, sizes = run(whole)
    assert sizes == [(3, 16, 24)] * 4 + [(2, 32, 40)] * 6
    assert [row["epoch"] for row in state.history] == [1, 2, 3, 4]
    for die_at in (4, 6):  # as the size changes, and in the first epoch after it has
        died = tmp_path / f"died_{die_at}"
        with pytest.raises(KeyboardInterrupt):
            run(died, die_at)
        _, rest = run(died)
        assert rest == [(2, 32, 40)] * 6
        assert saved(died) == saved(whole)
        ours, theirs = all_arrays(died), all_arrays(whole)
        assert ours.keys() == theirs.keys()
        for name, array in ours.items():
            np.testing.assert_array_equal(array, theirs[name], err_msg=name)


@pytest.mark.slow
def test_border_weights_reach_every_step(run, tmp_path, monkeypatch):
    given = []
    plain = fit.BorderWeights.__call__
    monkeypatch.setitem(SIZE_SCHEDULES, "tiny", (((16, 24), 3),))
    monkeypatch.setattr(
        fit.BorderWeights, "__call__", lambda *all_: given.append(1) or 0 * plain(*all_)
    )
    state, sizes = run(tmp_path / "run", border_weight=7.0)
    assert sizes == [(3, 16, 24)] * 8
    assert len(given) >= 24
    # Weights of 0 leave nothing to learn from.
    assert [row["loss"] for row in state.history] == [0.0] * 4


def test_the_loss_of_a_step_is_the_mean_of_the_weighted_entropies(rng):
    inputs = keras.Input((6, 7, 3))
    outputs = {name: keras.layers.Conv2D(4, 1, name=name)(inputs) for name in ("logits", "aux")}
    model = keras.Model(inputs, outputs)
    config = TrainConfig(output_weights={"aux": 0.5})
    compile_model(model, build_optimizer(config, 10), PixelCrossEntropy(), config)
    images = rng.uniform(0, 1, (2, 6, 7, 3)).astype("float32")
    labels = rng.integers(0, 4, (2, 6, 7)).astype("int32")
    labels[0, 0] = 255
    weights = np.stack([BorderWeights()(label) for label in labels])
    expected = 0.0
    for name, scale in (("logits", 1.0), ("aux", 0.5)):
        scores = np.asarray(model(images)[name], "float64")
        entropy = np.log(np.exp(scores).sum(-1))
        entropy -= np.take_along_axis(scores, (labels % 255)[..., None], -1)[..., 0]
        expected += scale * (entropy * weights).sum() / (labels != 255).sum()
    loss = fit.train_step(model, images, dict.fromkeys(model.output, labels), weights)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_class_weights_are_part_of_the_border_weights_and_not_of_the_loss():
    counts = type(
        "Counts", (), {"pixels": np.array([5, 10]), "pixels_of_images": np.array([20, 20])}
    )
    config = TrainConfig(class_weights="median_frequency")
    np.testing.assert_allclose(build_loss(config, counts).class_weights, [1.5, 0.75])
    weighed = dataclasses.replace(config, border_weight=10.0)
    assert build_loss(weighed, counts).class_weights is None


def test_the_settings_of_the_augmentation_reach_it():
    config = TrainConfig(jitter=0.3, augmentation={"rotation": 12.0, "border": "mirror"})
    augmentation = build_augmentation(config)
    assert (augmentation.jitter, augmentation.rotation) == (0.3, 12.0)
    assert augmentation.border == "mirror"
    with pytest.raises(ValueError, match="no option rotate. Choose from: scale_range, flip"):
        build_augmentation(TrainConfig(augmentation={"rotate": 12.0}))
