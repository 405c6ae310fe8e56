"""What the live loop promises: order, policy, bounded memory, and an end that is always clean."""

import signal
import threading
import time
import weakref

import numpy as np
import pytest
from video_fakes import (
    NAMES,
    PALETTE,
    FakeRuntime,
    ListDisplay,
    ScriptedCamera,
    indices,
    loop_of,
    numbered_images,
    read_video,
)
from virtual_clock import VirtualClock

from deploy.video.engines import MAX_FAILURES
from deploy.video.loop import LiveLoop
from deploy.video.overlay import Overlay
from deploy.video.recorder import Recorder
from deploy.video.signals import stopped_by_signals
from deploy.video.source import Images


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("seconds", [0.0, 0.004])
def test_every_frame_is_shown_once_and_in_order(seconds):
    loop = loop_of(Images(numbered_images(40)), FakeRuntime(seconds))
    report = loop.run()
    assert indices(loop) == list(range(40))
    assert report["mode"] == "every"
    assert report["grabbed"] == report["frames"] == 40
    assert report["drops"] == {"late": 0, "paused": 0, "corrupt": 0, "stopped": 0}
    for frame in loop.sinks[0].frames:
        assert (frame.image == frame.index).all()
        np.testing.assert_allclose(frame.shares, (0.5, 0.5, 0))


def test_a_slow_sink_drops_nothing_either():
    loop = loop_of(Images(numbered_images(20)))
    loop.observers.append(lambda frame: time.sleep(0.003))
    loop.run()
    assert indices(loop) == list(range(20))


def test_a_live_source_is_kept_fresh_and_drops_are_counted(clock):
    camera = ScriptedCamera(clock, numbered_images(80), interval_s=0.04)
    loop = loop_of(camera, FakeRuntime(0.2, sleep=clock.sleep), clock=clock)
    report = loop.run()
    shown = indices(loop)
    assert report["mode"] == "freshest"
    assert shown == sorted(set(shown))
    assert shown[-1] == 79  # the newest is never the one that is dropped
    assert report["drops"]["late"] >= 60
    assert report["frames"] + sum(report["drops"].values()) == report["grabbed"] == 80
    assert loop.sinks[0].frames[-1].drops["late"] == report["drops"]["late"]
    assert report["latency"]["p99_ms"] <= 1.01 * (200 + 40)  # a queue would be seconds behind


def test_in_freshest_mode_a_file_plays_like_a_camera(clock):
    source = Images(numbered_images(30), fps=100.0, clock=clock)
    engine = FakeRuntime(0.023, sleep=clock.sleep)
    report = loop_of(source, engine, mode="freshest", clock=clock).run()
    assert report["seconds"] == pytest.approx(29 / 100 + 0.023, abs=0.02)
    assert report["drops"]["late"] >= 15
    assert report["frames"] + report["drops"]["late"] == 30


@pytest.mark.parametrize("mode", ["every", "freshest"])
def test_only_a_few_images_are_alive_at_any_time(mode):
    alive, peak = set(), []

    def watched():
        for number, image in enumerate(numbered_images(120, (16, 16))):
            alive.add(number)
            weakref.finalize(image, alive.discard, number)
            peak.append(len(alive))
            yield image

    source = Images(watched(), fps=2000.0)
    loop = LiveLoop(source, [FakeRuntime(0.001)], Overlay(NAMES, PALETTE), mode)
    loop.run()
    assert len(peak) == 120
    assert max(peak) <= 12


@pytest.mark.parametrize("mode", ["every", "freshest"])
def test_max_frames_ends_an_endless_source(mode):
    endless = (image for _ in iter(int, 1) for image in numbered_images(5))
    loop = loop_of(Images(endless, fps=200.0), mode=mode, max_frames=7)
    report = loop.run()
    assert report["frames"] == 7
    assert report["frames"] + sum(report["drops"].values()) == report["grabbed"]
    if mode == "every":
        assert report["grabbed"] == 7


