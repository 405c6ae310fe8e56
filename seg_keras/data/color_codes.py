"""Label images that show classes in colors, turned to ids."""

from collections.abc import Sequence

import numpy as np


def colors_to_ids(picture: np.ndarray, colors: Sequence[tuple[int, int, int]]) -> np.ndarray:
    """Gives each pixel the position of its color.

    Args:
        picture: uint8 (H, W, 3), RGB.
        colors: One (red, green, blue) per id.

    Returns:
        uint8 (H, W).

    Raises:
        ValueError: If a pixel has another color; the message lists such colors.
    """
    # A color as one number; a table of all 2^24 would cost more than the search.
    codes = picture.astype("uint32") @ np.array([1 << 16, 1 << 8, 1], "uint32")
    known = np.array([(red << 16) + (green << 8) + blue for red, green, blue in colors], "uint32")
    order = np.argsort(known, kind="stable")
    places = np.searchsorted(known[order], codes).clip(max=len(known) - 1)
    ids = order[places]
    wrong = known[ids] != codes
    if wrong.any():
        found = [
            tuple(int(code) >> shift & 255 for shift in (16, 8, 0))
            for code in np.unique(codes[wrong])[:4]
        ]
        raise ValueError(
            f"{np.count_nonzero(wrong)} pixels have a color of no class, such as "
            f"{', '.join(str(color) for color in found)}. Paint them in the colors of the classes, "
            f"without smoothing, and save them without loss (PNG, not JPEG)."
        )
    return ids.astype("uint8")
