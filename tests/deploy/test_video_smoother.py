"""Classes over time: votes against NumPy, the past moving along, and flicker that is counted."""

import contextlib
import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from deploy.runtimes import load_runtime
from deploy.video.flicker import FlickerMeter
from deploy.video.frame import Frame
from deploy.video.motion import Motion
from deploy.video.refinement import SMOOTHERS, open_refinement
from deploy.video.smoother import VOTE, Smoother
from deploy.video.sources import open_source

SIZE = (96, 128)
ROOT = Path(__file__).parents[2]
CLIP = ROOT.parent / "shared" / "data" / "video" / "highway_960x540.mp4"


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def frame(index, image, classes, connection=0):
    return Frame(index, image, index / 25, index / 25, classes=classes, connection=connection)


def textured(rng, size=SIZE):
    """An image that optical flow can follow."""
    noise = rng.integers(0, 256, (*size, 3), dtype="uint8")
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2.5), None, 0, 255, cv2.NORM_MINMAX)


def drive(rng, count, speed):
    """Frames of a scene that moves to the left, with its true classes."""
    wide = textured(rng, (SIZE[0], SIZE[1] + speed * count))
    classes = (cv2.GaussianBlur(wide[..., 0], (0, 0), 6) > 128).astype("uint8")
    for index in range(count):
        seen = np.s_[:, speed * index : speed * index + SIZE[1]]
        yield np.ascontiguousarray(wide[seen]), np.ascontiguousarray(classes[seen])


@pytest.mark.parametrize("follow", [False, True])
def test_with_two_classes_it_is_the_exponential_average_of_the_votes(rng, follow):
    smoother, image = Smoother(Motion(follow)), textured(rng)
    average = None
    for index in range(12):
        classes = rng.integers(0, 2, SIZE, dtype="uint8")
        average = classes * 1.0 if average is None else average + VOTE * (classes - average)
        smoothed = smoother(frame(index, image, classes))
        sure = np.abs(average - 0.5) > 0.01  # votes are counted in 255ths
        assert sure.mean() > 0.9
        np.testing.assert_array_equal(smoothed[sure], (average > 0.5)[sure])


def test_votes_are_counted_in_the_size_of_the_engine(rng):
    engine, whole = Smoother(Motion(False), engine_size=SIZE), Smoother(Motion(False))
    image = cv2.resize(textured(rng), None, fx=3, fy=3)
    for index in range(8):
        small = rng.integers(0, 3, SIZE, dtype="uint8")
        large = cv2.resize(small, None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST_EXACT)
        shown = engine(frame(index, image, large))
        np.testing.assert_array_equal(shown, whole(frame(index, image, large)))
    assert engine._votes.shape == SIZE  # which is what makes it cheap


def test_the_past_of_an_engine_smaller_than_the_frame_moves_along():
    smoother, wrong = Smoother(Motion(), engine_size=SIZE), []
    for index, (image, truth) in enumerate(drive(np.random.default_rng(1), 12, speed=3)):
        classes = 1 - truth if index % 4 == 3 else truth
        enlarged = cv2.resize(classes, None, fx=3, fy=2, interpolation=cv2.INTER_NEAREST_EXACT)
        shown = smoother(frame(index, cv2.resize(image, None, fx=3, fy=2), enlarged))
        wrong.append((shown[1::2, 1::3] != truth)[:, 8:-8].mean())
    assert np.mean(wrong[4:]) < 0.02


def test_an_engine_larger_than_the_frame_changes_nothing(rng):
    engine, whole = Smoother(Motion(False), engine_size=(200, 300)), Smoother(Motion(False))
    image = textured(rng)
    for index in range(4):
        given = frame(index, image, rng.integers(0, 3, SIZE, dtype="uint8"))
        np.testing.assert_array_equal(engine(given), whole(given))


