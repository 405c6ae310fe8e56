"""What the dense CRF costs beside the authors' C++: 240x320 pixels, 11 classes, 10 iterations.

    pip install pydensecrf2  # needs a C++ compiler
    python benchmarks/crf.py --image CamVid/val/0016E5_07959.png

Ours is compiled nowhere; the first call stands apart all the same, since it loads SciPy. Both
alternate within one run, so that the ratio holds on a busy machine too; times are those of the
processor.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from pydensecrf import densecrf

from seg_keras.data.roads import drive
from seg_keras.inference import DenseCRF
from tools.cli import command, print_table, write_json

SIZE, NUM_CLASSES, CELL = (240, 320), 11, 20
CRF = DenseCRF(bilateral_weight=10.0, bilateral_xy=80.0, bilateral_rgb=13.0, spatial_xy=3.0)


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--image", type=Path, help="of any size (a drawn road)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args(argv)
    rng = np.random.default_rng(0)
    probabilities = guess(rng)
    images = {
        "image": open_image(arguments.image),
        "noise": rng.integers(0, 256, (*SIZE, 3), "uint8"),
    }
    _, first_s = timed(lambda: CRF(images["image"], probabilities))
    report = {
        name: compare(image, probabilities, arguments.rounds) for name, image in images.items()
    }
    print_table(
        "240x320 pixels, 11 classes, 10 iterations",
        ("", "median s", "C++ s", "ratio", "labels that agree"),
        [
            (
                name,
                f"{x['ours_s']:.2f}",
                f"{x['theirs_s']:.2f}",
                f"{x['ratio']:.2f}",
                f"{x['agreement']:.2%}",
            )
            for name, x in report.items()
        ],
    )
    print(f"The first call took {first_s:.2f} s.")
    write_json(arguments.json, {**report, "first_s": first_s})


def compare(image: np.ndarray, probabilities: np.ndarray, rounds: int) -> dict[str, float]:
    """Median processor times of both in seconds, their ratio, and the part of equal labels."""
    times = {"ours_s": [], "theirs_s": []}
    for _ in range(rounds):
        ours, seconds = timed(lambda: CRF(image, probabilities))
        times["ours_s"].append(seconds)
        theirs, seconds = timed(lambda: refine_in_cpp(image, probabilities))
        times["theirs_s"].append(seconds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    agreement = (ours.argmax(-1) == theirs.argmax(-1)).mean()
    ratio = medians["ours_s"] / medians["theirs_s"]
    return {**medians, "ratio": ratio, "agreement": float(agreement)}


def timed(task: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    """What a task gives, and the seconds of the processor it took."""
    started = time.process_time()
    result = task()
    return result, time.process_time() - started


def refine_in_cpp(image: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The same refinement by the authors' code."""
    field = densecrf.DenseCRF2D(SIZE[1], SIZE[0], NUM_CLASSES)
    unary = -np.log(np.clip(probabilities, 1e-5, 1)).reshape(-1, NUM_CLASSES).T
    field.setUnaryEnergy(np.ascontiguousarray(unary, "float32"))
    field.addPairwiseGaussian(sxy=CRF.spatial_xy, compat=CRF.spatial_weight)
    field.addPairwiseBilateral(
        sxy=CRF.bilateral_xy, srgb=CRF.bilateral_rgb, rgbim=image, compat=CRF.bilateral_weight
    )
    refined = np.array(field.inference(CRF.iterations))
    return refined.T.reshape(probabilities.shape)


def guess(rng: np.random.Generator) -> np.ndarray:
    """Probabilities that lean to one class in each square, under much noise."""
    labels = rng.integers(0, NUM_CLASSES, (SIZE[0] // CELL, SIZE[1] // CELL))
    labels = np.kron(labels, np.ones((CELL, CELL), int))
    scores = np.exp(rng.normal(size=(*SIZE, NUM_CLASSES)) + 1.5 * np.eye(NUM_CLASSES)[labels])
    return (scores / scores.sum(axis=-1, keepdims=True)).astype("float32")


def open_image(path: Path | None) -> np.ndarray:
    """The picture uint8 (240, 320, 3)."""
    if path is None:
        return next(drive(0, SIZE))[0]
    image = np.array(Image.open(path).convert("RGB"))
    return cv2.resize(image, SIZE[::-1], interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    sys.exit(main())
