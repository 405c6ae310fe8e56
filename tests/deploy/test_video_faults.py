"""What the loop does on a bad day: streams that fail, outputs that fail."""

import errno
import random
import threading

import numpy as np
import pytest
from video_fakes import (
    FakeRuntime,
    ListDisplay,
    ScriptedCamera,
    indices,
    loop_of,
    moving,
    numbered_images,
)
from virtual_clock import VirtualClock

from deploy.video.reconnect import FROZEN_S, READ_LIMIT_S, Reconnecting
from deploy.video.source import Images


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def returning(clock, *connections, interval_s=0.04):
    """A camera that fails at the end of each script and goes on with the next one.

    Args:
        clock: What everything goes by.
        connections: Scripts for `ScriptedCamera`, or what opening raises.
        interval_s: From frame to frame.
    """
    scripts = iter(connections)

    def reopen():
        script = next(scripts, None)
        if isinstance(script, Exception):
            raise script
        return ScriptedCamera(clock, [] if script is None else script, interval_s)

    return Reconnecting(reopen(), reopen, clock, seed=0)


def run_until(loop, source, frames):
    """Runs a loop until so many frames were written."""
    loop.observers.append(lambda frame: loop.statistics.frames >= frames and loop.stop())
    try:
        return loop.run()
    finally:
        source.close()


def note_attempts(source, clock):
    """A list that gets the time of each attempt to open a source again."""
    attempts, reopen = [], source._reopen
    source._reopen = lambda: attempts.append(clock.now()) or reopen()
    return attempts


def test_a_lost_stream_comes_back_and_meanwhile_the_last_picture_is_shown_with_its_age(clock):
    refused = ConnectionError("rtsp://me:secret@host refused")
    source = returning(clock, moving(10), refused, refused, moving(10, seed=1))
    loop = loop_of(source, clock=clock)
    display = ListDisplay(clock)
    loop.displays.append(display)
    report = run_until(loop, source, 20)
    assert indices(loop) == list(range(20))
    assert [frame.connection for frame in loop.sinks[0].frames] == [0] * 10 + [1] * 10
    assert report["reconnects"] == 1
    stale = [(now, frame, status) for now, frame, status, _ in display.shown if status.stale_s]
    assert len(stale) >= 5
    for now, frame, status in stale:
        assert frame.index == 9
        assert status.stream == "lost"
        assert status.stale_s == pytest.approx(now - frame.grabbed_at)
    assert np.diff([now for now, _, _ in stale]).max() < 0.2
    assert [status.stream for _, _, status, _ in display.shown[-2:]] == ["live", "ended"]


def test_the_log_of_a_lost_stream_names_the_trouble_but_no_password(clock, caplog):
    refused = ConnectionError("rtsp://me:secret@host/1 refused")
    source = returning(clock, moving(3), refused, moving(3))
    loop = loop_of(source, clock=clock)
    run_until(loop, source, 6)
    assert "rtsp://***@host/1 refused" in caplog.text
    assert "camera is back" in caplog.text
    assert "secret" not in caplog.text


def test_a_call_that_hangs_is_given_up(clock):
    source = returning(clock, [*moving(3), 1000.0, *moving(1)], moving(3))
    loop = loop_of(source, clock=clock)
    loop.displays.append(ListDisplay(clock))
    report = run_until(loop, source, 6)
    assert indices(loop) == list(range(6))
    assert report["reconnects"] == 1
    # Within a second the picture is called an old one, long before the call is given up.
    assert loop.displays[0].shown[-20][2].fps < 0.2  # and not what it was long ago
    ages = [status.stale_s for _, _, status, _ in loop.displays[0].shown if status.stale_s]
    assert 1.0 <= ages[0] < 1.3
    assert READ_LIMIT_S <= ages[-1] < READ_LIMIT_S + 1.5
    clock.sleep(1000)  # the hanging call returns, and its thread finds that nobody wants it


def test_a_stream_that_repeats_one_picture_is_opened_again(clock):
    (still,) = moving(1)
    repeats = round(FROZEN_S / 0.5)
    source = returning(clock, [*moving(5), *[still] * (repeats + 9)], moving(5), interval_s=0.5)
    loop = loop_of(source, clock=clock)
    loop.displays.append(ListDisplay(clock))
    states = set()
    loop.displays[0].show = lambda picture, frame, status: states.add(status.stream)
    report = run_until(loop, source, 5 + repeats + 5)
    assert report["reconnects"] == 1
    assert "frozen" in states
    frames = loop.sinks[0].frames
    assert frames[-1].connection == 1


def test_a_still_scene_with_noise_is_not_called_frozen(clock):
    images = moving(3) * 30  # never twice the same in a row, for 45 s
    source = returning(clock, images, interval_s=0.5)
    report = run_until(loop_of(source, clock=clock), source, 90)
    assert report["reconnects"] == 0


def test_another_size_after_reconnecting_goes_through(clock):
    source = returning(clock, moving(3, (32, 48)), moving(3, (64, 40)))
    loop = loop_of(source, clock=clock)
    loop.displays.append(ListDisplay(clock))
    run_until(loop, source, 6)
    shapes = [frame.classes.shape for frame in loop.sinks[0].frames]
    assert shapes == [(32, 48)] * 3 + [(64, 40)] * 3


