"""The panels on the picture: numbers, which color is which class, and what is out of order."""

from collections.abc import Sequence

import numpy as np

from deploy.video.status import Status
from deploy.video.text import GREY, WHITE, Panel, text_width

MAX_ROWS = 12  # of the legend; more cannot be taken in while driving past
SEEN = 0.0005  # share from which a class counts as on the picture
WARNING = (255, 190, 92)
STREAMS = {"lost": "stream lost, picture {:.1f} s old", "frozen": "stream frozen for {:.1f} s"}
OLD = "picture {:.1f} s old"
LATENCY = "{:.0f} ms latency, p95 {:.0f} ms"
ABSENT = (165, 172, 180)


def text_size(extent: int) -> int:
    """Size of the text, for the smaller side of the frame: 12 at 360, 16 at 540, 29 at 1080."""
    return max(11, round(0.024 * extent + 3))


def row_height(size: int) -> int:
    """Distance between two lines of text of that size, in pixels."""
    return round(size * 1.5)


def legend_rows(height: int, size: int) -> int:
    """How many classes a legend of at most that height in pixels can list, at least 1."""
    return min(MAX_ROWS, max(1, (height - 2 * padding(size)) // row_height(size)))


def padding(size: int) -> int:
    """Room between the edge of a panel and text of that size, in pixels."""
    return round(size * 0.7)


def numbers_panel(title: str, status: Status, size: int) -> Panel:
    """Frame rate, latency and drops, with text of that size in pixels."""
    small = max(10, round(size * 0.8))
    has_numbers = status.fps or status.stale_s
    fps = f"{status.fps:.1f} fps" if has_numbers else "starting"
    latency = LATENCY.format(status.latency_p50_ms, status.latency_p95_ms)
    lines = [
        (title, small, GREY, False),
        (fps, round(size * 1.45), WHITE, True),
        (latency if has_numbers else "measuring", small, WHITE, False),
        (f"{status.dropped} frames dropped", small, GREY, False),
        (status.warning, small, WARNING, True),
    ]
    lines = [line for line in lines if line[0]]
    pad = padding(size)
    widths = [text_width(text, line_size, bold) for text, line_size, _, bold in lines]
    # As wide as the longest usual line, so that the panel does not twitch with the digits.
    width = max(*widths, text_width(LATENCY.format(888, 888), small))
    heights = [round(line_size * 1.5) for _, line_size, _, _ in lines]
    panel = Panel(sum(heights) + pad, width + 2 * pad, radius=size // 2)
    bottom = pad // 2
    for (text, line_size, color, bold), line_height in zip(lines, heights, strict=True):
        bottom += line_height
        panel.text(text, pad, bottom - round(line_size * 0.45), line_size, color, bold)
    return panel


def notice(status: Status) -> str:
    """What people have to know at once about the picture, in words; empty if it is live."""
    if status.stale_s > 0:
        return STREAMS.get(status.stream, OLD).format(status.stale_s)
    return "paused" if status.paused else ""


def notice_panel(text: str, size: int, width: int) -> Panel:
    """One line in large letters, as large as `width` pixels allow."""
    large = round(size * 1.7)
    while large > 8 and text_width(text, large, bold=True) + 2 * padding(large) > width:
        large -= 1
    pad = padding(large)
    panel = Panel(round(large * 1.9), text_width(text, large, bold=True) + 2 * pad, large // 2)
    panel.text(text, pad, round(large * 1.3), large, WARNING, bold=True)
    return panel


def legend_panel(
    names: Sequence[str],
    palette: Sequence[tuple[int, int, int]],
    shares: np.ndarray,
    rows: int,
    size: int,
) -> Panel:
    """Color, name and share of the classes; with too many, of those that cover most.

    Classes keep their order, so that the eye finds them where they were; those that are not on
    the picture are dim.

    Args:
        names: One per class.
        palette: One (red, green, blue) per class.
        shares: Part of the picture per class, 0 to 1.
        rows: How many classes at most, at least 1.
        size: Of the text in pixels.
    """
    listed = (
        sorted(np.argsort(-shares, kind="stable")[:rows])
        if rows < len(names)
        else range(len(names))
    )
    pad, line = padding(size), row_height(size)
    swatch = round(size * 0.95)
    name_left = pad + swatch + pad
    share_width = text_width("100%", size)
    name_width = max(text_width(names[index], size) for index in listed)
    width = name_left + name_width + 2 * pad + share_width
    panel = Panel(len(listed) * line + 2 * pad - size // 3, width + pad, radius=size // 2)
    for row, index in enumerate(listed):
        baseline = pad + row * line + round(size * 0.9)
        top = baseline - round(size * 0.84)
        color = WHITE if shares[index] >= SEEN else ABSENT
        box = (pad, top, pad + swatch, top + swatch)
        panel.swatch(box, palette[index], radius=max(2, size // 5))
        panel.text(names[index], name_left, baseline, size, color)
        if shares[index] >= SEEN:
            text = f"{100 * shares[index]:.0f}%" if shares[index] >= 0.01 else "<1%"
            panel.text(text, width - text_width(text, size), baseline, size, color)
    return panel