def test_a_file_that_is_watched_keeps_its_pace_also_after_a_hold_up(clock):
    loop = loop_of(Images(numbered_images(20), fps=50.0, clock=clock), clock=clock)
    loop.displays.append(ListDisplay(clock))
    loop.observers.append(lambda frame: clock.sleep(0.4 if frame.index == 9 else 0))
    report = loop.run()
    assert report["seconds"] >= 19 / 50 + 0.2
    grabbed = [frame.grabbed_at for frame in loop.sinks[0].frames]
    # Nothing is played faster to catch up.
    assert np.diff(grabbed).min() >= 1 / 50 - 1e-9


def test_a_failed_frame_is_counted_and_shows_the_last_good_classes():
    loop = loop_of(Images(numbered_images(12)), FakeRuntime(failing=[0, 5, 6]))
    report = loop.run()
    frames = loop.sinks[0].frames
    assert indices(loop) == list(range(12))
    assert report["engine_errors"] == 3
    assert [frame.index for frame in frames if frame.error] == [0, 5, 6]
    assert frames[5].error == "ValueError: bad frame"
    assert frames[0].classes is None  # there was no good one yet
    np.testing.assert_array_equal(frames[6].classes, frames[4].classes)


def test_ten_failures_in_a_row_end_the_run_with_a_playable_recording(tmp_path):
    failing = range(5, 5 + MAX_FAILURES)
    loop = loop_of(Images(numbered_images(100)), FakeRuntime(failing=failing))
    recorder = Recorder(tmp_path / "out.mp4", 25.0)
    loop.sinks.append(recorder)
    with pytest.raises(RuntimeError, match="10 frames in a row, the last time with ValueError"):
        loop.run()
    recorder.close()
    assert indices(loop) == list(range(5 + MAX_FAILURES - 1))
    assert len(read_video(tmp_path / "out.mp4")[0]) == 5 + MAX_FAILURES - 1


def test_nine_failures_in_a_row_do_not():
    runtime = FakeRuntime(failing=[*range(2, 11), *range(12, 21)])
    assert loop_of(Images(numbered_images(25)), runtime).run()["engine_errors"] == 18


def broken_images():
    yield from numbered_images(4)
    raise KeyError("lens cap")


def test_what_was_grabbed_before_the_source_failed_is_shown():
    loop = loop_of(Images(broken_images()), FakeRuntime(0.01))
    with pytest.raises(RuntimeError, match="'grab' failed with KeyError: 'lens cap'"):
        loop.run()
    assert indices(loop) == [0, 1, 2, 3]


def test_a_source_without_a_frame_is_an_input_error():
    with pytest.raises(ValueError, match="gave no image"):
        loop_of(Images([])).run()


class Signalling(ListDisplay):
    """Somebody presses Ctrl-C when the ninth picture is shown."""

    def __init__(self, clock, *numbers):
        super().__init__(clock)
        self.numbers = list(numbers)

    def show(self, picture, frame, status):
        super().show(picture, frame, status)
        while frame.index == 8 and self.numbers:
            signal.raise_signal(self.numbers.pop())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_loop_and_shows_what_is_under_way(clock, number):
    before = signal.getsignal(number)
    endless = (image for _ in iter(int, 1) for image in numbered_images(5))
    engine = FakeRuntime(0.2, sleep=clock.sleep)
    loop = loop_of(Images(endless, clock=clock), engine, clock=clock)
    loop.displays.append(Signalling(clock, number))
    with stopped_by_signals(loop.stop):
        report = loop.run()
    shown = indices(loop)
    assert shown == list(range(len(shown)))
    assert 10 <= len(shown) <= 14  # all that waited is drained
    # Only a frame that was just being grabbed may be left over.
    assert report["drops"]["stopped"] <= 1
    assert report["grabbed"] == len(shown) + report["drops"]["stopped"]
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_does_not_wait(clock):
    loop = loop_of(Images(numbered_images(50), clock=clock), clock=clock)
    loop.displays.append(Signalling(clock, signal.SIGINT, signal.SIGINT))
    with stopped_by_signals(loop.stop), pytest.raises(KeyboardInterrupt):
        loop.run()
    assert len(loop.displays[0].shown) == 9  # not even the end is shown
    assert indices(loop) == list(range(8))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"mode": "all"}, "Unknown mode 'all'"), ({"max_frames": 0}, "at least 1, got 0")],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        loop_of(Images([]), **options)
