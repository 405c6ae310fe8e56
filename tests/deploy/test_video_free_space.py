"""Free space on roads whose geometry is known: distances, obstacles, and what is no road."""

import numpy as np
import pytest
from video_fakes import NAMES, PALETTE, frame_of

from deploy.video.free_space import BANDS_M, FARTHEST_M, FreeSpace, RoadCamera
from deploy.video.overlay import Overlay
from deploy.video.status import Status

SIZE = (270, 480)
CAMERA = RoadCamera(height_m=1.5, degrees=60, horizon=0.4)
SKY, ROAD, CAR = range(3)


def project(x_m, z_m, size=SIZE, camera=CAMERA):
    """Column and row of a point of the road, by the pinhole camera."""
    focal = size[1] / 2 / np.tan(np.radians(camera.degrees) / 2)
    return size[1] / 2 + focal * x_m / z_m, camera.horizon * size[0] + focal * camera.height_m / z_m


def straight_road(size=SIZE, half_m=4.0):
    """Class ids of a road that is eight metres wide."""
    rows, columns = np.indices(size) + 0.5
    below = rows - CAMERA.horizon * size[0]
    on_road = np.abs(columns - size[1] / 2) <= below * half_m / CAMERA.height_m
    return np.where((below > 0) & on_road, ROAD, SKY).astype("uint8")


def put_car(classes, x_m, z_m, width_m=1.8, height_px=30):
    """A car that stands on the road at that distance."""
    left, bottom = project(x_m - width_m / 2, z_m, classes.shape)
    right, _ = project(x_m + width_m / 2, z_m, classes.shape)
    bottom = round(bottom)
    classes[bottom - height_px : bottom, round(left) : round(right)] = CAR
    return classes


@pytest.fixture
def space():
    return FreeSpace(NAMES, CAMERA)


def test_rows_and_distances_are_those_of_a_pinhole_camera():
    for distance_m in BANDS_M:
        row = CAMERA.rows([distance_m], SIZE)[0]
        assert row == pytest.approx(project(0, distance_m)[1])
        assert CAMERA.distances_m([row], SIZE)[0] == pytest.approx(distance_m)
    assert np.isinf(CAMERA.distances_m([0, 0.4 * SIZE[0]], SIZE)).all()


@pytest.mark.parametrize("z_m", [8.0, 15.0, 30.0])
@pytest.mark.parametrize("size", [SIZE, (541, 961)])
def test_a_car_ahead_ends_the_way_where_it_stands(space, z_m, size):
    classes = put_car(straight_road(size), 0.0, z_m)
    assert space.ahead_m(space.free(classes)) == pytest.approx(z_m, rel=0.08)


def test_a_car_beside_the_way_does_not(space):
    classes = put_car(straight_road(), 2.8, 8.0)
    assert space.ahead_m(space.free(classes)) == FARTHEST_M


def test_what_stands_behind_an_obstacle_is_not_free(space):
    free = space.free(put_car(straight_road(), 0.0, 12.0))
    column = free[:, SIZE[1] // 2]
    row = round(project(0, 12.0)[1])
    assert column[row + 2 :].all()
    assert not column[: row - 2].any()


def test_lane_markings_and_specks_do_not_end_the_road(space):
    classes = straight_road()
    classes[200:203, 230:234] = SKY
    assert space.ahead_m(space.free(classes)) == FARTHEST_M


def test_the_own_bonnet_is_no_obstacle_but_a_wall_is(space):
    classes = straight_road()
    classes[-40:] = CAR
    assert space.ahead_m(space.free(classes)) == FARTHEST_M
    classes[:] = SKY
    assert space.ahead_m(space.free(classes)) == 0
    classes[150:160] = ROAD  # far up in the picture: not where we drive
    assert space.ahead_m(space.free(classes)) == 0


def test_another_road_is_not_ours(space):
    classes = straight_road()
    classes[:, :60] = SKY
    classes[200:, :50] = ROAD
    free = space.free(classes)
    assert not free[:, :50].any()
    assert free[-1, SIZE[1] // 2]


@pytest.mark.parametrize("size", [(1, 1), (24, 32), (75, 101), (360, 640), (1080, 1920)])
@pytest.mark.parametrize("fill", [SKY, ROAD, 255])
def test_any_picture_can_be_drawn_on(space, size, fill):
    picture = np.zeros((*size, 3), "uint8")
    frame = frame_of(picture.copy(), classes=np.full(size, fill, "uint8"))
    space(picture, frame)
    if size == (360, 640):
        assert picture.any()  # at least the panel


def test_the_overlay_draws_it_where_there_are_classes(space):
    overlay = Overlay(NAMES, PALETTE)
    image = np.full((*SIZE, 3), 100, "uint8")
    frame = frame_of(image, classes=straight_road())
    status = Status(0, 0, 0, 0)
    plain = overlay.draw(frame, status)
    overlay.layers.append(space)
    assert (overlay.draw(frame, status) != plain).any()
    overlay.view.mode = "original"
    overlay.view.legend = False
    np.testing.assert_array_equal(overlay.draw(frame, status), image)


def test_a_model_without_a_road_is_refused():
    with pytest.raises(ValueError, match="a class called road; this model has cell, edge"):
        FreeSpace(["cell", "edge"], CAMERA)
    FreeSpace(["void", "lane_marking"], CAMERA)


@pytest.mark.parametrize(
    "wrong", [{"height_m": 0}, {"degrees": 180}, {"horizon": 1}, {"height_m": float("nan")}]
)
def test_an_impossible_camera_is_refused(wrong):
    with pytest.raises(ValueError, match="No such camera"):
        RoadCamera(**wrong)
