"""The numbers of the loop against NumPy, and that they need no memory per frame."""

import numpy as np
import pytest

from deploy.video.frame import Frame
from deploy.video.stats import Histogram, LoopStatistics


@pytest.mark.parametrize("percent", [50, 95, 99])
def test_percentiles_are_right_to_one_percent(percent):
    durations = np.random.default_rng(0).lognormal(3, 1, 5000)
    histogram = Histogram()
    for duration in durations:
        histogram.add(duration)
    expected = np.percentile(durations, percent, method="inverted_cdf")
    assert histogram.percentile(percent) == pytest.approx(expected, rel=0.01)


def test_durations_out_of_range_are_counted_at_the_edge():
    histogram = Histogram()
    for duration in (0.0, 1e9):
        histogram.add(duration)
    assert histogram.percentile(50) < 0.01
    assert histogram.percentile(100) > 1e5
    assert Histogram().percentile(50) == 0.0


def add_frames(statistics, count, interval_s, age_ms=40.0):
    for number in range(count):
        grabbed_at = number * interval_s
        frame = Frame(number, None, 0.0, grabbed_at, stage_ms={"grab": 1.0, "infer": 30.0})
        frame.age_ms = age_ms
        statistics.add(frame, grabbed_at + age_ms / 1e3)


def test_rates_and_latency_follow_the_clock():
    statistics = LoopStatistics()
    assert statistics.recent_fps() == 0.0
    add_frames(statistics, 101, interval_s=0.02)
    assert statistics.recent_fps() == pytest.approx(50)
    assert statistics.recent_latency_ms() == pytest.approx((40, 40, 40))
    report = statistics.report()
    assert report["frames"] == 101
    assert report["seconds"] == pytest.approx(100 * 0.02 + 0.001 + 0.04, abs=1e-3)
    assert report["frames_per_second"] == pytest.approx(101 / report["seconds"], rel=1e-3)
    assert report["stages"]["infer"]["p95_ms"] == pytest.approx(30, rel=0.01)
    assert report["latency"]["p99_ms"] == pytest.approx(40, rel=0.01)


def test_the_window_forgets_and_memory_stays_bounded():
    statistics = LoopStatistics()
    add_frames(statistics, 5000, interval_s=0.0001)  # more frames than any window needs
    assert len(statistics._recent) <= 1024
    statistics.forget(60.0)
    assert len(statistics._recent) == 2


def test_the_rate_falls_while_no_frame_comes():
    statistics = LoopStatistics()
    add_frames(statistics, 101, interval_s=0.02)  # the last one at 2.04 s
    rates = []
    for now in (2.05, 4.04, 12.04):
        statistics.forget(now)
        rates.append(statistics.recent_fps())
    assert rates[0] == pytest.approx(50)
    assert rates[2] == pytest.approx(1 / 10)
    assert rates[0] > rates[1] > rates[2]


def test_an_engine_that_takes_seconds_for_a_frame_has_a_rate_too():
    statistics = LoopStatistics()
    add_frames(statistics, 3, interval_s=5.0)
    assert statistics.recent_fps() == pytest.approx(1 / 5)
    assert statistics.recent_latency_ms() == pytest.approx((40, 40, 40))


def test_only_stages_that_took_place_are_reported():
    statistics = LoopStatistics()
    frame = Frame(0, None, 0.0, 1.0, stage_ms={"grab": 1.0, "infer": 30.0})
    statistics.add(frame, 1.1)
    frame.stage_ms["write"] = 5.0
    statistics.add_written(frame)
    stages = statistics.report()["stages"]
    assert list(stages) == ["grab", "infer", "write"]
    assert stages["write"]["p50_ms"] == pytest.approx(5, rel=0.01)


def test_an_empty_run_has_a_report():
    report = LoopStatistics().report()
    assert report["frames"] == 0
    assert report["frames_per_second"] == 0.0
