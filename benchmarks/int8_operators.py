"""Which operators have a fast int8 kernel in the installed LiteRT, and which the audit warns of.

    python benchmarks/int8_operators.py --runs 20

Each is converted alone, once in float32 and once in int8, and timed on a map of 96x96x32 and one
thread. What takes several times as long in int8 runs on a reference kernel: the audit has to know
it (`deploy.export.audit.SLOW_IN_INT8`).
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from results import print_markdown

from deploy.export.audit import SLOW_IN_INT8
from deploy.operator_times import time_operators
from deploy.runtimes.native_log import silenced
from tools.cli import command, write_json

HEIGHT, WIDTH, CHANNELS = SHAPE = (96, 96, 32)
SLOPES = np.full((1, 1, CHANNELS), -0.25, "float32")
KERNEL = np.random.default_rng(0).normal(0, 0.05, (3, 3, CHANNELS, CHANNELS)).astype("float32")
TWICE = (2 * HEIGHT, 2 * WIDTH)
LAYERS = {
    "ABS": tf.abs,
    "ADD": lambda x: x + 0.5 * x,
    "ARG_MAX": lambda x: tf.argmax(x, axis=-1, output_type=tf.int32),
    "AVERAGE_POOL_2D": lambda x: tf.nn.avg_pool2d(x, 48, 48, "VALID"),
    "BATCH_MATMUL": lambda x: tf.matmul(x, x, transpose_b=True),
    "CONCATENATION": lambda x: tf.concat([x, x], axis=-1),
    "CONV_2D": lambda x: tf.nn.conv2d(x, KERNEL, 1, "SAME"),
    "DEPTHWISE_CONV_2D": lambda x: tf.nn.depthwise_conv2d(x, KERNEL[..., :1], [1] * 4, "SAME"),
    "DIV": lambda x: x / (x * x + 1.0),
    "ELU": tf.nn.elu,
    "EQUAL": lambda x: tf.cast(tf.equal(0.01 * x, 0.02 * x), tf.float32),
    "HARD_SWISH": lambda x: x * tf.nn.relu6(x + 3.0) * (1.0 / 6.0),
    "LOGISTIC": tf.sigmoid,
    "MAXIMUM": lambda x: tf.maximum(x, 0.5 * x),
    "MAX_POOL_2D": lambda x: tf.nn.max_pool2d(x, 2, 2, "SAME"),
    "MEAN": lambda x: tf.reduce_mean(x, axis=(1, 2)),
    "MINIMUM": lambda x: tf.minimum(x, 0.0),
    "MUL": lambda x: x * x,
    "PAD": lambda x: tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]),
    "PRELU": lambda x: tf.nn.relu(x) + SLOPES * tf.nn.relu(-x),
    "RELU": tf.nn.relu,
    "RELU6": tf.nn.relu6,
    "RESIZE_BILINEAR": lambda x: tf.image.resize(x, TWICE),
    "RESIZE_NEAREST_NEIGHBOR": lambda x: tf.image.resize(x, TWICE, "nearest"),
    "RSQRT": lambda x: tf.math.rsqrt(x * x + 1.0),
    "SOFTMAX": tf.nn.softmax,
    "SPLIT": lambda x: tf.add(*tf.split(x, 2, axis=-1)),
    "SQUARED_DIFFERENCE": lambda x: tf.math.squared_difference(x, x * x),
    "SUB": lambda x: x - x * x,
    "TANH": tf.tanh,
    "TRANSPOSE": lambda x: tf.transpose(x, (0, 2, 1, 3)),
    "TRANSPOSE_CONV": lambda x: tf.nn.conv2d_transpose(x, KERNEL, (1, *TWICE, CHANNELS), 2),
}
SLOW = 5.0  # times its float32 kernel


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints one table, the slowest in int8 first."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20, help="timed runs of each")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(argv)
    rows = []
    for name, layer in LAYERS.items():
        float_ms, int8_ms = (time_ms(name, layer, as_int8, args.runs) for as_int8 in (False, True))
        rows.append((name, float_ms, int8_ms, int8_ms / float_ms))
    rows.sort(key=lambda row: -row[-1])
    columns = ("operator", "float32 ms", "int8 ms", "int8 / float32", "the audit warns")
    told = [
        (name, f"{float_ms:.2f}", f"{int8_ms:.2f}", f"{ratio:.1f}", comment(name, ratio))
        for name, float_ms, int8_ms, ratio in rows
    ]
    print_markdown(columns, told)
    write_json(args.json, {name: {"float32_ms": f, "int8_ms": i} for name, f, i, _ in rows})


def comment(name: str, ratio: float) -> str:
    """Whether the audit tells of an operator, and whether it should."""
    if (ratio >= SLOW) == (name in SLOW_IN_INT8):
        return "yes" if name in SLOW_IN_INT8 else ""
    return "MISSING" if ratio >= SLOW else "no longer needed"


def time_ms(name: str, layer: Callable, as_int8: bool, runs: int) -> float:
    """Converts a layer and times the operators of one name in it."""
    spec = tf.TensorSpec((1, *SHAPE))
    function = tf.function(layer, autograph=False).get_concrete_function(spec)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], function)
    if as_int8:
        images = np.random.default_rng(0).normal(0, 2, (4, 1, *SHAPE)).astype("float32")
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([image] for image in images)
    with tempfile.TemporaryDirectory() as folder, silenced():
        path = Path(folder) / "m.tflite"
        path.write_bytes(converter.convert())
        rows, _ = time_operators(path, 1, runs)
    times_ms = [row["median_ms"] for row in rows if row["kind"] == name]
    if not times_ms:
        raise RuntimeError(f"{name} became {', '.join(row['kind'] for row in rows)} instead.")
    return sum(times_ms)


if __name__ == "__main__":
    sys.exit(main())