def test_corrupt_frames_are_counted_over_all_connections(clock):
    source = returning(
        clock, [*moving(3), "corrupt", "corrupt", *moving(2)], ["corrupt", *moving(3)]
    )
    loop = loop_of(source, clock=clock)
    report = run_until(loop, source, 8)
    assert report["drops"]["corrupt"] == 3
    drops = [frame.drops["corrupt"] for frame in loop.sinks[0].frames]
    assert drops == [0] * 3 + [2] * 2 + [3] * 3


def test_waiting_times_double_up_to_half_a_minute_and_begin_anew_after_a_steady_stream(clock):
    refused = [ConnectionError("refused")] * 9
    steady = moving(3) * 30  # 45 s
    scripts = [moving(3), *refused, steady, *refused[:1], moving(3)]
    source = returning(clock, *scripts, interval_s=0.5)
    loop = loop_of(source, clock=clock)
    attempts = note_attempts(source, clock)
    run_until(loop, source, 96)
    waits = np.diff(attempts)
    expected = np.minimum(0.5 * 2.0 ** np.arange(1, 10), 30)
    assert (waits[:9] <= expected + 0.01).all()
    assert (waits[:9] >= expected / 2).all()
    assert np.ptp(waits[:9] / expected) > 0.2  # many cameras do not come back at the same moment
    assert waits[-1] <= 1.1  # after the steady stream


def test_a_stream_that_lasts_only_moments_shortens_no_wait(clock):
    refused = [ConnectionError("refused")] * 6
    source = returning(clock, moving(3), *refused, moving(3), moving(3), interval_s=0.5)
    loop = loop_of(source, clock=clock)
    attempts = note_attempts(source, clock)
    run_until(loop, source, 9)
    assert attempts[-1] - attempts[-2] >= 15


def test_a_camera_that_never_gives_a_picture_is_an_input_error(clock):
    source = returning(clock, [])
    with pytest.raises(ValueError, match="camera gives no picture: it ended"):
        loop_of(source, clock=clock).run()
    source.close()


def test_stopping_does_not_wait_for_the_next_attempt(clock):
    source = returning(clock, moving(3), *[ConnectionError("refused")] * 1000)
    loop = loop_of(source, clock=clock)
    loop.displays.append(ListDisplay(clock))
    shown = loop.displays[0].shown
    loop.displays[0].show = lambda *shows: (shown.append(shows), clock.now() > 100 and loop.stop())
    report = loop.run()
    source.close()
    assert report["frames"] == 3
    assert clock.now() < 101


@pytest.mark.parametrize("seed", [0, 1])
def test_fifty_random_failures_lose_no_frame_that_was_delivered(clock, seed, record_property):
    chance = random.Random(seed)
    scripts, delivered = [], 0
    for _ in range(50):
        count = chance.randrange(1, 5)
        delivered += count
        script = moving(count, (16, 16), seed=delivered)
        fault = chance.choice(["end", "raise", "hang", "refuse"])
        script += {"raise": [OSError("lost")], "hang": [chance.uniform(11, 60)]}.get(fault, [])
        scripts.append(script)
        if fault == "refuse":
            scripts.append(ConnectionError("refused"))
    source = returning(clock, *scripts, moving(1, (16, 16), seed=99))
    engines = [FakeRuntime(chance.uniform(0, 0.1), sleep=clock.sleep) for _ in range(2)]
    loop = loop_of(source, *engines, mode="every", clock=clock)
    report = run_until(loop, source, delivered + 1)
    assert indices(loop) == list(range(delivered + 1))
    record_property("recorded", f"{len(indices(loop))} of {delivered + 1}")
    assert report["reconnects"] == 50
    assert report["frames"] == report["grabbed"] == delivered + 1
    clock.sleep(100)  # until the calls that hang have returned


class FullDisk:
    """A sink that has room for three frames."""

    def __init__(self):
        self.frames = 0

    def write(self, picture, frame):
        self.frames += 1
        if self.frames > 3:
            raise OSError(errno.ENOSPC, "No space left on device", "out.mp4")


def test_the_loop_goes_on_without_an_output_that_fails(caplog, clock):
    loop = loop_of(Images(numbered_images(20), clock=clock), clock=clock)
    full, (kept,) = FullDisk(), loop.sinks
    loop.sinks.insert(0, full)
    loop.displays.append(ListDisplay(clock))
    report = loop.run()
    assert [frame.index for frame in kept.frames] == list(range(20))
    assert full.frames == 4
    assert report["failed_outputs"] == ["[Errno 28] No space left on device: 'out.mp4'"]
    assert "Going on without FullDisk" in caplog.text
    assert loop.displays[0].shown[-1][2].warning == "recording stopped"


def test_without_anything_left_to_write_to_the_loop_ends():
    loop = loop_of(Images(numbered_images(500)))
    loop.sinks[:] = [FullDisk()]
    with pytest.raises(RuntimeError, match=r"Nothing is left to write to.*out\.mp4"):
        loop.run()
    assert loop.report()["frames"] < 20
