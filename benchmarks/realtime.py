"""The real-time family at 512x1024: Keras, float32 and int8 files in turn, and what limits them.

    python benchmarks/realtime.py --json realtime.json

Weights are random, those of the shipped LR-ASPP excepted: it finds areas of one class, which are
faster to decide on than noise, and has 11 classes instead of 19. The image is a drawn road.
Everything runs on two cores with batch 1 and ends in the class of every pixel: `predict_on_batch`
of the Keras model, then the two files, round by round; ratios are medians over the rounds. The peak
is that of the fastest of some dense int8 convolutions, measured in the same run. Close other
programs first.
"""

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
from results import print_markdown
from rich.console import Console
from rich.progress import track

from deploy.export.tflite import CALIBRATED, export_tflite
from deploy.operator_times import heaviest, time_operators
from deploy.runtimes import load_runtime
from seg_keras.data.roads import drive
from seg_keras.models import build_model, deployable, load_model
from seg_keras.models.counting import count_macs, count_weights
from tools.cli import command, write_json

CORES = 2
INPUT_SIZE, NUM_CLASSES = (512, 1024), 19
PRECISIONS = ("float32", "int8")
WARM_UP_RUNS = 3
MIN_OVER_KERAS, MIN_OVER_FLOAT, MIN_OF_PEAK = 2.0, 1.5, 0.6
FORMS = {
    "ICNet, MobileNetV2": ("icnet", {}),
    "LR-ASPP, MobileNetV3-Small": ("lraspp", {}),
    "DeepLab v3, MobileNetV2": ("deeplab_v3", {"head": "pooling"}),
    "LR-ASPP, MobileNetV3-Large": ("lraspp", {"backbone": "mobilenet_v3_large"}),
    "DeepLab v3+, MobileNetV2": ("deeplab_v3_plus", {}),
    "ICNet, ResNet-50": ("icnet", {"backbone": "resnet50"}),
    "ENet": ("enet", {}),
    "LEDNet": ("lednet", {}),
    "ESNet": ("esnet", {}),
    "FasterSeg": ("fasterseg", {}),
    "FRRN-A": ("frrn", {}),
}
TRAINED = Path(__file__).parents[1] / "zoo" / "lraspp_camvid"
# Frames a second that are enough whatever the peak is; None where no number of them is asked for.
BOUNDED = {
    "ICNet, MobileNetV2": 30,
    "LR-ASPP, MobileNetV3-Small": 50,
    TRAINED.name: 50,
    "DeepLab v3, MobileNetV2": None,
}
COLUMNS = (
    "model", "weights", "multiply-adds", "Keras ms", "float32 ms", "faster", "int8 ms", "faster",
    "int8 frames a second", "of the int8 peak", "where int8 spends its time",
)  # fmt: skip


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints two tables: all models, and the bounds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [TRAINED.name, *FORMS]
    parser.add_argument("--model", nargs="+", choices=names, default=names, help="only these")
    parser.add_argument("--runs", type=int, default=15, help="timed rounds of each")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(argv)
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        peak = peak_macs_per_s(Path(folder), args.runs)
        for name in track(args.model, "Measuring", console=Console(stderr=True)):
            report = measure(build(name), args.runs, Path(folder))
            reports.append({"name": name, **report})
    for report in reports:
        report["of_peak"] = report["macs"] * report["frames_per_second"] / peak
    print_markdown(COLUMNS, [row(report) for report in reports])
    print(f"The peak: {peak / 1e9:.0f} billion int8 multiply-adds a second.\n")
    bounds = [bound for report in reports if report["name"] in BOUNDED for bound in check(report)]
    print_markdown(("what", "bound", "measured", ""), bounds)
    write_json(args.json, {"peak_macs_per_s": peak, "models": reports})


def build(name: str) -> keras.Model:
    """The model of a row: one of `FORMS` for the classes of Cityscapes, or the trained one."""
    shape = (*INPUT_SIZE, 3)
    if name == TRAINED.name:
        return deployable(load_model(TRAINED, input_shape=shape))
    keras.utils.set_random_seed(0)
    model_name, options = FORMS[name]
    return deployable(build_model(model_name, NUM_CLASSES, shape, **options))


