"""Colors and file ids that several data sets define in the same way."""

from collections.abc import Sequence

from seg_keras.data.labels import IGNORE_LABEL, LabelSpace


def bit_palette(count: int) -> tuple[tuple[int, int, int], ...]:
    """Colors of ids 0 to `count` - 1 by the rule of PASCAL VOC's palette.

    The bits of the id, from the lowest, are the bits of red, green, blue, red, and so on, from the
    highest: near ids get colors far apart, and 0 is black.
    """
    return tuple(
        tuple(
            sum((index >> (3 * place + band) & 1) << (7 - place) for place in range(8))
            for band in range(3)
        )
        for index in range(count)
    )


def one_based(
    names: Sequence[str], colors: Sequence[tuple[int, int, int]] | None = None
) -> LabelSpace:
    """Classes whose files hold 1 for the first one and 0 for pixels without a label.

    Args:
        names: One per class.
        colors: One per class; None for those of VOC's palette from 1 on, as 0 is black.
    """
    count = len(names)
    train_ids = {0: IGNORE_LABEL, **{index + 1: index for index in range(count)}}
    return LabelSpace(tuple(names), tuple(colors or bit_palette(count + 1)[1:]), train_ids)
