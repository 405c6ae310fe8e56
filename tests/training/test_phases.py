"""Input sizes that grow over a run, and what travels with the batches to the loss."""

import dataclasses

import numpy as np
import pytest

from seg_keras.data.datasets import build_dataset
from seg_keras.data.weight_maps import BorderWeights
from seg_keras.losses import PixelCrossEntropy
from seg_keras.training import RunFolder, TrainConfig, fit, phases, train
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


@pytest.mark.slow
@pytest.mark.parametrize("die_at", [4, 6], ids=["as the size changes", "after it has"])
def test_a_run_changes_its_size_and_resumes_exactly(run, tmp_path, die_at):
    state, sizes = run(tmp_path / "whole")
    assert sizes == [(3, 16, 24)] * 4 + [(2, 32, 40)] * 6
    assert [row["epoch"] for row in state.history] == [1, 2, 3, 4]
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "died", die_at)
    _, rest = run(tmp_path / "died")
    assert rest == [(2, 32, 40)] * 6
    assert state_of(tmp_path / "died") == state_of(tmp_path / "whole")
    ours, theirs = all_arrays(tmp_path / "died"), all_arrays(tmp_path / "whole")
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


@pytest.mark.slow
def test_border_weights_reach_the_loss(run, tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(phases, "SIZE_SCHEDULES", {"tiny": (((16, 24), 3),)})
    plain = fit.targets_of
    monkeypatch.setattr(fit, "targets_of", lambda *all_: (given.append(all_[2]), plain(*all_))[1])
    state, _ = run(tmp_path / "run", border_weight=7.0)
    assert len(given) == 8
    assert np.isfinite([row["loss"] for row in state.history]).all()


def test_the_loss_of_a_step_is_the_weighted_one(rng):
    model = tiny_run.build((16, 24, 3))
    config = dataclasses.replace(tiny_run.CONFIG, learning_rate=1e-9)
    compile_model(model, build_optimizer(config, 10), PixelCrossEntropy(), config)
    images = rng.uniform(0, 255, (2, 16, 24, 3)).astype("float32")
    labels = rng.integers(0, 3, (2, 16, 24)).astype("int32")
    weights = np.stack([BorderWeights(border_weight=30.0)(label) for label in labels])
    targets = dict.fromkeys(model.output, labels)
    plain = fit.train_step(model, images, targets)
    weighted = fit.train_step(model, images, targets, weights)
    outside = np.where(labels == 0, 0, weights).astype("float32")
    assert abs(weighted - plain) > 1e-3
    assert abs(fit.train_step(model, images, targets, outside) - weighted) > 1e-3


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
