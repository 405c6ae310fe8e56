"""The packages may only import downwards; this table is the whole rule."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# package -> the project packages it may import, itself aside
MAY_IMPORT = {
    "seg_keras.layers": set(),
    "seg_keras.losses": set(),
    "seg_keras.metrics": set(),
    "seg_keras.data": set(),
    "seg_keras.backbones": {"seg_keras.layers"},
    "seg_keras.models": {"seg_keras.layers", "seg_keras.backbones"},
    "seg_keras.inference": {"seg_keras.data", "seg_keras.layers"},
    "seg_keras.training": {
        "seg_keras.data",
        "seg_keras.layers",
        "seg_keras.losses",
        "seg_keras.metrics",
    },
    "deploy.runtimes": set(),
    "deploy.export": {"deploy.runtimes"},
    "deploy.video": {"deploy.runtimes"},
}

# the only files that may name TensorFlow; everything else runs on any backend of Keras
MAY_USE_TENSORFLOW = {
    "seg_keras/data/pipeline.py",
    "seg_keras/data/shards.py",
    "seg_keras/layers/batch_normalization.py",
    "seg_keras/layers/resize.py",
    "seg_keras/training/progress.py",
    "seg_keras/training/setup.py",
    "deploy/export/audit_model.py",
    "deploy/export/graph.py",
    "deploy/export/keras_reference.py",
    "deploy/export/onnx.py",
    "deploy/export/selective.py",
    "deploy/export/tflite_converter.py",
}

TOPS = ("seg_keras", "deploy", "tools", "tests", "benchmarks")
MAX_LINES, MAX_LINES_OF_A_COMMAND = 300, 120


def package_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def imported_modules(path: Path) -> set[str]:
    """Modules that one source file imports, anywhere in its body."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full, not relative."
            modules.add(node.module)
    return modules


def sources(top: str) -> list[Path]:
    return sorted((ROOT / top).rglob("*.py"))


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_downwards(package):
    for path in sources(package.replace(".", "/")):
        ours = {m for m in imported_modules(path) if m.split(".")[0] in TOPS}
        forbidden = {package_of(m) for m in ours} - MAY_IMPORT[package] - {package}
        assert not forbidden, (
            f"{path.relative_to(ROOT)} imports {sorted(forbidden)}, but {package} may only "
            f"import {sorted(MAY_IMPORT[package]) or 'nothing of this project'}. Move the shared "
            f"code down, or pass the object in as an argument."
        )


def test_every_package_is_in_the_table():
    found = {
        f"{path.parents[1].name}.{path.parent.name}"
        for top in ("seg_keras", "deploy")
        for path in ROOT.glob(f"{top}/*/__init__.py")
    }
    assert found == set(MAY_IMPORT)


def test_only_the_named_files_use_tensorflow():
    users = {
        str(path.relative_to(ROOT))
        for top in ("seg_keras", "deploy", "tools")
        for path in sources(top)
        if any(module.split(".")[0] == "tensorflow" for module in imported_modules(path))
    }
    assert users == MAY_USE_TENSORFLOW


def test_files_stay_short():
    long = {}
    for path in [path for top in TOPS for path in sources(top)]:
        text = path.read_text()
        is_command = path.parent.name == "tools" and "\ndef main(" in text
        count = len(text.splitlines())
        if count > (MAX_LINES_OF_A_COMMAND if is_command else MAX_LINES):
            long[str(path.relative_to(ROOT))] = count
    assert not long, f"Split these files: {long}"


def test_no_file_is_called_after_nothing():
    vague = {"utils.py", "util.py", "common.py", "helpers.py", "misc.py"}
    assert not [path for top in TOPS for path in sources(top) if path.name in vague]


def run_python(code: str, **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_models_losses_and_metrics_work_without_tensorflow():
    code = (
        "import sys, numpy, keras, seg_keras, seg_keras.losses, seg_keras.metrics;"
        "from seg_keras.models.counting import shape_only;"  # JAX compiles each initial value
        "m = shape_only(lambda: seg_keras.build_model('deeplab_v3', 3, (33, 47, 3), filters=8));"
        "assert m.output['logits'].shape == (None, 33, 47, 3);"
        "loss = seg_keras.losses.PixelCrossEntropy([1.0, 2.0]);"
        "value = loss(numpy.zeros((1, 2, 2)), numpy.zeros((1, 2, 2, 2), 'float32'));"
        "assert abs(float(value) - numpy.log(2)) < 1e-6;"
        "assert 'tensorflow' not in sys.modules, 'TensorFlow was imported'"
    )
    done = run_python(code, KERAS_BACKEND="jax")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_importing_prints_nothing(backend):
    done = run_python("import seg_keras", KERAS_BACKEND=backend)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")
