"""What `tools/video.py` says to wrong input: exit code 2 and one line."""

import socket

import pytest

from tools import video, video_io


def unopenable(folder):
    (folder / "notes.mp4").write_text("no video at all")
    return ["--source", str(folder / "notes.mp4")]


def not_an_artifact(folder):
    (folder / "notes.tflite").write_text("no model at all")
    return str(folder / "notes.tflite")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (unopenable, "notes.mp4"),
        (lambda folder: ["--source", str(folder / "none.mp4")], "none.mp4"),
        (lambda folder: ["--source", "87"], "Camera 87"),
        (lambda folder: ["--source", str(folder)], "holds no images"),
        (lambda folder: ["--output", str(folder / "out.avi")], ".mp4"),
        (lambda folder: ["--sheet", str(folder / "out.gif")], ".png"),
        (lambda folder: ["--output", str(folder / "out.mp4"), "--sheet", "out.gif"], ".png"),
        (lambda folder: ["--output", str(folder / "clip.mp4")], "is the source itself"),
        (lambda folder: ["--output", str(folder / "clip.mp4" / "out.mp4")], "clip.mp4"),
        (lambda folder: ["--opacity", "1.5"], "between 0 and 1"),
        (lambda folder: ["--max-frames", "0"], "at least 1"),
        (lambda folder: ["--chart", str(folder / "out.gif")], ".png"),
        (lambda folder: ["--web", "99999"], "99999"),
        (lambda folder: ["--engines", "0"], "at least 1"),
        (lambda folder: ["--threads", "-1"], "-1 threads"),
        (lambda folder: ["--fps", "5"], "pace of a folder of images"),
        (lambda folder: ["--source", str(folder), "--fps", "-5"], "has to be above 0, got -5"),
        (lambda folder: ["--source", "http://me:secret@127.0.0.1:9/1"], "://***@127.0.0.1:9/1"),
        (lambda folder: ["--masks", str(folder / "clip.mp4")], "clip.mp4"),
        (lambda folder: ["--records", str(folder / "clip.mp4" / "1.jsonl")], "clip.mp4"),
        (lambda folder: ["--model", str(folder / "clip.mp4")], "no runtime for a .mp4 file"),
        (lambda folder: ["--model", str(folder / "none.tflite")], "none.tflite"),
        (lambda folder: ["--model", not_an_artifact(folder)], "notes.tflite"),
    ],
)
def test_wrong_input_ends_with_exit_2_and_one_line(tmp_path, clip, engine, capfd, make, words):
    arguments = ["--model", engine(), "--headless", "--source", str(clip), *make(tmp_path)]
    assert video.main(arguments) == 2
    stderr = capfd.readouterr().err
    assert stderr.startswith("error: ")
    assert stderr.count("\n") == 1
    assert words in stderr
    assert "secret" not in stderr
    assert clip.stat().st_size > 1000
    assert not list(tmp_path.glob("*.partial*"))


def test_a_port_in_use_ends_with_exit_2_and_one_line(clip, engine, capfd):
    pytest.importorskip("starlette", reason="needs requirements-web.txt")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        arguments = ["--model", engine(), "--headless", "--source", str(clip), "--web", port]
        assert video.main(arguments) == 2
    stderr = capfd.readouterr().err
    assert stderr.startswith(f"error: Port {port} of 127.0.0.1 cannot be used")
    assert stderr.count("\n") == 1


def test_a_missing_shipped_model_says_what_to_do(monkeypatch, tmp_path, capfd):
    monkeypatch.setattr(video_io, "ROAD_MODEL", tmp_path / "model_int8.tflite")
    assert video.main(["--model", str(tmp_path / "model_int8.tflite"), "--headless"]) == 2
    stderr = capfd.readouterr().err
    assert "model_int8.tflite is missing" in stderr
    assert "tools/export.py" in stderr
