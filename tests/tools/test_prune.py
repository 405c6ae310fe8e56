"""The pruning command: its plan, and a run whose results are ordinary models."""

import json

import pytest

from seg_keras import load_model
from seg_keras.training import TrainConfig
from tools import prune, train

FULL = TrainConfig(model="icnet", model_options={"width": 1.0})


def test_the_plan_is_the_one_of_the_paper():
    assert prune.plan(FULL, 0.5, 2) == [0.75, 0.5]
    assert prune.plan(TrainConfig(model="icnet"), 0.5, 1) == [0.25]  # from its own default


@pytest.mark.parametrize(
    ("config", "ratio", "steps", "message"),
    [
        (FULL, 0.95, 2, "--ratio is 0.95. Give 0 to 0.9, such as 0.9"),
        (FULL, -1.0, 2, "such as 0.1"),
        (FULL, 0.5, 0, "--steps is 0. Give 1 or more"),
        (FULL, 0.3, 1, "width 0.7 .* Nearest: 0.75, a ratio of 0.25"),
        (TrainConfig(model="lraspp"), 0.5, 2, "lraspp cannot be pruned"),
    ],
)
def test_a_plan_that_cannot_be_is_told_with_the_nearest_that_can(config, ratio, steps, message):
    with pytest.raises(ValueError, match=message):
        prune.plan(config, ratio, steps)


@pytest.mark.slow
def test_steps_leave_run_folders_of_narrower_models(camvid_folder, tmp_path, capsys):
    options = "{'width': 0.5, 'backbone_options': {'alpha': 0.35}}"
    flags = ["--model", "icnet", "--set", f"model_options={options}", "--dataset", "camvid"]
    flags += ["--data-dir", str(camvid_folder), "--crop-size", "48", "64", "--batch-size", "2"]
    flags += ["--epochs", "1", "--output", str(tmp_path / "run")]
    assert train.main(flags) == 0

    flags = ["--model", str(tmp_path / "run"), "--epochs", "1", "--set", "batch_size=2"]
    flags += ["--output", str(tmp_path / "pruned"), "--json", str(tmp_path / "report.json")]
    assert prune.main(flags) == 0
    assert "loss of mean IoU" in capsys.readouterr().out
    steps = json.loads((tmp_path / "report.json").read_text())["steps"]
    assert [step.get("width") for step in steps] == [None, 0.375, 0.25]
    assert steps[0]["weights"] > steps[1]["weights"] > steps[2]["weights"]
    for step in steps:
        assert load_model(step["run"]).count_params() == step["weights"]
        lost = steps[0]["mean_iou"] - step["mean_iou"]
        assert step["loss_of_mean_iou"] == pytest.approx(lost)
