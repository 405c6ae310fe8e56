"""Averages over a coarse grid, of windows that are known when the model is built."""

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
