"""What the picture shows: the tint against NumPy, panels that fit, read well, and stay aside."""

import dataclasses

import numpy as np
import pytest
from video_fakes import NAMES, PALETTE, frame_of

from deploy.video.overlay import Overlay, blend, class_shares, color_table
from deploy.video.panels import (
    legend_panel,
    legend_rows,
    notice,
    notice_panel,
    numbers_panel,
    text_size,
)
from deploy.video.status import Status
from deploy.video.text import GREY, GROUND, GROUND_OPACITY, WHITE
from deploy.video.view import View

STATUS = Status(24.8, 38.0, 52.0, dropped=3, warning="engine failed on 2 frames")


@pytest.fixture
def scene():
    rng = np.random.default_rng(0)

    def make(size):
        image = rng.integers(0, 256, (*size, 3), dtype="uint8")
        return image, rng.integers(0, len(NAMES), size, dtype="uint8")

    return make


@pytest.mark.parametrize("opacity", [0.0, 0.25, 0.5, 1.0])
def test_the_tint_is_a_weighted_sum_of_image_and_palette(scene, opacity):
    image, classes = scene((75, 101))
    before = image.copy()
    canvas = np.empty_like(image)
    tinted = blend(image, classes, color_table(PALETTE), opacity, canvas)
    exact = (1 - opacity) * image + opacity * np.array(PALETTE)[classes]
    assert tinted is canvas
    assert np.abs(tinted - exact).max() <= 0.5  # rounded, never cut off
    np.testing.assert_array_equal(image, before)


def test_ids_without_a_color_are_black_and_harmless():
    classes = np.full((4, 4), 255, "uint8")
    image = np.full((4, 4, 3), 200, "uint8")
    tinted = blend(image, classes, color_table(PALETTE), 0.5, np.empty_like(image))
    assert (tinted == 100).all()
    assert class_shares(classes, len(NAMES)).sum() == 0


