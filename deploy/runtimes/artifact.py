"""An artifact is one file that describes itself: what goes in, what comes out, what was proved.

A .tflite carries its description as a ZIP archive after its last byte, as TensorFlow Lite's own
metadata does (https://ai.google.dev/edge/litert/conversion/tensorflow/metadata): readers of the
model ignore what follows it, and any ZIP tool lists the two members. `seg_keras.json` holds:

    format_version        1
    model                 name of the architecture
    classes, palette      class names, and [red, green, blue] of each
    ignore_label          255, a label that counts for no class
    input_size            [height, width] in pixels
    channels, color_order 3, "RGB"
    value_range           [0, 255]: frames go in as they are, the graph normalises them
    resize                "bilinear", a frame to `input_size`; classes come back by nearest
    output_kind           "argmax" (class ids) or "logits"
    quantization          precision, and for int8 the images that calibrated it
    source_model_sha256   of the Keras file
    libraries             versions that wrote the artifact
    parity                the verdict of the gate, see `deploy.export.parity`

`labels.txt` holds the class names, a line each, for tools that know nothing of ours.
"""

import io
import json
import zipfile
from pathlib import Path

FORMAT_VERSION = 1
DESCRIPTION, LABELS = "seg_keras.json", "labels.txt"
# What is the same in every artifact.
FRAME_CONTRACT = {
    "format_version": FORMAT_VERSION,
    "ignore_label": 255,
    "channels": 3,
    "color_order": "RGB",
    "value_range": [0, 255],
    "resize": "bilinear",
}
REQUIRED = ("format_version", "classes", "palette", "input_size", "output_kind")


def write_description(path: Path, description: dict) -> None:
    """Puts a description into an artifact, in place of one that is there.

    The same description always gives the same bytes, and a crash leaves the old file whole.
    """
    path = Path(path)
    members = {
        DESCRIPTION: json.dumps(description),
        LABELS: "\n".join(description["classes"]) + "\n",
    }
    whole = io.BytesIO(read_model(path))
    with zipfile.ZipFile(whole, "a") as archive:
        for name, text in members.items():
            member = zipfile.ZipInfo(name)  # has a fixed date, a name alone would take today's
            member.external_attr = 0o644 << 16  # `unzip` makes files that can be read
            archive.writestr(member, text)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(whole.getvalue())
    partial.replace(path)


def read_model(path: Path) -> bytes:
    """Reads an artifact without its description, which is the engine's own file."""
    content = Path(path).read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # Offsets count from the start of the file; the model ends where the first one begins.
            return content[: min(member.header_offset for member in archive.infolist())]
    except (zipfile.BadZipFile, ValueError):
        return content  # nothing appended


def read_description(path: Path) -> dict:
    """Reads what an artifact says of itself.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds no description, or one that this version cannot read.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file. Make it with tools/export.py.")
    try:
        with zipfile.ZipFile(path) as archive:
            description = json.loads(archive.read(DESCRIPTION))
    except (zipfile.BadZipFile, KeyError):
        raise ValueError(
            f"{path}: holds no description of its classes and sizes. Either tools/export.py did "
            f"not make it, or the copy is incomplete: export or copy it again."
        ) from None
    except ValueError as error:
        raise ValueError(f"{path}: its {DESCRIPTION} is damaged ({error}). Export again.") from None
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
    return description
