"""What the evaluate command scores on request: boundaries and cells."""

import dataclasses
import json

import numpy as np
import pytest

from seg_keras.data.datasets import DATASETS
from seg_keras.metrics import RandError, boundary_f1
from tools.evaluate import main


def evaluate(tmp_path, run, flag):
    """Runs the command and gives its report."""
    report = tmp_path / "report.json"
    assert main(["--model", str(run), flag, "--json", str(report)]) == 0
    return json.loads(report.read_text())


def test_boundary_adds_the_boundary_f1_and_says_how_it_is_counted(
    tmp_path, make_run, squares, wrong_labels, capsys
):
    run = make_run(dataset="squares", data_dir=str(squares))
    report = evaluate(tmp_path, run, "--boundary")
    scores = [boundary_f1(labels, shown, 3) for labels, shown in wrong_labels]
    assert report["mean_boundary_f1"] == pytest.approx(np.mean(scores))
    of_classes = [row["boundary_f1"] for row in report["per_class"]]
    assert of_classes == pytest.approx(list(np.mean(scores, axis=0)))
    printed = capsys.readouterr().out
    assert f"{100 * report['mean_boundary_f1']:.2f}" in printed
    assert "boundary: within 0.75% of the diagonal" in printed


@pytest.mark.parametrize("with_instances", [False, True])
def test_cells_add_pixel_error_and_rand_error(
    tmp_path, make_run, monkeypatch, squares, wrong_labels, capsys, with_instances
):
    dataset, instances = DATASETS["squares"](squares), None
    if with_instances:  # as of cell tracking, which tells touching cells apart
        instances = np.kron([[1, 2], [3, 4]], np.ones((24, 32), int))
        dataset = dataclasses.replace(dataset, read_instances=lambda pair: instances)
        monkeypatch.setitem(DATASETS, "squares", lambda data_dir: dataset)
    run = make_run(dataset="squares", data_dir=str(squares))
    report = evaluate(tmp_path, run, "--cells")
    rand = RandError()
    for labels, shown in wrong_labels:
        rand.update(labels, shown, instances)
    expected = rand.result()
    for name in ("rand_error", "rand_precision", "rand_recall"):
        assert report[name] == pytest.approx(expected[name])
    assert report["pixel_error"] == pytest.approx(1 - report["pixel_accuracy"])
    printed = capsys.readouterr().out
    assert f"rand error: {100 * expected['rand_error']:.2f}" in printed
    assert f"pixel error: {100 * report['pixel_error']:.2f}" in printed
    assert "cells: within true cells, borders filled" in printed
