"""Settings, schedule and run folder."""

import keras
import numpy as np
import pytest

from seg_keras.training.config import TrainConfig, from_json, override
from seg_keras.training.run_folder import to_csv
from seg_keras.training.schedules import WarmupSchedule


def test_overrides_take_the_type_of_their_default():
    config = override(
        TrainConfig(),
        ["crop_size=(96, 128)", "learning_rate=1", "model=deeplab_v3", "data_dir=a=b", "flip=False",
         "model_options={'filters': 8}"],
    )  # fmt: skip
    assert config.crop_size == (96, 128)
    assert (config.learning_rate, type(config.learning_rate)) == (1.0, float)
    assert (config.model, config.data_dir, config.flip) == ("deeplab_v3", "a=b", False)
    assert config.model_options == {"filters": 8}


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("batchsize=4", "no setting 'batchsize'. Did you mean 'batch_size'"),
        ("zzz=4", "no setting 'zzz'. Known: model, "),
        ("epochs=many", r"epochs=many is not of the kind of its default 60 \(int\)"),
        ("epochs=2.5", "epochs=2.5 is not of the kind"),
        ("epochs", "--set takes name=value, got 'epochs'"),
        ("epochs=0", "epochs is 0. Give 1 or more"),
        ("learning_rate=-1", "learning_rate is -1.0. Give a positive number"),
        ("ema_momentum=1", "ema_momentum is 1.0"),
        ("crop_size=(96,)", r"crop_size is \(96,\). Give \(height, width\)"),
        ("input_size=(96, 0)", r"input_size is \(96, 0\). Give \(height, width\)"),
    ],
)
def test_wrong_settings_say_what_is_expected(assignment, message):
    with pytest.raises(ValueError, match=message):
        override(TrainConfig(), [assignment])


def test_settings_survive_json():
    import dataclasses
    import json

    config = TrainConfig(crop_size=(96, 128), model_options={"filters": 8})
    values = json.loads(json.dumps(dataclasses.asdict(config)))
    assert from_json({**values, "classes": ["a"]}) == config


def reference_rate(step, decay, peak=0.1, steps=100, warmup=10):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = (step - warmup) / (steps - warmup)
    return peak * {"poly": (1 - progress) ** 0.9, "cosine": (1 + np.cos(np.pi * progress)) / 2,
                   "constant": 1.0}[decay]  # fmt: skip


@pytest.mark.parametrize("decay", ["poly", "cosine", "constant"])
def test_schedule_rises_then_decays(decay):
    schedule = WarmupSchedule(0.1, decay, steps=100, warmup_steps=10)
    for step in (0, 4, 9, 10, 37, 99, 100):
        np.testing.assert_allclose(
            schedule(step), reference_rate(step, decay), rtol=1e-4, atol=1e-8
        )
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    np.testing.assert_allclose(again(37), schedule(37))


def test_an_unknown_schedule_lists_the_known_ones():
    with pytest.raises(ValueError, match="Unknown schedule 'step'. Choose one of: poly, cosine"):
        WarmupSchedule(0.1, "step", 100)


def test_csv_has_a_column_for_everything_that_any_epoch_has():
    text = to_csv([{"epoch": 1, "loss": 2.5}, {"epoch": 2, "loss": 1.5, "mean_iou": 0.25}])
    assert text == "epoch,loss,mean_iou\n1,2.5,\n2,1.5,0.25\n"
