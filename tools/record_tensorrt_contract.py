"""Records the names, signatures and enum members of TensorRT's Python bindings, without a GPU.

    pip download --no-deps tensorrt-cu13-bindings
    python tools/record_tensorrt_contract.py --wheel tensorrt_cu13_bindings-*.whl --output FILE

The bindings link NVIDIA's libraries, which are large and need a driver. They are imported once
here with empty libraries in their place: nothing can be called, but everything can be looked at.
The tests check every use of TensorRT in `deploy` against the records in `tests/deploy`.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tools.cli import DONE, command, print_table, write_json

CLASSES = (
    "Builder BuilderFlag DeviceType EngineInspector IBuilderConfig ICudaEngine IExecutionContext "
    "IHostMemory ILogger INetworkDefinition IOptimizationProfile IProgressMonitor ITensor "
    "ITimingCache LayerInformationFormat Logger MemoryPoolType NetworkDefinitionCreationFlag "
    "OnnxParser ParserError ProfilingVerbosity Runtime TensorIOMode"
)
LOOK = r"""
import json, re, sys
import tensorrt_bindings as trt
record = {"version": trt.__version__, "classes": {}}
for name in sys.argv[1:]:
    cls, members = getattr(trt, name), {}
    for key in sorted(dir(cls)):
        member = getattr(cls, key)
        if not key.startswith("_") or key == "__init__":
            doc = getattr(member, "__doc__", None) or ""
            # One line, or a numbered one for each overload.
            lines = re.findall(rf"^\s*(?:\d+\. )?({key}\(.*\) -> .*)$", doc, re.MULTILINE)
            members[key] = "\n".join(line.strip() for line in lines)
    record["classes"][name] = members
print(json.dumps(record))
"""


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Unpacks, imports in another process, and writes what was seen."""
    arguments = parse(argv)
    if not arguments.wheel.is_file():
        raise FileNotFoundError(f"{arguments.wheel}: no such file. Get it with pip download.")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        zipfile.ZipFile(arguments.wheel).extractall(folder)
        make_empty_libraries(folder / "tensorrt_bindings" / "tensorrt.so", folder)
        environment = os.environ | {"LD_LIBRARY_PATH": str(folder), "PYTHONPATH": str(folder)}
        look = [sys.executable, "-c", LOOK, *CLASSES.split()]
        result = subprocess.run(look, env=environment, capture_output=True, text=True)
        if result.returncode:
            raise RuntimeError(f"{arguments.wheel}: cannot be imported. {result.stderr[-500:]}")
        record = json.loads(result.stdout)
    write_json(arguments.output, record)
    rows = [[name, len(members)] for name, members in record["classes"].items()]
    print_table(f"TensorRT {record['version']}", ("class", "members"), rows)
    return DONE


def make_empty_libraries(bindings: Path, folder: Path) -> None:
    """Compiles the libraries that the bindings need, with entry points that do nothing."""
    needed = _read(["readelf", "-d", str(bindings)], r"\[(libnv\w+\.so[.\d]*)\]")
    entries = _read(
        ["nm", "-D", "--undefined-only", str(bindings)], r"U (\w*(?:Nv|get|create)\w*)$"
    )
    source = folder / "empty.c"
    source.write_text("".join(f"void* {name}(void) {{ return 0; }}\n" for name in entries))
    for library in needed:
        flags = ["-shared", "-fPIC", f"-Wl,-soname,{library}"]
        subprocess.run(["cc", *flags, str(source), "-o", str(folder / library)], check=True)


def _read(program: list[str], pattern: str) -> list[str]:
    output = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    return re.findall(pattern, output, re.MULTILINE)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--wheel", type=Path, required=True, help="tensorrt-cu12-bindings or -cu13-bindings")
    add("--output", type=Path, required=True, metavar="JSON", help="the record to write")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
