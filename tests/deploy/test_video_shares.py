"""The chart of class shares over time, in bounded memory."""

import sys

import cv2
import numpy as np
import pytest
from video_fakes import NAMES, PALETTE, frame_of

from deploy.video import shares as shares_module
from deploy.video.shares import ShareChart

PICTURE = np.zeros((4, 6, 3), "uint8")


def colors_of(path):
    image = cv2.imread(str(path))[..., ::-1]
    return {tuple(color) for color in image.reshape(-1, 3).tolist()}


def frame_with(time_s, shares):
    return frame_of(PICTURE, time_s, shares=np.array(shares))


def test_the_chart_shows_the_classes_that_were_seen_in_their_colors(tmp_path):
    chart = ShareChart(tmp_path / "new" / "chart.png", NAMES, PALETTE)
    for number in range(20):
        chart.write(PICTURE, frame_with(number / 25, [0.6, 0.4, 0.0]))
    chart.write(PICTURE, frame_of(PICTURE, 1.0))  # an engine that failed: no shares
    chart.close()
    colors = colors_of(tmp_path / "new" / "chart.png")
    assert {tuple(PALETTE[0]), tuple(PALETTE[1])} <= colors
    assert tuple(PALETTE[2]) not in colors
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["chart.png"]


@pytest.mark.parametrize("count", [1, 7, 8, 100, 1001])
def test_an_endless_run_keeps_few_points_and_the_same_mean(tmp_path, monkeypatch, count):
    monkeypatch.setattr(shares_module, "MAX_POINTS", 4)
    drawn = {}
    monkeypatch.setattr(
        shares_module,
        "draw_shares",
        lambda path, times_s, shares, *rest: (
            path.touch(),
            drawn.update(times_s=times_s, shares=shares),
        ),
    )
    chart = ShareChart(tmp_path / "chart.png", NAMES, PALETTE)
    for number in range(count):
        chart.write(PICTURE, frame_with(number / 25, [number % 2, 1 - number % 2, 0.0]))
    chart.close()
    assert 1 <= len(drawn["times_s"]) <= 9
    assert (np.diff(drawn["times_s"]) > 0).all()
    np.testing.assert_allclose(drawn["shares"].sum(axis=1), 1)
    if count == 1001:
        np.testing.assert_allclose(drawn["shares"][:-1, 0], 0.5)  # averages, not samples


def test_nothing_seen_is_no_chart(tmp_path):
    ShareChart(tmp_path / "chart.png", NAMES, PALETTE).close()
    assert not list(tmp_path.iterdir())


def test_another_format_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"ending in \.png, not .*chart\.svg"):
        ShareChart(tmp_path / "chart.svg", NAMES, PALETTE)


def test_without_matplotlib_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ValueError, match="Charts need matplotlib"):
        ShareChart(tmp_path / "chart.png", NAMES, PALETTE)
