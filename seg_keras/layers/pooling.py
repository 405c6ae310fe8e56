"""Pooling whose windows are known when the model is built."""

from keras import KerasTensor, layers


def grid_average_pool(x: KerasTensor, bins: int, name: str) -> KerasTensor:
    """Averages (B, H, W, C) over a bins x bins grid to (B, bins, bins, C).

    Window and stride come from the static size, so the result is one ordinary AveragePooling2D.
    Where the size is no multiple of `bins`, windows overlap and differ a little from adaptive
    pooling; published weights then want a size that is.

    Raises:
        ValueError: If there are fewer pixels than bins along a side.
    """
    height, width = x.shape[1:3]
    if height < bins or width < bins:
        raise ValueError(
            f"Cannot pool a {height}x{width} feature map into {bins}x{bins} bins. "
            f"Use a larger `input_shape` or smaller `bin_counts`."
        )
    strides = (height // bins, width // bins)
    window = (height - (bins - 1) * strides[0], width - (bins - 1) * strides[1])
    return layers.AveragePooling2D(window, strides, name=name)(x)


def check_seen_whole(x: KerasTensor, window: int) -> None:
    """Refuses a map (B, H, W, C) that is smaller than a window without padding."""
    height, width = x.shape[1:3]
    if height < window or width < window:
        raise ValueError(
            f"The last layer sees {window} pixels at once, but its map has only {height}x{width}. "
            f"Use a larger `input_shape` or a `margin` of 100, which suits every size."
        )


def overlapping_max_pool(x: KerasTensor, round_up: bool, name: str) -> KerasTensor:
    """Maxima of 3x3 windows from the first pixel on, every second one, of a map without negatives.

    (B, H, W, C) to (B, H/2, W/2, C). Sizes are rounded up, or else down, to
    which Caffe's rule comes for these windows.
    """
    margins = [(0, 1 if n % 2 == 0 else 2 * round_up) for n in x.shape[1:3]]
    x = layers.ZeroPadding2D(margins, name=f"{name}_pad")(x)
    return layers.MaxPooling2D(3, strides=2, name=name)(x)
