"""What becomes of frames while somebody holds the picture."""

import numpy as np
import pytest
from video_fakes import ListDisplay, ScriptedCamera, indices, loop_of, moving, numbered_images
from virtual_clock import VirtualClock

from deploy.video.source import Images


@pytest.fixture
def clock():
    return VirtualClock()


def test_a_held_picture_is_shown_again_and_nothing_is_recorded_meanwhile(clock):
    camera = ScriptedCamera(clock, moving(200))
    loop = loop_of(camera, clock=clock)

    class Person(ListDisplay):
        """Presses space at 2 s and again at 4 s."""

        def show(self, picture, frame, status):
            super().show(picture, frame, status)
            loop._view.paused = 2 <= clock.now() < 4

    loop.displays.append(Person(clock))
    report = loop.run()
    times = np.array([frame.grabbed_at for frame in loop.sinks[0].frames])
    assert not ((times > 2.1) & (times < 3.9)).any()
    assert (times > 4).sum() >= 90
    held = [frame.index for _, frame, status, _ in loop.displays[0].shown if status.paused]
    assert len(held) >= 15
    assert len(set(held)) == 1
    assert report["drops"]["paused"] + report["drops"]["late"] >= 45
    assert report["frames"] + sum(report["drops"].values()) == report["grabbed"]
    # What came while the picture was held is not shown late.
    assert max(frame.age_ms for frame in loop.sinks[0].frames) < 100


def test_a_held_file_loses_nothing(clock):
    loop = loop_of(Images(numbered_images(40), clock=clock), clock=clock)

    class Person(ListDisplay):
        def show(self, picture, frame, status):
            super().show(picture, frame, status)
            loop._view.paused = 0.5 <= clock.now() < 3

    loop.displays.append(Person(clock))
    loop.run()
    assert indices(loop) == list(range(40))
    assert clock.now() >= 3
