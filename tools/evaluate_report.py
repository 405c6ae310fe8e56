"""What `tools/evaluate.py` prints and writes: scores of classes, their means, and the rules."""

import math
from collections.abc import Sequence

from seg_keras.metrics import BoundaryF1, RandError
from tools.cli import print_table


def complete(
    report: dict, names: Sequence[str], boundaries: BoundaryF1 | None, rand: RandError | None
) -> dict:
    """A report of `ConfusionMatrix` with the names of the classes, scores of boundaries and cells.

    Means that the convention leaves undefined become None, because JSON has no NaN.
    """
    report = {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in report.items()
    }
    report["per_class"] = [
        {"name": name} | scores for name, scores in zip(names, report["per_class"], strict=True)
    ]
    if boundaries:
        scores = boundaries.result()
        report["mean_boundary_f1"] = scores["mean_boundary_f1"]
        report["convention"]["boundary"] = scores["boundary_convention"]
        for row, f1 in zip(report["per_class"], scores["per_class_boundary_f1"], strict=True):
            row["boundary_f1"] = f1
    if rand:
        scores = rand.result()
        report["convention"]["cells"] = scores.pop("rand_convention")
        report |= {"pixel_error": 1 - report["pixel_accuracy"]} | scores
    return report


def show(report: dict) -> None:
    """Prints a completed report."""
    # Title of the column, key of a class, key of the mean.
    columns = [
        ("IoU", "iou", "mean_iou"),
        ("Dice", "dice", "mean_dice"),
        ("accuracy", "accuracy", "mean_pixel_accuracy"),
        ("precision", "precision", "mean_precision"),
    ]
    if "mean_boundary_f1" in report:
        columns.append(("boundary F1", "boundary_f1", "mean_boundary_f1"))
    rows = [
        (row["name"], *(percent(row[key]) for _, key, _ in columns), row["pixels"])
        for row in report["per_class"]
    ]
    rows.append(("mean", *(percent(report[key]) for _, _, key in columns), ""))
    title = f"{report['model']} on {report['dataset']} {report['split']}, percent"
    print_table(title, ("class", *(heading for heading, _, _ in columns), "pixels"), rows)
    names = ["pixel_accuracy", "frequency_weighted_iou", "kappa"]
    if "rand_error" in report:
        names += ["pixel_error", "rand_error", "rand_precision", "rand_recall"]
    for name in names:
        print(f"{name.replace('_', ' ')}: {percent(report[name])}")
    for topic, rule in report["convention"].items():
        print(f"{topic.replace('_', ' ')}: {rule}")
    print(f"{report['images']} images in {report['seconds']:.1f} s")


def percent(value: float | None) -> str:
    """A share in percent, "-" where nothing defines it."""
    return "-" if value is None else f"{100 * value:.2f}"
