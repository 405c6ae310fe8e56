"""`tools/video.py` from its command line: files that are whole however it ends, exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from video_with_fake_engine import FakeEngine

from deploy.video import web
from tools import video, video_io
from tools.video_flags import parse

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("video_with_fake_engine.py")


def start(folder, clip, model):
    """Starts the tool in a process group of its own, as a terminal would."""
    files = ["--output", folder / "out.mp4", "--records", folder / "out.jsonl"]
    files += ["--json", folder / "out.json", "--sheet", folder / "out.png"]
    files += ["--chart", folder / "chart.png"]
    return subprocess.Popen(
        [sys.executable, PROGRAM, "--model", model, "--source", clip, "--headless", *files],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_records(process, path, count):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists() and len(path.read_text().splitlines()) >= count:
            return
        time.sleep(0.02)
    process.kill()
    _, errors = process.communicate()
    pytest.fail(f"{path} never held {count} records: {errors}")


def count_frames(path):
    capture = cv2.VideoCapture(str(path))
    count = 0
    while capture.read()[0]:
        count += 1
    return count


def assert_whole(folder):
    """The recording and the records hold the same frames; nothing half-written is left."""
    records = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert [record["index"] for record in records] == list(range(len(records)))
    assert count_frames(folder / "out.mp4") == len(records)
    assert not list(folder.glob("*.partial*"))
    return records


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_whole_files_and_the_final_table(tmp_path, clip, engine, number):
    process = start(tmp_path, clip, engine())
    wait_for_records(process, tmp_path / "out.jsonl.partial", 10)
    os.killpg(process.pid, number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    records = assert_whole(tmp_path)
    assert 10 <= len(records) < 600
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["frames"] == report["recording"]["frames"] == len(records)
    assert "capture to shown" in stdout
    assert cv2.imread(str(tmp_path / "chart.png")) is not None
    assert cv2.imread(str(tmp_path / "out.png")) is not None


def test_an_engine_that_breaks_ends_with_exit_1_and_whole_files(tmp_path, clip, engine):
    process = start(tmp_path, clip, engine(calls=20))
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "29 frames in" in stdout  # a run that failed tells what it did, too
    assert json.loads((tmp_path / "out.json").read_text())["engine_errors"] == 9
    assert "error: The engine failed on 10 frames in a row" in stderr
    assert "Traceback" not in stderr
    records = assert_whole(tmp_path)
    assert len(records) == 29
    assert records[-1]["error"] == "ValueError: out of order"


def test_a_folder_of_images_of_odd_size_is_recorded(tmp_path, engine, capsys):
    (tmp_path / "frames").mkdir()
    for number in range(5):
        image = np.full((75, 101, 3), 40 * number, "uint8")
        cv2.imwrite(str(tmp_path / "frames" / f"{number}.png"), image)
    arguments = ["--model", engine(), "--source", str(tmp_path / "frames"), "--headless"]
    arguments += [*recording(tmp_path), "--json", str(tmp_path / "out.json")]
    assert video.main(arguments) == 0
    assert len(assert_whole(tmp_path)) == 5
    capture = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert capture.read()[1].shape == (76, 102, 3)
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["mode"] == "every"
    assert report["drops"] == {"late": 0, "paused": 0, "corrupt": 0, "stopped": 0}
    assert set(report["stages"]) == {"grab", "resize", "infer", "draw", "write"}
    assert set(report["latency"]) == {"mean_ms", "p50_ms", "p95_ms", "p99_ms"}
    assert "5 frames" in capsys.readouterr().out


def test_masks_and_jpegs_are_kept_of_every_frame(tmp_path, clip, engine):
    files = ["--masks", str(tmp_path / "masks"), "--output", str(tmp_path / "out.mjpeg")]
    arguments = ["--model", engine(), "--source", str(clip), "--headless", *files]
    assert video.main([*arguments, "--engines", "2", "--max-frames", "12"]) == 0
    assert count_frames(tmp_path / "out.mjpeg") == 12
    masks = sorted((tmp_path / "masks").iterdir())
    assert [path.stem for path in masks] == [f"{number:08d}" for number in range(12)]
    shown = cv2.imread(str(masks[0]), cv2.IMREAD_COLOR)[..., ::-1]
    np.testing.assert_array_equal(shown, np.full((48, 64, 3), (128, 64, 128)))


def test_an_output_that_fails_is_told_at_the_end(tmp_path, clip, engine, capsys):
    full = tmp_path / "masks"
    full.mkdir()
    (full / "00000005.png.partial").mkdir()  # in the way of the sixth mask
    arguments = ["--model", engine(), "--source", str(clip), "--headless", "--max-frames", "12"]
    assert video.main([*arguments, "--masks", str(full), *recording(tmp_path)]) == 1
    assert len(assert_whole(tmp_path)) == 12
    told = capsys.readouterr()
    assert "12 frames in" in told.out
    assert "Not everything was kept" in told.err
    assert "00000005.png" in told.err


@pytest.mark.parametrize("smooth", ["none", "votes", "flow"])
def test_classes_are_smoothed_and_their_flicker_is_told(tmp_path, clip, engine, capsys, smooth):
    arguments = ["--model", engine(), "--source", str(clip), "--headless", "--max-frames", "5"]
    arguments += ["--smooth", smooth, "--flicker", "--json", str(tmp_path / "out.json")]
    assert video.main(arguments) == 0
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["flicker"]["shown"] == 0  # the engine always says the same
    assert "refine" in report["stages"]
    assert "of still pixels" in capsys.readouterr().out


def test_max_frames_and_freshest_work_together(tmp_path, clip, engine):
    arguments = ["--model", engine(), "--source", str(clip), "--headless", "--mode", "freshest"]
    arguments += ["--max-frames", "8", "--json", str(tmp_path / "out.json")]
    assert video.main(arguments) == 0
    report = json.loads((tmp_path / "out.json").read_text())
    assert (report["mode"], report["frames"], report["recording"]) == ("freshest", 8, None)


def test_without_a_display_it_says_so_and_goes_on(clip, engine, monkeypatch, caplog):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert video.main(["--model", engine(), "--source", str(clip), "--max-frames", "3"]) == 0
    assert "No window, because there is no display" in caplog.text


def recording(folder):
    return ["--output", str(folder / "out.mp4"), "--records", str(folder / "out.jsonl")]


def test_the_picture_names_model_precision_and_engine(engine):
    args = parse(["--model", "road.tflite"], "")
    runtime = FakeEngine(Path(engine()))
    runtime.description = runtime.description | {
        "model": "icnet",
        "quantization": {"precision": "int8"},
    }
    assert video_io.make_overlay(runtime, args).title == "icnet int8 LiteRT"


def test_who_watches_is_told_the_file_but_not_its_folder(clip, engine, monkeypatch):
    titles = []

    class Page:
        def __init__(self, port, host, view, names, palette, title):
            titles.append(title)

        def show(self, picture, frame, status):
            pass

        def close(self):
            titles.append("closed")

    monkeypatch.setattr(web, "WebView", Page)
    arguments = ["--model", engine(), "--source", str(clip), "--headless", "--web", "0"]
    assert video.main([*arguments, "--max-frames", "2"]) == 0
    assert titles == ["clip.mp4 - engine.fake", "closed"]


def test_the_drawn_road_is_a_source_without_an_end(tmp_path, engine):
    arguments = ["--model", engine(), "--source", "roads", "--headless", "--max-frames", "2"]
    assert video.main([*arguments, "--records", str(tmp_path / "out.jsonl")]) == 0
    records = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["source_time_s"] for line in records] == [0.0, 0.04]


def test_the_live_loop_needs_neither_tensorflow_nor_seg_keras():
    modules = [path.stem for path in (ROOT / "deploy" / "video").glob("*.py")]
    code = "import sys, tools.video\n"
    code += "".join(f"import deploy.video.{name}\n" for name in modules if "web" not in name)
    code += "heavy = {'tensorflow', 'keras', 'seg_keras', 'ai_edge_litert'} & set(sys.modules)\n"
    code += "sys.exit(f'imported: {heavy}' if heavy else 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
