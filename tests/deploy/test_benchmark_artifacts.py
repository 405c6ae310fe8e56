"""The benchmark of artifacts gives figures that belong together."""

import pytest

from deploy.benchmark import WARM_UP_RUNS, benchmark


def test_figures_belong_together(artifacts):
    paths = [artifacts["float32"], artifacts["int8"]]
    first, second = benchmark(paths, threads=1, runs=5)
    for report, path in ((first, paths[0]), (second, paths[1])):
        assert report["model"] == str(path)
        assert 0 < report["median_ms"] <= report["p95_ms"] <= report["p99_ms"]
        assert report["stages_ms"]["infer"] == report["median_ms"]
        assert report["stages_ms"].keys() == {"resize", "infer", "color"}
        assert (report["runs"], report["warm_up_runs"]) == (5, 5)
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


class Clock:
    """A clock that only moves while something works."""

    def __init__(self):
        self.now, self.order = 0.0, []

    def perf_counter(self):
        return self.now


class SlowRuntime:
    """A runtime whose every run takes as long as the next of `durations`, in seconds."""

    description = {"palette": [[0, 0, 0]]}
    input_size = (4, 4)

    def __init__(self, clock, durations):
        self.clock, self.durations = clock, iter(durations)

    def run(self, image):
        self.clock.order.append(self)
        self.clock.now += next(self.durations)
        return image[..., 0] * 0

    def close(self):
        pass


def test_they_take_turns_and_warm_up_is_not_counted(monkeypatch):
    clock = Clock()
    warm_up, runs = [9.0] * WARM_UP_RUNS, [0.001 * n for n in range(1, 101)]
    fast = [0.0005 * n for n in range(1, 101)]
    runtimes = {
        "a": SlowRuntime(clock, warm_up + runs),
        "b": SlowRuntime(clock, warm_up + fast),
    }
    monkeypatch.setattr("deploy.benchmark.time", clock)
    monkeypatch.setattr("deploy.benchmark.load_runtime", lambda path, threads: runtimes[path])
    monkeypatch.setattr("deploy.benchmark._in_new_process", lambda *_: (1.0, None))
    first, second = benchmark(["a", "b"], runs=100, frame_size=(8, 8))
    assert first["median_ms"] == pytest.approx(50.5)
    assert first["p95_ms"] == pytest.approx(95.05)
    assert first["p99_ms"] == pytest.approx(99.01)
    assert second["ratio"] == pytest.approx(0.5)
    assert clock.order == [*runtimes.values()] * (WARM_UP_RUNS + 100)  # in turns