@pytest.mark.parametrize("num_classes", [2, 150])
def test_one_wrong_frame_is_not_seen_and_a_lasting_change_soon(rng, num_classes):
    smoother, image = Smoother(Motion(False)), textured(rng)
    old, new = np.zeros(SIZE, "uint8"), np.full(SIZE, num_classes - 1, "uint8")
    answers = [old, old, new, old, old, old, new, new, new]
    shown = [smoother(frame(index, image, c))[0, 0] for index, c in enumerate(answers)]
    assert shown == [0] * 8 + [num_classes - 1]


def test_what_was_handed_out_stays_as_it_was(rng):
    smoother, image = Smoother(Motion()), textured(rng)
    given = [rng.integers(0, 3, SIZE, dtype="uint8") for _ in range(6)]
    before = [classes.copy() for classes in given]
    shown = [smoother(frame(index, image, classes)) for index, classes in enumerate(given)]
    kept = [classes.copy() for classes in shown]
    for index in range(6, 9):
        smoother(frame(index, image, given[0]))
    for now, then in zip(given + shown, before + kept, strict=True):
        np.testing.assert_array_equal(now, then)


def test_the_past_moves_along_with_the_picture(rng):
    errors = {}
    for follow in (False, True):
        smoother, wrong = Smoother(Motion(follow)), []
        for index, (image, truth) in enumerate(drive(np.random.default_rng(1), 12, speed=3)):
            # Every fourth answer is nonsense: only a past that is in the right place helps.
            classes = 1 - truth if index % 4 == 3 else truth
            wrong.append((smoother(frame(index, image, classes)) != truth)[:, 8:-8].mean())
        errors[follow] = np.mean(wrong[4:])
    assert errors[True] < 0.02
    assert errors[True] < errors[False] / 3


def test_where_the_picture_changed_the_newest_vote_wins(rng):
    smoother, image = Smoother(Motion(False)), np.full((*SIZE, 3), 60, "uint8")
    for index in range(5):
        smoother(frame(index, image, np.zeros(SIZE, "uint8")))
    appeared, classes = image.copy(), np.zeros(SIZE, "uint8")
    appeared[30:60, 40:80] = 200
    classes[:] = 1
    shown = smoother(frame(5, appeared, classes))
    assert (shown[31:59, 41:79] == 1).all()
    assert (shown[:28] == 0).all()


@pytest.mark.parametrize("kind", ["votes", "flow"])
@pytest.mark.parametrize(
    "other",
    [
        {"connection": 1, "size": SIZE},  # the camera was lost meanwhile
        {"connection": 0, "size": (75, 101)},  # and came back in another size
    ],
)
def test_another_connection_or_size_forgets_the_past(rng, kind, other):
    smoother = open_refinement(kind, flicker=False)
    smoother(frame(0, textured(rng), np.zeros(SIZE, "uint8")))
    classes = np.ones(other["size"], "uint8")
    image = textured(rng, other["size"])
    np.testing.assert_array_equal(smoother(frame(1, image, classes, other["connection"])), classes)


@pytest.mark.parametrize("size", [(1, 1), (1, 60), (5, 3), (13, 17), (75, 101), (300, 20)])
def test_frames_of_any_size_pass(rng, size):
    refine = open_refinement("flow", flicker=True)
    for index in range(3):
        image = rng.integers(0, 256, (*size, 3), dtype="uint8")
        classes = rng.integers(0, 3, size, dtype="uint8")
        assert refine(frame(index, image, classes)).shape == size
    assert refine.report()["shown"] <= 1


@pytest.mark.parametrize("shift", [(0, 3), (2, 0), (-3, 5)])
def test_motion_is_found_where_there_is_something_to_see(rng, shift):
    wide = textured(rng, (140, 180))
    wide[:, :60] = 90  # a clear sky
    motion = Motion()
    assert motion(frame(0, wide[20:116, 20:148].copy(), None)) is None
    top, left = 20 + shift[0], 20 + shift[1]
    displacement = motion(frame(1, wide[top : top + 96, left : left + 128].copy(), None))
    assert displacement.scale == 1
    found = np.median(displacement.flow[16:-16, 70:-16], axis=(0, 1))
    np.testing.assert_allclose(found[::-1], shift, atol=0.3)
    assert not displacement.flow[16:-16, :20].any()


