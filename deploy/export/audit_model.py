"""What would go wrong with a Keras model in a file, told before it is trained.

The model's TensorFlow graph is traced, not converted, which takes seconds. Every rule was seen to
matter: the operator named leaves the engine named for the reason named.
"""

import dataclasses
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from deploy.export.float32 import to_float32

MAX_CONCAT = 4  # inputs that XNNPACK documents for CONCATENATION


@dataclasses.dataclass(frozen=True)
class Finding:
    """One operator that an engine does not take, or takes badly.

    Args:
        cause: What it is, in a word or two; the same for the same rule.
        layer: Where it is in the model.
        leaves: Which engines it leaves, and why.
        remedy: What to use instead.
    """

    cause: str
    layer: str
    leaves: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.cause} at {self.layer}: {self.leaves}. {self.remedy}."


def audit_model(model: keras.Model, batch: int | None = 1) -> list[Finding]:
    """Lists what of a model would leave XNNPACK, the GPU delegate or TensorRT.

    Args:
        model: From images (B, H, W, C) to a dict with "logits"; other outputs are not exported.
        batch: The batch size that it is going to be exported with; `tools/export.py` takes 1,
            `keras.Model.export` leaves it open (None).

    Returns:
        The findings in the order of the graph; none for a clean model.
    """
    findings = []
    height, width, _ = model.input_shape[1:]
    if None in (height, width):
        findings.append(
            Finding(
                "dynamic shape",
                f"the input, {height}x{width}",
                "LiteRT splits dilated convolutions and computes sizes at run time, XNNPACK takes "
                "no resize of an open size, and TensorRT needs a range of sizes",
                "Build the model at a fixed size",
            )
        )
    return findings + [finding for op in _operations(model, batch) for finding in _check(op)]


def _operations(model: keras.Model, batch: int | None) -> Iterator[tf.Operation]:
    """Yields the operations that the logits need."""
    model = to_float32(model)
    logits = tf.function(lambda image: model(image, training=False)["logits"])
    graph = logits.get_concrete_function(tf.TensorSpec((batch, *model.input_shape[1:]))).graph
    needed, queue = set(), [tensor.op for tensor in graph.outputs]
    while queue:
        op = queue.pop()
        if op not in needed:
            needed.add(op)
            queue += [tensor.op for tensor in op.inputs] + list(op.control_inputs)
    return (op for op in graph.get_operations() if op in needed)


def _check(op: tf.Operation) -> Iterator[Finding]:
    rule = RULES.get(op.type)
    if rule:
        cause, fault, remedy = rule
        leaves = fault(op)
        if leaves:
            yield Finding(cause, op.name, leaves, remedy)


def _split_convolution(op: tf.Operation) -> str:
    # The converter joins it into one dilated convolution again where the shape is known.
    if None not in op.inputs[0].shape:
        return ""
    return f"with the open shape {op.inputs[0].shape} it stays split in three, and no GPU takes it"


def _long_concat(op: tf.Operation) -> str:
    count = len(op.inputs) - 1  # the last one is the axis
    return f"XNNPACK takes {MAX_CONCAT} inputs, not {count}" if count > MAX_CONCAT else ""


def _open_resize(op: tf.Operation) -> str:
    constant = tf.get_static_value(op.inputs[1]) is not None
    return "" if constant else "XNNPACK and the GPU delegate take a constant size only"


def _always(reason: str) -> Callable[[tf.Operation], str]:
    return lambda op: reason


NO_KERNEL = "LiteRT and TensorRT have no kernel for it"
FIXED_SIZE = "Build the model at a fixed size, and export it with batch 1"
# TensorFlow's operation: the cause, what is wrong with one (nothing: an empty text), the remedy.
RULES = {
    "SpaceToBatchND": ("dilated convolution of an open shape", _split_convolution, FIXED_SIZE),
    "ArgMax": (
        "argmax in the model",
        _always("XNNPACK and the GPU delegate have none"),
        "Let the model give logits: the export adds the argmax, or leaves it out with "
        "--output-kind logits",
    ),
    "ConcatV2": (
        "long concatenation",
        _long_concat,
        "Concatenate in two steps, or add the branches",
    ),
    "MaxPoolWithArgmax": (
        "unpooling by indices",
        _always(NO_KERNEL),
        "Use seg_keras.layers.MaxUnpooling2D, or upsampling",
    ),
    **dict.fromkeys(
        ("ResizeBilinear", "ResizeNearestNeighbor"),
        ("resize to an open size", _open_resize, "Resize to a size known at build time"),
    ),
    **dict.fromkeys(
        ("ResizeBicubic", "ResizeArea", "ScaleAndTranslate"),
        ("resize mode", _always(NO_KERNEL), 'Use "bilinear" or "nearest"'),
    ),
}