@pytest.mark.parametrize(("size", "step"), [((37, 53), 1), ((511, 5), 1), ((513, 5), 2)])
def test_shares_count_every_pixel_or_of_high_pictures_some_rows(scene, size, step):
    _, classes = scene(size)
    counted = classes[::step].ravel()
    expected = np.bincount(counted, minlength=len(NAMES)) / counted.size
    np.testing.assert_allclose(class_shares(classes, len(NAMES)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "size",
    [
        (48, 64),  # too small for any panel
        (75, 101),
        (1, 1),
        (480, 270),  # upright
        (2160, 60),
        (360, 480),
        (1080, 1920),
    ],
)
def test_pictures_of_any_size_keep_the_middle_of_the_road_free(scene, size):
    image, classes = scene(size)
    frame = frame_of(image, classes=classes, shares=class_shares(classes, len(NAMES)))
    picture = Overlay(NAMES, PALETTE, View(opacity=0.4), "model int8").draw(frame, STATUS)
    assert picture.shape == image.shape
    plain = blend(image, classes, color_table(PALETTE), 0.4, np.empty_like(image))
    height, width = size
    road = np.s_[height // 2 :, width // 3 : width - width // 3]
    np.testing.assert_array_equal(picture[road], plain[road])
    if min(size) >= 360:
        assert (picture != plain).any()


@pytest.mark.parametrize("extent", [360, 540, 1080])
def test_panels_scale_with_the_frame(extent):
    size = text_size(extent)
    height, width = numbers_panel("deeplab_v3_plus int8", STATUS, size).size
    assert 0.1 < height / extent < 0.36
    names = ["pavement"] * 11
    shares = np.full(11, 1 / 11)
    legend = legend_panel(names, [(0, 0, 0)] * 11, shares, legend_rows(extent, size), size)
    assert legend.size[0] < 0.62 * extent
    assert width + legend.size[1] < extent * 4 / 3  # both fit side by side


def test_a_long_legend_lists_what_covers_most_in_the_order_of_the_classes():
    shares = np.zeros(150)
    shares[[140, 7, 66]] = 0.2, 0.5, 0.3
    names = [f"class {index}" for index in range(150)]
    palette = [(index, index, index) for index in range(150)]
    legend = legend_panel(names, palette, shares, rows=3, size=16)
    assert legend.size[0] < 100
    same = legend_panel(["class 7", "class 66", "class 140"], palette, [0.5, 0.3, 0.2], 3, 16)
    assert legend.size == same.size


def contrast(color, ground):
    """Contrast ratio of WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""

    def luminance(rgb):
        rgb = np.array(rgb) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    return (luminance(color) + 0.05) / (luminance(ground) + 0.05)


@pytest.mark.parametrize("color", [WHITE, GREY])
def test_text_reads_well_even_over_a_white_sky(color):
    over_white = np.array(GROUND) * GROUND_OPACITY + 255 * (1 - GROUND_OPACITY)
    assert contrast(color, over_white) >= 4.5


def test_text_is_opaque_and_its_ground_is_not():
    picture = np.full((120, 300, 3), 255, "uint8")
    panel = numbers_panel("", Status(24.8, 1, 2, 0), 20)
    panel.lay_over(picture, 0, 0)
    inside = picture[5 : panel.size[0] - 5, 5 : panel.size[1] - 5]
    assert inside.max() >= 250
    ground = np.array(GROUND) * GROUND_OPACITY + 255 * (1 - GROUND_OPACITY)
    assert np.abs(np.median(inside, axis=(0, 1)) - ground).max() <= 1.5


def test_panels_change_only_a_few_times_a_second(scene):
    image, classes = scene((360, 480))
    overlay = Overlay(NAMES, PALETTE)
    shares = class_shares(classes, len(NAMES))

    def picture_at(time_s, fps):
        frame = frame_of(image, time_s, classes, shares)
        return overlay.draw(frame, Status(fps, 1, 2, 0)).copy()

    first = picture_at(0.0, 11.1)
    np.testing.assert_array_equal(picture_at(0.1, 99.9), first)
    assert (picture_at(0.3, 99.9) != first).any()
    # A source that begins anew is no reason to show old numbers.
    later = picture_at(50.0, 99.9)
    assert (picture_at(0.0, 11.1) != later).any()


def test_modes_show_the_image_or_the_colors_alone(scene):
    image, classes = scene((48, 64))
    frame = frame_of(image, classes=classes)
    overlay = Overlay(NAMES, PALETTE)
    overlay.view.mode = "original"
    np.testing.assert_array_equal(overlay.draw(frame, STATUS), image)
    overlay.view.mode = "classes"
    np.testing.assert_array_equal(overlay.draw(frame, STATUS), np.uint8(PALETTE)[classes])


OLD = {
    "lost": ("lost", "stream lost, picture 2.4 s old"),
    "frozen": ("frozen", "stream frozen for 2.4 s"),
    "live": ("live", "picture 2.4 s old"),
}


@pytest.mark.parametrize("stream", OLD)
def test_an_old_picture_is_dimmed_and_says_how_old_it_is(scene, stream):
    image, classes = scene((360, 640))
    frame = frame_of(image, classes=classes)
    overlay = Overlay(NAMES, PALETTE, View(opacity=0.4, legend=False))
    fresh = overlay.draw(frame, STATUS)
    assert notice(STATUS) == ""
    old = dataclasses.replace(STATUS, stream=stream, stale_s=2.4)
    assert notice(old) == OLD[stream][1]
    picture = overlay.draw(frame, old)
    assert np.abs(picture[:180].astype(int) - 0.45 * fresh[:180]).max() <= 1
    # The same frame again, a moment later: the words go on.
    older = overlay.draw(frame, dataclasses.replace(old, stale_s=2.5))
    assert (older != picture).any()


def test_a_held_picture_says_so_and_stays_bright(scene):
    image, classes = scene((360, 640))
    frame = frame_of(image, classes=classes)
    overlay = Overlay(NAMES, PALETTE, View(legend=False))
    held = overlay.draw(frame, dataclasses.replace(STATUS, paused=True))
    np.testing.assert_array_equal(held[:180], overlay.draw(frame, STATUS)[:180])
    assert (held != overlay.draw(frame, STATUS)).any()


@pytest.mark.parametrize("size", [(360, 640), (1080, 1920), (640, 360), (240, 320), (30, 40)])
def test_the_notice_fits_into_the_picture(size):
    text = "stream lost, picture 1234.5 s old"
    panel = notice_panel(text, text_size(min(size)), size[1])
    if size[1] >= 240:
        assert panel.size[1] <= size[1]
    Overlay(NAMES, PALETTE).draw(
        frame_of(np.zeros((*size, 3), "uint8")),
        dataclasses.replace(STATUS, stream="lost", stale_s=1234.5),
    )


def test_what_happens_is_shown_at_once(scene):
    image, _ = scene((360, 480))
    frame, overlay = frame_of(image), Overlay(NAMES, PALETTE)
    before = overlay.draw(frame, dataclasses.replace(STATUS, warning=""))
    assert (overlay.draw(frame, STATUS) != before).any()


def test_without_classes_the_image_is_shown(scene):
    image, _ = scene((48, 64))
    picture = Overlay(NAMES, PALETTE).draw(frame_of(image), STATUS)
    np.testing.assert_array_equal(picture, image)


def test_an_opacity_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"between 0 and 1, got 1\.5"):
        View(opacity=1.5)
