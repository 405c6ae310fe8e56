"""What every registered model costs, beside what its paper reports: `tools/benchmark.py --macs`."""

import concurrent.futures
import dataclasses
import logging
import multiprocessing
import statistics
import time

import numpy as np

from seg_keras.models import MODELS, build_model, deployable
from seg_keras.models.counting import count_macs, count_weights, shape_only
from tools.cli import print_table

log = logging.getLogger(__name__)

NUM_CLASSES = 19  # of Cityscapes


@dataclasses.dataclass(frozen=True)
class Published:
    """A row of the comparison of real-time models on the test images of Cityscapes.

    The figures are those of the papers and of the benchmark's public table, each from a GPU and an
    image size of its own: they say which model is fast, not by how much.

    Args:
        title: What the paper calls it.
        year: When it came out.
        mean_iou: In percent, over 19 classes.
        frames_per_second: On the paper's machine.
        model: The name that `build_model` knows it by.
        options: What makes it the paper's form.
    """

    title: str
    year: int
    mean_iou: float
    frames_per_second: float
    model: str
    options: dict = dataclasses.field(default_factory=dict)


# https://paperswithcode.com/sota/real-time-semantic-segmentation-on-cityscapes, as a lecture on
# on-road segmentation quotes it; speeds from the papers.
PUBLISHED = (
    Published("DeepLab", 2014, 63.1, 0.25, "deeplab_v1"),
    Published("SegNet", 2015, 57.0, 16.7, "segnet"),
    Published("CRF-RNN", 2015, 62.5, 1.4, "crf_rnn", {"backbone": "vgg16"}),
    Published("Dilation10", 2015, 67.1, 0.25, "dilation10"),
    Published("ENet", 2016, 58.3, 76.9, "enet"),
    Published("FCN", 2016, 65.3, 2, "fcn8s"),
    Published("FRRN", 2016, 71.8, 2.1, "frrn", {"variant": "b"}),
    Published("ICNet", 2017, 70.6, 30.3, "icnet", {"backbone": "resnet50"}),
    Published("PSPNet", 2017, 81.2, 0.78, "pspnet", {"backbone": "resnet101"}),
    Published("ENet + Lovász-Softmax", 2018, 63.1, 76.9, "enet"),
    Published("LEDNet", 2019, 70.6, 71, "lednet"),
    Published("ESNet", 2019, 70.7, 63, "esnet"),
    Published("FasterSeg", 2019, 71.5, 163.9, "fasterseg"),
)


def measure_models(input_size: tuple[int, int], runs: int | None) -> list[dict]:
    """Counts every registered model in its default form and in the forms that papers report.

    Args:
        input_size: Image (height, width) in pixels.
        runs: Timed runs of each model; None to time nothing.

    Returns:
        A dict for each form: `model`, `options`; `weights` and `macs` of the deployed model at 19
        classes; `median_ms` of the Keras model on one image, None if not timed; `published`, a
        list of the rows of `PUBLISHED` that report this form.
    """
    reports = []
    for name in sorted(MODELS):
        rows = [row for row in PUBLISHED if row.model == name]
        forms = [{}, *(row.options for row in rows if row.options)]
        for options in forms:
            published = [dataclasses.asdict(row) for row in rows if row.options == options]
            try:
                costs = measure(name, options, input_size, runs)
            except ValueError as error:  # some take no such size; the others still count
                log.warning("%s at %dx%d: %s", name, *input_size, error)
                costs = dict.fromkeys(("weights", "macs", "median_ms"))
            reports.append({"model": name, "options": options, **costs, "published": published})
    return reports


def measure(name: str, options: dict, input_size: tuple[int, int], runs: int | None) -> dict:
    """Weights, multiplications and milliseconds of one model."""
    model = shape_only(lambda: build(name, options, input_size))
    costs = {"weights": count_weights(model), "macs": count_macs(model), "median_ms": None}
    if runs:
        # A process of its own: what a large model took is free again for the next one.
        spawn = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as executor:
            costs["median_ms"] = executor.submit(time_ms, name, options, input_size, runs).result()
    return costs


def build(name: str, options: dict, input_size: tuple[int, int]):
    """The deployed form, for road scenes."""
    return deployable(build_model(name, NUM_CLASSES, (*input_size, 3), **options))


def time_ms(name: str, options: dict, input_size: tuple[int, int], runs: int) -> float:
    """Median time of a prediction, image and logits in memory, after one run to warm up."""
    model = build(name, options, input_size)
    image = np.random.default_rng(0).uniform(0, 255, (1, *input_size, 3)).astype("float32")
    times = []
    for _ in range(1 + runs):
        start = time.perf_counter()
        model.predict_on_batch(image)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def print_costs(input_size: tuple[int, int], reports: list[dict]) -> None:
    """Prints what was counted, the papers' figures beside it."""
    columns = ["model", "weights M", "MACs G", "ms", "paper", "mIoU %", "fps"]
    rows = []
    for report in reports:
        form = " ".join([report["model"], *(f"{k}={v}" for k, v in report["options"].items())])
        costs = [
            "-" if value is None else f"{value / scale:.{digits}f}"
            for value, scale, digits in (
                (report["weights"], 1e6, 3),
                (report["macs"], 1e9, 2),
                (report["median_ms"], 1, 0),
            )
        ]
        papers = [
            (f"{row['title']} {row['year']}", row["mean_iou"], row["frames_per_second"])
            for row in report["published"]
        ]
        for cells in papers or [("",) * 3]:
            rows.append([form, *costs, *cells])
    size = "x".join(map(str, input_size))
    print_table(
        f"Every model at {size} and {NUM_CLASSES} classes; mIoU and fps as published", columns, rows
    )
