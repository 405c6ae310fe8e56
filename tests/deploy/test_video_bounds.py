"""What the live loop promises in numbers: latency in virtual time, memory in real time."""

import itertools
import os
import random
from pathlib import Path

import numpy as np
import pytest
from video_fakes import NAMES, FakeRuntime, ListDisplay, ScriptedCamera, loop_of
from virtual_clock import VirtualClock

from deploy.video.reconnect import Reconnecting
from deploy.video.recorder import Recorder
from deploy.video.records import Records
from deploy.video.source import Images

ENGINE_S, INTERVAL_S = 0.11, 1 / 30
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.parametrize(
    "minutes", [0.15, pytest.param(5, marks=pytest.mark.slow)], ids=["short", "five minutes"]
)
def test_with_a_faster_source_the_picture_is_at_most_two_engine_times_old(minutes):
    clock, chance = VirtualClock(), random.Random(0)
    images = (np.full((8, 8, 3), number % 250, "uint8") for number in itertools.count())
    steps = itertools.islice(images, round(minutes * 60 / INTERVAL_S))
    engine = FakeRuntime(sleep=lambda _: clock.sleep(ENGINE_S * chance.uniform(0.9, 1.1)))
    loop = loop_of(ScriptedCamera(clock, steps, INTERVAL_S), engine, clock=clock)
    loop.displays.append(ListDisplay(clock))
    report = loop.run()
    assert report["seconds"] == pytest.approx(minutes * 60, abs=1)
    assert report["latency"]["p95_ms"] <= 1e3 * (2.2 * ENGINE_S + INTERVAL_S)
    assert report["frames_per_second"] >= 0.95 / ENGINE_S  # and the engine is never idle
    assert report["frames"] + sum(report["drops"].values()) == report["grabbed"]


@pytest.mark.slow
def test_thirty_thousand_frames_cost_no_memory(tmp_path, record_property):
    frames, settled, resident_mb = 30_000, 5_000, []
    images = [np.random.default_rng(n).integers(0, 256, (48, 64, 3), "uint8") for n in range(50)]
    endless = (image.copy() for image in itertools.cycle(images))

    def connect():
        # Lost every 3000 frames, so that what a lost stream leaves behind is counted, too.
        source = Images(itertools.islice(endless, 3000))
        source.live = True
        return source

    source = Reconnecting(connect(), connect)
    source._ending.sleep = lambda seconds: None  # the waits are tested in virtual time
    loop = loop_of(source, mode="every", max_frames=frames)
    recorder, records = Recorder(tmp_path / "out.mp4"), Records(tmp_path / "out.jsonl", NAMES)
    loop.sinks[:] = [recorder, records]

    def watch(frame):
        if frame.index in (settled, frames - 1):
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            resident_mb.append(pages * PAGE_MB)

    loop.observers.append(watch)
    report = loop.run()
    source.close()
    recorder.close()
    records.close()
    assert report["frames"] == frames
    assert report["reconnects"] == 9
    growth_mb = resident_mb[1] - resident_mb[0]
    record_property("growth_mb", f"{growth_mb:.1f}")
    assert growth_mb < 20