def test_large_frames_are_compared_small(rng):
    image = cv2.resize(textured(rng), (960, 540), interpolation=cv2.INTER_CUBIC)
    motion = Motion()
    motion(frame(0, image, None))
    displacement = motion(frame(1, np.roll(image, 8, axis=1), None))
    assert displacement.flow.shape == (90, 160, 2)
    assert displacement.scale == 6
    inside = displacement.moved_pixels()[20:-20, 20:-20]
    assert np.median(inside) == pytest.approx(8, abs=1)
    origins = displacement.origins((540, 960))
    place = origins[270, 480] - (480, 270)
    np.testing.assert_allclose(place, (-8, 0), atol=2)


def test_flicker_is_the_part_of_still_pixels_that_changed(rng):
    meter, image = FlickerMeter(None, Motion()), textured(rng)
    for index in range(5):
        classes = np.zeros(SIZE, "uint8")
        classes[:24, :64] = index % 2  # an eighth of the picture
        np.testing.assert_array_equal(meter(frame(index, image, classes)), classes)
    assert meter.report() == {"still": 1.0, "engine": 0.125, "shown": 0.125}


def test_the_smoother_is_measured_against_the_engine(rng):
    refine, image = open_refinement("votes", flicker=True), textured(rng)
    for index in range(9):
        classes = np.zeros(SIZE, "uint8")
        classes[:24] = index % 4 == 2
        refine(frame(index, image, classes))
    assert refine.report() == {"still": 1.0, "engine": 0.125, "shown": 0.0}


def test_classes_that_move_with_the_picture_do_not_flicker(rng):
    meter = FlickerMeter(None, Motion())
    for index, (image, classes) in enumerate(drive(rng, 8, speed=4)):
        meter(frame(index, image, classes))
    report = meter.report()
    assert report["still"] < 0.1


@pytest.mark.slow
@pytest.mark.skipif(not CLIP.is_file(), reason=f"needs {CLIP.name}")
def test_on_a_motorway_at_most_half_of_the_flicker_is_left():
    engine = load_runtime(ROOT / "zoo" / "deeplab_v3_plus_camvid" / "model_int8.tflite")
    meters = [open_refinement(kind, flicker=True) for kind in ("votes", "flow")]
    with contextlib.closing(open_source(str(CLIP))) as video:
        for frame in itertools.islice(iter(video.read, None), 30):
            frame.classes = engine(frame.image)
            for meter in meters:
                meter(frame)
    for meter in meters:
        report = meter.report()
        assert report["engine"] > 0.01
        assert report["shown"] <= 0.5 * report["engine"]


def test_a_lost_stream_is_no_flicker(rng):
    meter, image = FlickerMeter(None, Motion()), textured(rng)
    meter(frame(0, image, np.zeros(SIZE, "uint8")))
    meter(frame(1, image, np.ones(SIZE, "uint8"), connection=1))
    assert meter.report() == {"still": 0.0, "engine": 0.0, "shown": 0.0}


def test_nothing_asked_is_nothing_done():
    assert open_refinement("none", flicker=False) is None
    assert SMOOTHERS[0] == "none"


@pytest.mark.parametrize("vote", [0, -0.1, 1.5])
def test_an_impossible_vote_is_refused(vote):
    with pytest.raises(ValueError, match="above 0 and up to 1"):
        Smoother(Motion(), vote)


def test_an_unknown_smoother_is_refused():
    with pytest.raises(ValueError, match="Choose one of: none, votes, flow"):
        open_refinement("median", flicker=False)
