"""What the live loop promises: order, policy, bounded memory, and an end that is always clean."""

import signal
import threading
import time
import weakref

import numpy as np
import pytest
from video_fakes import NAMES, PALETTE, FakeRuntime, ListSink, numbered_images, read_video

from deploy.video.loop import MAX_FAILURES, LiveLoop, stopped_by_signals
from deploy.video.overlay import Overlay
from deploy.video.recorder import Recorder
from deploy.video.source import Images


class Camera(Images):
    """Gives a frame whenever it has leave to, and no sooner: `STEP` per call of its engine."""

    def __init__(self, count):
        super().__init__(numbered_images(count))
        self.live, self.count, self.given = True, count, 0
        self.leave = threading.Semaphore(1)

    def read(self):
        self.leave.acquire()
        self.given += 1
        return super().read()


class SlowEngine(FakeRuntime):
    """Takes as long as the camera needs for `STEP` frames."""

    STEP = 5

    def __init__(self, camera):
        super().__init__()
        self.camera, self.gives_up_at = camera, time.monotonic() + 20

    def __call__(self, frame):
        target = self.camera.given + self.STEP
        self.camera.leave.release(self.STEP)
        while self.camera.given < min(target, self.camera.count):
            time.sleep(0.0005)
            if time.monotonic() > self.gives_up_at:
                self.camera.leave.release(self.camera.count)
                raise RuntimeError("the loop makes the camera wait")
        return super().__call__(frame)


def loop_of(source, runtime=None, **options):
    """A loop with a sink that keeps its frames."""
    loop = LiveLoop(source, runtime or FakeRuntime(), Overlay(NAMES, PALETTE), **options)
    loop.sinks.append(ListSink())
    return loop


def indices(loop):
    return [frame.index for frame in loop.sinks[0].frames]


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
    assert report["drops"] == {"late": 0, "stopped": 0}
    for frame in loop.sinks[0].frames:
        assert (frame.image == frame.index).all()
        np.testing.assert_allclose(frame.shares, (0.5, 0.5, 0))


def test_a_slow_sink_drops_nothing_either():
    loop = loop_of(Images(numbered_images(20)))
    loop.observers.append(lambda frame: time.sleep(0.003))
    loop.run()
    assert indices(loop) == list(range(20))


def test_a_live_source_is_kept_fresh_and_drops_are_counted():
    camera = Camera(80)
    loop = loop_of(camera, SlowEngine(camera))
    lags = []
    loop.observers.append(lambda frame: lags.append(camera.given - frame.index))
    report = loop.run()
    shown = indices(loop)
    assert report["mode"] == "freshest"
    assert shown == sorted(set(shown))
    assert shown[-1] == 79  # the newest is never the one that is dropped
    assert report["drops"]["late"] >= 40
    assert report["frames"] + sum(report["drops"].values()) == report["grabbed"] == 80
    assert loop.sinks[0].frames[-1].drops["late"] == report["drops"]["late"]
    # At most three engine times behind; a queue would be 60 frames behind in the end.
    assert max(lags) <= 4 * SlowEngine.STEP


def test_in_freshest_mode_a_file_plays_like_a_camera():
    loop = loop_of(Images(numbered_images(30), fps=100.0), mode="freshest")
    report = loop.run()
    assert report["seconds"] >= 29 / 100 * 0.95
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

    loop = LiveLoop(
        Images(watched(), fps=2000.0), FakeRuntime(0.001), Overlay(NAMES, PALETTE), mode
    )
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


def test_a_paced_source_keeps_its_pace_also_after_a_hold_up():
    loop = loop_of(Images(numbered_images(20), fps=50.0), paced=True)
    loop.observers.append(lambda frame: time.sleep(0.2 if frame.index == 9 else 0))
    report = loop.run()
    assert report["seconds"] >= 19 / 50 * 0.95 + 0.1
    grabbed = [frame.grabbed_at for frame in loop.sinks[0].frames]
    assert grabbed[19] - grabbed[13] > 0.75 * 6 / 50  # nothing is played faster to catch up


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


def test_classes_of_another_size_count_as_a_failure():
    class Shrinking(FakeRuntime):
        def __call__(self, frame):
            classes = super().__call__(frame)
            return classes[:-1] if self.calls == 2 else classes

    loop = loop_of(Images(numbered_images(3)), Shrinking())
    assert loop.run()["engine_errors"] == 1
    assert "shape (47, 64)" in loop.sinks[0].frames[1].error


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


class BrokenSink:
    def write(self, picture, frame):
        if frame.index == 3:
            raise OSError("no space left on device")


def broken_images():
    yield from numbered_images(4)
    raise KeyError("lens cap")


def test_a_failing_sink_ends_all_stages():
    loop = loop_of(Images(numbered_images(500)), FakeRuntime(0.001))
    loop.sinks.append(BrokenSink())
    with pytest.raises(RuntimeError, match="'show' failed with OSError: no space left"):
        loop.run()
    assert indices(loop) == [0, 1, 2, 3]


def test_what_was_grabbed_before_the_source_failed_is_shown():
    loop = loop_of(Images(broken_images()), FakeRuntime(0.01))
    with pytest.raises(RuntimeError, match="'grab' failed with KeyError: 'lens cap'"):
        loop.run()
    assert indices(loop) == [0, 1, 2, 3]


def test_a_source_without_a_frame_is_an_input_error():
    with pytest.raises(ValueError, match="gave no image"):
        loop_of(Images([])).run()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_loop_and_shows_what_is_under_way(number):
    before = signal.getsignal(number)
    endless = (image for _ in iter(int, 1) for image in numbered_images(5))
    loop = loop_of(Images(endless), FakeRuntime(0.002))
    loop.observers.append(lambda frame: frame.index == 8 and signal.raise_signal(number))
    with stopped_by_signals(loop):
        report = loop.run()
    shown = indices(loop)
    assert shown == list(range(len(shown)))
    assert 9 <= len(shown) <= 14
    # All that waited is drained; only a frame that was just being grabbed may be left over.
    assert report["drops"]["stopped"] <= 1
    assert report["grabbed"] == len(shown) + report["drops"]["stopped"]
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_does_not_wait():
    def press_twice(frame):
        if frame.index == 5:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    loop = loop_of(Images(numbered_images(50)))
    loop.observers.append(press_twice)
    with stopped_by_signals(loop), pytest.raises(KeyboardInterrupt):
        loop.run()
    assert indices(loop) == list(range(6))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"mode": "all"}, "Unknown mode 'all'"), ({"max_frames": 0}, "at least 1, got 0")],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        loop_of(Images([]), **options)
