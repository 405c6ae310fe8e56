"""The benchmark command prints what it measured, and tells what is wrong in one line."""

import json

from tools.benchmark import main


def test_missing_artifact_is_told_in_one_line(tmp_path, capsys):
    assert main(["--model", str(tmp_path / "none.tflite")]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert "none.tflite: no such file" in error


def test_every_artifact_gets_a_row_and_the_json_the_same(tmp_path, monkeypatch, capsys):
    def measure(paths, threads, runs):
        assert (threads, runs) == (2, 7)
        figures = {"median_ms": 20.0, "p95_ms": 25.0, "frames_per_second": 50.0, "ratio": 1.0}
        rest = {"load_ms": 30.0, "memory_mb": None}
        return [{"model": str(path), **figures, **rest} for path in paths]

    monkeypatch.setattr("tools.benchmark.benchmark", measure)
    monkeypatch.setenv("COLUMNS", "120")
    report = tmp_path / "report.json"
    flags = ["--threads", "2", "--runs", "7", "--json", str(report)]
    assert main(["--model", "a.tflite", "b.tflite", *flags]) == 0
    printed = capsys.readouterr().out
    assert "a.tflite" in printed
    assert "b.tflite" in printed
    assert "50.0" in printed
    models = json.loads(report.read_text())["models"]
    assert [model["model"] for model in models] == ["a.tflite", "b.tflite"]
