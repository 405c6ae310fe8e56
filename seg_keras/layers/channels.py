"""Channel counts that suit the hardware, for models of several widths."""


def round_channels(channels: float, divisor: int) -> int:
    """The nearest multiple of `divisor`, at least `divisor` and at least 0.9 times as many."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded if rounded >= 0.9 * channels else rounded + divisor
