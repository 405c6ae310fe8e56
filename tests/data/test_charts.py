"""Charts of class shares: readable for rare classes, for frequent ones, and for none."""

import numpy as np
import pytest

from seg_keras.data.charts import draw_class_shares
from seg_keras.data.labels import LabelSpace
from seg_keras.data.statistics import ClassCounts

SPACE = LabelSpace(("road", "sky"), ((200, 0, 0), (255, 255, 255)))


@pytest.fixture
def chart_of(tmp_path):
    """Draws a chart as SVG, which names its texts in comments."""

    def draw(*pixels):
        counts = ClassCounts(np.array(pixels), np.full(2, 1000), np.array([1, 2]))
        draw_class_shares(tmp_path / "chart.svg", counts, SPACE, images=4)
        return (tmp_path / "chart.svg").read_text()

    return draw


def test_bars_have_their_shares_and_rare_classes_a_logarithmic_axis(chart_of):
    chart = chart_of(1, 999)
    for text in ("road", "sky", "0.1", "100", "25", "50", "1", "10"):  # shares, then ticks
        assert f"<!-- {text} -->" in chart


def test_without_a_rare_class_the_axis_is_plain(chart_of):
    assert chart_of(230, 770).count("<!-- 20 -->") == 2  # a tick of both panels


def test_a_split_without_a_labelled_pixel_is_drawn(chart_of):
    assert "<!-- 0 -->" in chart_of(0, 0)
