"""Several engines at work on one stream: results in order, failures counted as they come."""

import threading

import numpy as np
import pytest
from video_fakes import FakeRuntime, indices, loop_of, numbered_images
from virtual_clock import VirtualClock

from deploy.video.engines import MAX_FAILURES
from deploy.video.source import Images


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


class Uneven(FakeRuntime):
    """Takes another time for every frame, by the value of its pixels; fails on some of them."""

    def __init__(self, clock, failing=()):
        super().__init__()
        self.clock, self.bad = clock, failing

    def run(self, image):
        number = int(image[0, 0, 0, 0])
        self.clock.sleep(0.01 * (1 + number * 7 % 5))
        if number in self.bad:
            raise ValueError(f"cannot do {number}")
        return super().run(image)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_results_come_in_the_order_of_the_frames(clock, count):
    source = Images(numbered_images(40), clock=clock)
    loop = loop_of(source, *[Uneven(clock) for _ in range(count)], clock=clock)
    loop.run()
    assert indices(loop) == list(range(40))
    for frame in loop.sinks[0].frames:
        assert (frame.image == frame.index).all()


def test_two_engines_do_nearly_twice_as_much_as_one(clock):
    times = {}
    for count in (1, 2):
        source = Images(numbered_images(40), clock=clock)
        engines = [FakeRuntime(0.1, sleep=clock.sleep) for _ in range(count)]
        times[count] = loop_of(source, *engines, clock=clock).run()["seconds"]
        assert all(engine.calls == 40 / count for engine in engines)
    assert times[2] <= 0.55 * times[1]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_only_ten_failures_in_a_row_end_the_run(clock, count):
    bad = [*range(3, 12), *range(13, 13 + MAX_FAILURES)]
    source = Images(numbered_images(100), clock=clock)
    loop = loop_of(source, *[Uneven(clock, bad) for _ in range(count)], clock=clock)
    with pytest.raises(RuntimeError, match="10 frames in a row, the last .*cannot do 22"):
        loop.run()
    assert indices(loop) == list(range(22))
    assert [frame.index for frame in loop.sinks[0].frames if frame.error] == bad[:-1]
    assert loop.report()["engine_errors"] == 9 + MAX_FAILURES - 1


@pytest.mark.parametrize("mode", ["every", "freshest"])
def test_max_frames_holds_for_all_engines_together(clock, mode):
    source = Images(numbered_images(100), fps=50.0, clock=clock)
    engines = [Uneven(clock) for _ in range(3)]
    loop = loop_of(source, *engines, mode=mode, max_frames=8, clock=clock)
    assert loop.run()["frames"] == 8
    assert sum(engine.calls for engine in engines) == 8


class LogitsRuntime(FakeRuntime):
    """Gives logits that favor class 2."""

    description = {**FakeRuntime.description, "output_kind": "logits"}

    def run(self, image):
        logits = np.zeros((*image.shape[:3], 3), "float32")
        logits[..., 2] = 1
        return logits


class Refinement:
    """Adds one to the class of every pixel, or takes that of the lowest logit."""

    def __init__(self, uses_logits):
        self.uses_logits = uses_logits

    def __call__(self, frame):
        if self.uses_logits:
            assert frame.classes is None
            assert frame.logits.shape == (8, 8, 3)
            return np.full(frame.image.shape[:2], frame.logits[0, 0].argmin(), "uint8")
        assert frame.logits is None
        return frame.classes + np.uint8(1)


@pytest.mark.parametrize(
    ("runtime", "uses_logits", "expected"),
    [(FakeRuntime(), False, {1, 2}), (LogitsRuntime(), True, {0}), (LogitsRuntime(), False, {3})],
)
def test_a_refinement_has_the_last_word_on_the_classes(clock, runtime, uses_logits, expected):
    source = Images(numbered_images(4), clock=clock)
    loop = loop_of(source, runtime, refine=Refinement(uses_logits), clock=clock)
    report = loop.run()
    for frame in loop.sinks[0].frames:
        assert set(np.unique(frame.classes)) == expected
        assert frame.logits is None  # it would be kept for nothing
        assert "refine" in frame.stage_ms
    assert "refine" in report["stages"]


def test_a_refinement_of_logits_needs_a_model_that_gives_them(clock):
    with pytest.raises(ValueError, match="Export it with --output-kind logits"):
        loop_of(Images(numbered_images(4)), FakeRuntime(), refine=Refinement(True), clock=clock)
