"""Whether an engine may run here, and if not, the command that builds it again.

A plan only runs on the GPU architecture, system and version of TensorRT that it was built for.
"""

import hashlib
import shlex
from pathlib import Path

from deploy.runtimes.artifact import read_description

# What has to be the same where a plan was built and where it runs.
BOUND_TO = {
    "tensorrt": "TensorRT",
    "compute_capability": "compute capability",
    "os": "operating system",
}


def check_identity(path: Path, built: dict, here: dict) -> None:
    """Refuses an engine that was built on another machine or by another TensorRT.

    Args:
        path: The engine, for the message; the .onnx file that it was built from may be beside it.
        built: The description's `engine`.
        here: `tensorrt` and what `Cuda.identity` gives.

    Raises:
        ValueError: With what differs and how to build it again.
    """
    bound = dict(BOUND_TO)
    if built.get("version_compatible"):
        bound.pop("tensorrt")  # TensorRT itself decides, from its major version on
    differences = [
        f"{name} {built.get(key)}, here {here[key]}"
        for key, name in bound.items()
        if built.get(key) != here[key]
    ]
    if not differences:
        return
    onnx = path.with_suffix(".onnx")
    remedy = "Build it here from its .onnx file, which belongs beside it"
    if onnx.is_file() and file_hash(onnx) == built.get("onnx_sha256"):
        remedy = f"Build it again: {rebuild_command(path, built)}"
    raise ValueError(f"{path}: was built with {'; '.join(differences)}. {remedy}")


def rebuild_command(path: Path, built: dict) -> str:
    """The command that builds an engine from what lies beside it, as `tools/export.py` leaves it.

    What does not lie there is named in capitals. The words are those of files that were found and
    numbers of the description, never its texts: a shell may be given them.

    Args:
        path: The engine; `NAME.onnx` is beside it, and `NAME_images` and the float32 .onnx file
            of the same model may be.
        built: The description's `engine`.
    """
    images = path.with_name(f"{path.stem}_images")
    flags = {
        "--onnx": path.with_suffix(".onnx"),
        "--reference": find_reference(path) or "FLOAT32_ONNX_FILE",
        "--images": images if images.is_dir() else "FOLDER_OF_IMAGES",
        "--output": path,
    }
    for key in ("max_batch", "dla_core"):
        if type(built.get(key)) is int:
            flags[f"--{key.replace('_', '-')}"] = built[key]
    words = [str(word) for pair in flags.items() for word in pair]
    words += ["--version-compatible"] if built.get("version_compatible") is True else []
    return shlex.join(["python", "tools/build_engine.py", *words, "--force"])


def find_reference(path: Path) -> Path | None:
    """The .onnx artifact beside an engine that is its model in float32, if there is one."""
    model = read_description(path).get("source_model_sha256")
    for onnx in sorted(path.parent.glob("*.onnx")):
        try:
            description = read_description(onnx)
        except ValueError:
            continue  # none of ours
        of_same_model = model and description.get("source_model_sha256") == model
        if of_same_model and description["quantization"]["precision"] == "float32":
            return onnx
    return None


def file_hash(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