def measure(model: keras.Model, runs: int, folder: Path) -> dict:
    """Exports a model; times it in Keras and in both files."""
    class_ids = keras.Model(model.input, keras.ops.argmax(model.output["logits"], axis=-1))
    class_ids.compile(jit_compile=False)  # XLA is slower on CPUs
    files = {precision: export(model, precision, folder) for precision in PRECISIONS}
    image = next(drive(seed=0, size=INPUT_SIZE))[0][None]
    pixels = image.astype("float32")
    calls = {"keras": lambda: class_ids.predict_on_batch(pixels)}
    for precision, path in files.items():
        runtime = load_runtime(path, CORES)
        calls[precision] = lambda runtime=runtime: runtime.run(image)
    times = take_turns(calls, runs)
    groups = heaviest(time_operators(files["int8"], CORES, runs)[0])
    int8_ms = statistics.median(times["int8"])
    return {
        "weights": count_weights(model),
        "macs": count_macs(model),
        **{f"{way}_ms": statistics.median(own) for way, own in times.items()},
        "over_keras": median_ratio(times["keras"], times["float32"]),
        "over_float": median_ratio(times["float32"], times["int8"]),
        "frames_per_second": 1000 / int8_ms,
        "int8_operators": groups,
    }


def export(model: keras.Model, precision: str, folder: Path) -> Path:
    """Writes a .tflite file, calibrated on drawn road scenes."""
    num_classes = model.output["logits"].shape[-1]
    description = {
        "model": model.name,
        "classes": [f"class {index}" for index in range(num_classes)],
        "palette": [[index] * 3 for index in range(num_classes)],
        "source_model_sha256": "0" * 64,
    }
    scenes = itertools.islice(drive(seed=0, size=model.input_shape[1:3], fps=1.0), 2)
    images = (image for image, _ in scenes) if precision in CALIBRATED else None
    path = folder / f"{precision}.tflite"
    export_tflite(model, path, description, precision, images)
    return path


def take_turns(calls: dict[str, Callable], runs: int) -> dict[str, list[float]]:
    """Milliseconds of each call in each round, after some rounds that do not count."""
    times = {name: [] for name in calls}
    for _, (name, call) in itertools.product(range(WARM_UP_RUNS + runs), calls.items()):
        begun = time.perf_counter()
        call()
        times[name].append(1e3 * (time.perf_counter() - begun))
    return {name: own[WARM_UP_RUNS:] for name, own in times.items()}


def median_ratio(first: list[float], second: list[float]) -> float:
    """How many times as long the first takes, within a round."""
    return statistics.median(a / b for a, b in zip(first, second, strict=True))


def peak_macs_per_s(folder: Path, runs: int) -> float:
    """What the machine reaches on dense 3x3 int8 convolutions from 256 to 256 channels."""
    height, width, filters = 64, 128, 256
    images = x = keras.Input((height, width, 3))
    for _ in range(4):
        x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    logits = keras.layers.Conv2D(2, 1)(x)
    path = export(keras.Model(images, {"logits": logits}, name="dense"), "int8", folder)
    rows, _ = time_operators(path, CORES, runs)
    times_ms = [row["median_ms"] for row in rows if row["size"] == (height, width, filters)]
    return 9 * filters * filters * height * width / (min(times_ms[1:]) / 1e3)


def row(report: dict) -> tuple[str, ...]:
    """A model in the table."""
    groups = report["int8_operators"]
    sum_ms = sum(group["sum_ms"] for group in groups)
    limits = ", ".join(
        f"{group['kind']} {'x'.join(map(str, group['size']))} {group['sum_ms'] / sum_ms:.0%}"
        for group in groups[:3]
    )
    return (
        report["name"],
        f"{report['weights'] / 1e6:.2f} M",
        f"{report['macs'] / 1e9:.1f} G",
        f"{report['keras_ms']:.0f}",
        f"{report['float32_ms']:.0f}",
        f"{report['over_keras']:.2f}",
        f"{report['int8_ms']:.1f}",
        f"{report['over_float']:.2f}",
        f"{report['frames_per_second']:.1f}",
        f"{report['of_peak']:.0%}",
        limits,
    )


def check(report: dict) -> list[tuple[str, ...]]:
    """The bounds of one model, each kept or missed."""

    def told(kept: bool) -> str:
        return "kept" if kept else "MISSED"

    name, over_keras, over_float = report["name"], report["over_keras"], report["over_float"]
    bounds = [
        (f"{name}: float32 file against Keras", f">= {MIN_OVER_KERAS}", f"{over_keras:.2f}",
         told(over_keras >= MIN_OVER_KERAS)),
        (f"{name}: int8 against float32", f">= {MIN_OVER_FLOAT}", f"{over_float:.2f}",
         told(over_float >= MIN_OVER_FLOAT)),
    ]  # fmt: skip
    if enough := BOUNDED[name]:
        fps, of_peak = report["frames_per_second"], report["of_peak"]
        bound = f">= {enough} frames a second or {MIN_OF_PEAK:.0%} of the peak"
        kept = fps >= enough or of_peak >= MIN_OF_PEAK
        bounds.append((f"{name}: int8", bound, f"{fps:.1f}, {of_peak:.0%}", told(kept)))
    return bounds


if __name__ == "__main__":
    sys.exit(main())
