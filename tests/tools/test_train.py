"""The command that trains: flags, recipes, errors in one line."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from seg_keras.data.datasets import DATASETS
from seg_keras.data.statistics import ClassCounts
from seg_keras.models import MODELS, build_model, load_model
from seg_keras.models.counting import shape_only
from seg_keras.training import TrainConfig
from seg_keras.training.losses import build_loss
from tools import train
from tools.recipes import DRAWN_ROADS, SMOKE, read_config
from tools.train import main, parse

COUNTS = ClassCounts(np.arange(1, 12), np.full(11, 100), np.ones(11))
ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "configs").glob("*.py"))


def config_of(*argv):
    return read_config(parse(argv))


def test_flags_overrule_the_recipe_and_set_overrules_flags(tmp_path):
    recipe = tmp_path / "recipe.py"
    recipe.write_text(
        "from seg_keras.training import TrainConfig\n"
        "config = TrainConfig(dataset='camvid', epochs=9, batch_size=3, seed=5)\n"
    )
    config = config_of(
        "--config", str(recipe), "--epochs", "7", "--batch-size", "4", "--set", "batch_size=6",
        "--crop-size", "96", "128",
    )  # fmt: skip
    expected = TrainConfig(dataset="camvid", epochs=7, batch_size=6, seed=5, crop_size=(96, 128))
    assert config == expected


def test_without_flags_it_trains_on_drawn_roads():
    assert config_of() == runpy.run_path(str(DRAWN_ROADS))["config"]
    assert config_of("--model", "deeplab_v3") == TrainConfig(model="deeplab_v3")
    assert TrainConfig().dataset == "roads"


def test_smoke_overrules_everything():
    config = config_of("--dataset", "camvid", "--epochs", "50", "--smoke")
    assert {name: getattr(config, name) for name in SMOKE} == SMOKE


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_names_a_model_a_data_set_and_its_own_command(recipe):
    config = runpy.run_path(str(recipe))["config"]
    assert config.model in MODELS
    assert config.dataset in DATASETS
    assert f"{recipe.stem}_".startswith(f"{config.model}_{config.dataset}_")
    assert f"python tools/train.py --config configs/{recipe.name}" in recipe.read_text()
    options = {"backbone": config.backbone, "backbone_options": config.backbone_options}
    options = {name: value for name, value in options.items() if value} | config.model_options
    shape = (*config.crop_size, 3)
    model = shape_only(lambda: build_model(config.model, 3, shape, **options))
    assert model.name == config.model
    assert set(config.output_weights) <= set(model.output)
    build_loss(config, COUNTS)


@pytest.mark.parametrize(
    ("recipe", "weights"),
    [
        ("pspnet_camvid", {"aux": 0.4}),
        ("icnet_camvid", {"logits": 1.0, "sub24": 0.4, "sub4": 0.16}),  # strides 4, 8, 16
    ],
)
def test_further_outputs_weigh_what_their_papers_say(recipe, weights):
    config = runpy.run_path(str(ROOT / "configs" / f"{recipe}.py"))["config"]
    assert config.output_weights == weights


BAD = [
    (["--dataset", "camvid"], "needs the folder that holds it. Give --data-dir"),
    (["--dataset", "camvid", "--data-dir", "none"], "train: no such folder"),
    (["--dataset", "camvyd"], "Unknown data set 'camvyd'"),
    (["--config", "none.py"], "none.py: no such recipe"),
    (["--set", "epoch=3"], "Did you mean 'epochs'?"),
    (["--resume", "none", "--epochs", "3"], "got --epochs too"),
    (["--resume", "none"], "no such file, so none is no run folder"),
    (
        ["--model", "pspnot", "--dataset", "camvid", "--data-dir", "CAMVID"],
        "Unknown model 'pspnot'",
    ),
    (["--dataset", "camvid", "--data-dir", "CAMVID", "--set", "class_weights=x"], "class_weights"),
    (["--dataset", "camvid", "--data-dir", "CAMVID", "--set", "mixed_precision=half"], "half"),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=lambda value: str(value)[:40])
def test_wrong_input_ends_with_exit_2_and_one_line(
    argv, message, camvid_folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    argv = [str(camvid_folder) if word == "CAMVID" else word for word in argv]
    assert main(argv) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert message in errors[0]
    assert not list(tmp_path.glob("runs/*/config.json")), "a run that never began leaves no folder"


def test_a_broken_image_ends_with_exit_2_and_its_name(tmp_path, capsys):
    from tests.conftest import write_pairs

    for split in ("train", "val"):
        write_pairs(tmp_path / "data", split, 2, (48, 64), seed=0)
    (tmp_path / "data" / "train" / "001.png").write_bytes(b"no picture")
    argv = ["--dataset", "camvid", "--data-dir", str(tmp_path / "data")]
    assert main([*argv, "--output", str(tmp_path / "run")]) == 2
    assert "001.png: cannot be decoded" in capsys.readouterr().err


def test_a_failed_run_ends_with_exit_1(monkeypatch, tmp_path, camvid_folder, capsys):
    def fail(*_):
        raise RuntimeError("The loss is nan at step 3.")

    monkeypatch.setattr(train, "train", fail)
    argv = ["--dataset", "camvid", "--data-dir", str(camvid_folder)]
    assert main([*argv, "--output", str(tmp_path / "run")]) == 1
    assert "error: The loss is nan at step 3." in capsys.readouterr().err


@pytest.mark.slow
def test_a_real_model_trains_and_resumes_to_nothing_left(camvid_folder, tmp_path, capsys):
    run = tmp_path / "run"
    argv = ["--dataset", "camvid", "--data-dir", str(camvid_folder), "--crop-size", "48", "64"]
    argv += ["--batch-size", "2", "--epochs", "1", "--output", str(run)]
    assert main([*argv, "--json", str(tmp_path / "report.json")]) == 0
    assert json.loads((tmp_path / "report.json").read_text())["steps"] == 3
    assert "mean IoU" in capsys.readouterr().out
    assert main(["--resume", str(run)]) == 0
    assert main(argv) == 2
    assert "Go on with --resume" in capsys.readouterr().err


@pytest.mark.slow
def test_a_student_is_trained_with_its_teacher_and_an_edge_detector_without_classes(
    camvid_folder, tmp_path
):
    shared = ["--data-dir", str(camvid_folder), "--crop-size", "48", "64", "--batch-size", "2"]
    shared += ["--epochs", "1", "--set", "loss=ohem"]
    recipe = ["--config", str(ROOT / "configs" / "fasterseg_camvid.py"), *shared]
    teacher, student, edges = (tmp_path / name for name in ("teacher", "student", "edges"))
    assert main([*recipe, "--output", str(teacher)]) == 0
    assert main([*recipe, "--output", str(student), "--set", f"teacher={teacher}"]) == 0
    assert json.loads((student / "config.json").read_text())["teacher"] == str(teacher)
    assert list(load_model(student).output) == ["logits", "aux16", "aux32"]

    recipe = ["--config", str(ROOT / "configs" / "hed_camvid.py"), *shared]
    narrow = "model_options={'width': 0.125}"
    assert main([*recipe, "--output", str(edges), "--set", narrow, "--set", "loss=edges"]) == 0
    assert load_model(edges).output["logits"].shape[-1] == 1
