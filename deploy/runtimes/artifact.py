"""An artifact is one file that describes itself: what goes in, what comes out, what was proved.

The description is JSON, kept where the engine's own reader ignores it: in a .tflite file as the
member `seg_keras.json` of a ZIP archive after the model (`zip_tail`), with the class names as
`labels.txt` for tools that know nothing of ours; in an .onnx file as the entry `seg_keras.json`
of its metadata (`onnx_properties`); in an .engine file as a header (`engine_header`). It holds:

    format_version        1
    model                 name of the architecture
    classes, palette      class names, and [red, green, blue] of each
    ignore_label          255, a label that counts for no class
    input_size            [height, width] in pixels
    margin                [height, width] in pixels that the output is smaller by on each side;
                          the frame is scaled to what is left and mirrored around it
    channels, color_order 3, "RGB"
    value_range           [0, 255]: frames go in as they are, the graph normalises them
    resize                "bilinear", a frame to `input_size`; class ids come back by nearest,
                          logits by bilinear
    output_kind           "argmax" (class ids), "logits" or "argmax+confidence"
    quantization          precision; the images that calibrated int8 and int16; parts left in float
    source_model_sha256   of the Keras file
    libraries             versions that wrote the artifact
    parity                the verdict of the gate, see `deploy.export.parity`
    engine                of an .engine file: what it was built with and for

It is read as data, up to `MAX_BYTES`; nothing in it is run or used as a path.
"""

import json
from pathlib import Path

from deploy.runtimes import engine_header, onnx_properties, zip_tail

FORMAT_VERSION = 1
DESCRIPTION, LABELS = "seg_keras.json", "labels.txt"
MAX_BYTES = 1 << 20
OUTPUTS = {  # of a graph, by output kind
    "argmax": ("classes",),
    "logits": ("logits",),
    "argmax+confidence": ("classes", "confidence"),
}
# What is the same in every artifact.
FRAME_CONTRACT = {
    "format_version": FORMAT_VERSION,
    "ignore_label": 255,
    "channels": 3,
    "color_order": "RGB",
    "value_range": [0, 255],
    "resize": "bilinear",
}
REQUIRED = (
    "format_version",
    "classes",
    "palette",
    "input_size",
    "output_kind",
    "quantization",
)


def write_description(path: Path, description: dict) -> None:
    """Puts a description into an artifact, in place of one that is there.

    The same description always gives the same bytes, and a crash leaves the old file whole.
    """
    path = Path(path)
    content, text = path.read_bytes(), json.dumps(description)
    match path.suffix:
        case ".onnx":
            content = onnx_properties.join(content, DESCRIPTION, text)
        case ".engine":
            content = engine_header.join(engine_header.split(content), text)
        case _:
            labels = "\n".join(description["classes"]) + "\n"
            content = zip_tail.join(content, {DESCRIPTION: text, LABELS: labels})
    replace(path, content)


def replace(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all, also where the disk is full."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read_description(path: Path) -> dict:
    """Reads what an artifact says of itself.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds no description, or one that this version cannot read.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file. Make it with tools/export.py.")
    try:
        text = _read_text(path)
        description = None if text is None else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: its {DESCRIPTION} is damaged ({error}). Export again.") from None
    if not isinstance(description, dict):
        raise ValueError(
            f"{path}: holds no description of its classes and sizes. Either tools/export.py did "
            f"not make it, or the copy is incomplete: export or copy it again."
        )
    version = description.get("format_version")
    if version != FORMAT_VERSION:
        raise ValueError(
            f"{path}: its description has format version {version}, this program reads "
            f"{FORMAT_VERSION}. Export the model again with this version."
        )
    missing = [key for key in REQUIRED if key not in description]
    if missing:
        raise ValueError(
            f"{path}: its description lacks {', '.join(missing)}. Export the model again."
        )
    wrong = _wrong(description)
    if wrong:
        raise ValueError(f"{path}: {wrong} in its description. Export the model again.")
    return description


def _read_text(path: Path) -> bytes | None:
    content = path.read_bytes()
    match path.suffix:
        case ".onnx":
            return onnx_properties.read(content, DESCRIPTION, MAX_BYTES)
        case ".engine":
            return engine_header.read(content, MAX_BYTES)
        case _:
            return zip_tail.read(content, DESCRIPTION, MAX_BYTES)


def _wrong(description: dict) -> str:
    """Says what a program would stumble over later; nothing if all is as it should be."""
    size, kind = description["input_size"], description["output_kind"]
    if not (_integers(size, 2) and min(size) > 0):
        return f"input_size is {size!r} and not [height, width]"
    if not isinstance(kind, str) or kind not in OUTPUTS:
        return f"output_kind is {kind!r} and not one of {', '.join(OUTPUTS)}"
    quantization = description["quantization"]
    if not isinstance(quantization, dict) or not isinstance(quantization.get("precision"), str):
        return f"quantization is {quantization!r} and names no precision"
    if not isinstance(description.get("engine", {}), dict):
        return f"engine is {description['engine']!r} and not what it was built with"
    margin = description.get("margin", [0, 0])
    if not (
        _integers(margin, 2) and all(0 <= m < s / 2 for m, s in zip(margin, size, strict=True))
    ):
        return f"margin is {margin!r} and not [height, width] within {size}"
    classes, palette = description["classes"], description["palette"]
    if not (isinstance(classes, list) and all(isinstance(name, str) for name in classes)):
        return f"classes are {classes!r} and not a list of names"
    colors_fit = isinstance(palette, list) and len(palette) == len(classes)
    if not colors_fit or not all(_integers(c, 3) and 0 <= min(c) <= max(c) < 256 for c in palette):
        return f"the palette is not one [red, green, blue] for each of {len(classes)} classes"
    return ""


def _integers(value: object, count: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == count
        and all(isinstance(v, int) and not isinstance(v, bool) for v in value)
    )
