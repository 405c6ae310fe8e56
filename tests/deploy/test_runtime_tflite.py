"""A runtime takes frames of any size, and a device needs nothing but NumPy, OpenCV and LiteRT."""

import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.runtimes import own_shares
from deploy.runtimes import load_runtime
from deploy.runtimes.artifact import read_description, write_description
from deploy.runtimes.base import fit_classes, fit_frame, to_classes


@pytest.fixture
def runtime(artifacts):
    return load_runtime(artifacts["int8"], threads=1)


def test_frame_of_odd_size_gets_classes_of_its_size(runtime, scenes):
    frame = scenes[0][0].repeat(2, axis=0).repeat(2, axis=1)[:61, :95]  # about twice the input
    classes = runtime(frame)
    assert (classes.shape, classes.dtype) == ((61, 95), np.uint8)
    labels = scenes[1][0].repeat(2, axis=0).repeat(2, axis=1)[:61, :95]
    assert np.mean(classes == labels) > 0.9


def test_frame_of_input_size_is_not_touched(runtime, scenes):
    image = scenes[0][:1]
    assert runtime.input_size == (32, 48)
    np.testing.assert_array_equal(runtime(image[0]), runtime.run(image)[0])


def test_outputs_are_kept_when_the_next_frame_runs(runtime, scenes):
    first = runtime.run(scenes[0][:1])
    kept = first.copy()
    runtime.run(scenes[0][1:2])
    np.testing.assert_array_equal(first, kept)


def test_runtime_knows_its_description(runtime, artifacts):
    assert runtime.description == read_description(artifacts["int8"])


def test_resized_classes_stay_in_place():
    # Every pixel takes the source pixel that its centre lies in.
    classes = np.arange(6 * 5, dtype=np.uint8).reshape(6, 5)
    rows = ((np.arange(10) + 0.5) * 6 / 10).astype(int)
    columns = ((np.arange(8) + 0.5) * 5 / 8).astype(int)
    np.testing.assert_array_equal(fit_classes(classes, (10, 8)), classes[np.ix_(rows, columns)])


def test_raw_outputs_become_classes():
    ids = np.array([[[0, 3], [2, 1]]], np.uint8)
    np.testing.assert_array_equal(to_classes(ids), ids[0])
    logits = np.eye(4, dtype=np.float32)[ids]
    np.testing.assert_array_equal(to_classes(logits), ids[0])
    sigmoid = np.array([[[[-0.1], [0.0]], [[0.1], [5.0]]]], np.float32)
    np.testing.assert_array_equal(to_classes(sigmoid), [[0, 0], [1, 1]])


@pytest.mark.parametrize(
    "frame", [np.zeros((32, 48, 3), "float32"), np.zeros((32, 48), "uint8"), np.zeros((8, 8, 4))]
)
def test_frame_of_another_kind_is_told(frame):
    with pytest.raises(ValueError, match=r"uint8 \(height, width, 3\); got"):
        fit_frame(frame, (32, 48))


def test_unknown_suffix_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"no runtime for a \.pb file\. Known: .*\.tflite"):
        load_runtime(tmp_path / "model.pb")


def test_missing_file_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"model\.tflite: no such file"):
        load_runtime(tmp_path / "model.tflite")


def test_no_threads_are_told(artifacts):
    with pytest.raises(ValueError, match="Got 0 threads"):
        load_runtime(artifacts["int8"], threads=0)


def test_file_that_litert_does_not_take_is_told(artifacts, tmp_path):
    path = tmp_path / "broken.tflite"
    path.write_bytes(b"no flatbuffer")
    write_description(path, read_description(artifacts["int8"]))
    with pytest.raises(ValueError, match=r"broken\.tflite: LiteRT does not run this file"):
        load_runtime(path)


def test_missing_engine_is_told(artifacts, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(RuntimeError, match="pip install ai-edge-litert"):
        load_runtime(artifacts["int8"])


def test_device_needs_no_training_code_and_starts_within_a_second(artifacts):
    program = (
        "import sys, time\n"
        "start = time.process_time()\n"
        "from deploy.runtimes import load_runtime\n"
        "print(time.process_time() - start)\n"
        "import numpy as np\n"
        "load_runtime(sys.argv[1])(np.zeros((40, 50, 3), 'uint8'))\n"
        "print(sorted({'tensorflow', 'keras', 'seg_keras'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", program, artifacts["int8"]]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, loaded = result.stdout.splitlines()
    assert (loaded, result.stderr) == ("[]", "")
    assert float(seconds) < 1  # of a core, however busy the machine is


ROAD_MODEL = Path(__file__).parents[2] / "zoo" / "deeplab_v3_plus_camvid" / "model_int8.tflite"


@pytest.mark.slow
def test_own_work_is_little_beside_the_engine():
    assert statistics.median(own_shares(ROAD_MODEL, 20, (360, 480))) < 0.1


def test_description_of_another_graph_is_told(artifacts, tmp_path):
    path = tmp_path / "other.tflite"
    path.write_bytes(artifacts["int8"].read_bytes())
    write_description(path, read_description(path) | {"input_size": [64, 48]})
    with pytest.raises(ValueError, match=r"other\.tflite: its description does not fit its graph"):
        load_runtime(path)


def test_closed_runtime_frees_its_engine(runtime):
    runtime.close()
    with pytest.raises(AttributeError):
        runtime.run(np.zeros((1, 32, 48, 3), "uint8"))
