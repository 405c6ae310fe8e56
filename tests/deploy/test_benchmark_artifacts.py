"""The benchmark of artifacts gives figures that belong together."""

import pytest

from deploy.benchmark import benchmark


def test_figures_belong_together(artifacts):
    paths = [artifacts["float32"], artifacts["int8"]]
    first, second = benchmark(paths, threads=1, runs=5)
    for report, path in ((first, paths[0]), (second, paths[1])):
        assert report["model"] == str(path)
        assert 0 < report["median_ms"] <= report["p95_ms"]
        assert report["frames_per_second"] == pytest.approx(1000 / report["median_ms"])
        assert report["load_ms"] > 0
        # A runtime alone, whatever this test process has loaded.
        assert report["memory_mb"] is None or 0 < report["memory_mb"] < 200
    assert first["ratio"] == 1
    assert second["ratio"] > 0


def test_missing_artifact_is_told(artifacts, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.tflite: no such file"):
        benchmark([artifacts["int8"], tmp_path / "none.tflite"], runs=5)


def test_too_few_runs_are_told(artifacts):
    with pytest.raises(ValueError, match="Got 1 timed runs"):
        benchmark([artifacts["int8"]], runs=1)
