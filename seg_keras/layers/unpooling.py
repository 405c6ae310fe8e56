"""Max-pooling that remembers where each maximum stood, and the unpooling that puts it back there.

Reference: Badrinarayanan et al., "SegNet: A Deep Convolutional Encoder-Decoder Architecture for
Image Segmentation", PAMI 2017, section 3, https://arxiv.org/abs/1511.00561

TensorFlow's MaxPoolWithArgmax has no built-in form in TFLite and none in ONNX. These two layers are
made of comparisons and selections of whole maps instead, which every engine has, and which give
the same values in float32 and in int8: a maximum is one of the four taps, bit for bit. Multiplied
or one-hot masks would not: they round once more when they are quantised. LiteRT compares int8 maps
whose step is below 1 alone (a range of less than 255, as after batch norm), and finds steps below
1/256 equal to their neighbours.
"""

import keras
from keras import KerasTensor, ops

from seg_keras.layers.blocks import conv_bn_relu

TAPS = 4  # pixels of a 2x2 window, in scan order: top left, top right, bottom left, bottom right


@keras.saving.register_keras_serializable("seg_keras")
class MaxPoolingWithIndices2D(keras.layers.Layer):
    """Halves feature maps to the maxima of their 2x2 windows, and tells which pixel each one was.

    Where several pixels of a window are its maximum, the first in scan order counts, as in
    `tf.nn.max_pool_with_argmax`. A window that reaches beyond an odd height or width sees the
    pixels inside alone. A maximum is stored as an int32; the 2 bits that it needs, as the paper
    stores it, would take a sixteenth of that memory (and an eighth of a float16 map's, where this
    takes as much as a float32 map), but no engine has a type for them.

    Input shape: (B, H, W, C).
    Output shape: maxima and indices 0 to 3 (int32), both (B, H/2, W/2, C), sizes rounded up.
    """

    def call(self, inputs):
        x = _repeat_last_of_odd(inputs)
        pooled = ops.max_pool(x, 2, strides=2)
        windows, channels = ops.space_to_depth(x, 2), x.shape[-1]
        # Not `ops.split`, which TFLite's converter leaves in float32 in an int8 graph.
        taps = [windows[..., i * channels : (i + 1) * channels] for i in range(TAPS)]
        # Asked from the last to the first, so that the first match has the last word.
        indices = TAPS - 1
        for index in reversed(range(TAPS - 1)):
            indices = ops.where(ops.equal(taps[index], pooled), index, indices)
        return pooled, indices

    def compute_output_spec(self, inputs):
        batch, height, width, channels = inputs.shape
        shape = (batch, -(-height // 2), -(-width // 2), channels)
        return KerasTensor(shape, self.compute_dtype), KerasTensor(shape, "int32")


def _repeat_last_of_odd(x):
    """Repeats the last row and column where their number is odd.

    A repeated pixel comes after its original in every window, so it never counts.
    """
    if x.shape[1] % 2:
        x = ops.concatenate([x, x[:, -1:]], axis=1)
    if x.shape[2] % 2:
        x = ops.concatenate([x, x[:, :, -1:]], axis=2)
    return x


@keras.saving.register_keras_serializable("seg_keras")
class BedOfNails2D(keras.layers.Layer):
    """Doubles feature maps: each value goes to the top left of its window, among zeros.

    Args:
        size: Height and width of the result in pixels: twice those of the values, or one less
            where the pooled map had an odd extent. None for twice.

    Input shape: (B, h, w, C). Output shape: (B, *size, C).
    """

    def __init__(self, size: tuple[int, int] | None = None, **kwargs):
        super().__init__(**kwargs)
        self.size = None if size is None else tuple(size)

    def build(self, input_shape):
        fits = [(2 * extent - 1, 2 * extent) for extent in input_shape[1:3]]
        wanted = self.size or (fits[0][1], fits[1][1])
        if any(extent not in pair for extent, pair in zip(wanted, fits, strict=True)):
            raise ValueError(
                f"Maps of {input_shape[1]}x{input_shape[2]} cannot be unpooled to {wanted}. Give a "
                f"height of {fits[0][0]} or {fits[0][1]} and a width of {fits[1][0]} or "
                f"{fits[1][1]}."
            )

    def call(self, inputs):
        others = (TAPS - 1) * inputs.shape[-1]
        return self._laid_out(ops.pad(inputs, [[0, 0], [0, 0], [0, 0], [0, others]]))

    def _laid_out(self, taps):
        """Pixels (B, *size, C) of the four taps (B, h, w, 4C) of each window."""
        x = ops.depth_to_space(taps, 2)
        return x if self.size is None else x[:, : self.size[0], : self.size[1]]

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return batch, *(self.size or (2 * height, 2 * width)), channels

    def get_config(self):
        return {**super().get_config(), "size": self.size}


@keras.saving.register_keras_serializable("seg_keras")
class MaxUnpooling2D(BedOfNails2D):
    """Like `BedOfNails2D`, but each value goes where the maximum of its window stood.

    Called on a list: the values, and the indices that `MaxPoolingWithIndices2D` gave.

    Input shape: two of (B, h, w, C). Output shape: (B, *size, C).
    """

    def build(self, input_shape):
        values, indices = input_shape
        if values[1:] != indices[1:]:
            raise ValueError(
                f"Values {values[1:]} cannot be unpooled with indices {indices[1:]}. Give both "
                f"the same height, width and channels."
            )
        super().build(values)

    def call(self, inputs):
        values, indices = inputs
        taps = [ops.where(ops.equal(indices, index), values, 0.0) for index in range(TAPS)]
        return self._laid_out(ops.concatenate(taps, axis=-1))

    def compute_output_shape(self, input_shape):
        return super().compute_output_shape(input_shape[0])


def unpooling_stage(
    x: KerasTensor,
    pooled_map: KerasTensor,
    num_convs: int,
    filters: int,
    *,
    beside_map: bool = False,
    name: str,
) -> KerasTensor:
    """A stage of SegNet's decoder: (B, h, w, C) to (B, H, W, filters).

    Unpools to where the maxima of the encoder's (B, H, W, C) stood, then makes the sparse map
    dense by `num_convs` convolutions, of which the last one changes the channels. U-SegNet takes
    the encoder's map itself too, beside the sparse one, and joins the two by a 1x1 convolution.
    """
    _, indices = MaxPoolingWithIndices2D(name=f"{name}_indices")(pooled_map)
    x = MaxUnpooling2D(pooled_map.shape[1:3], name=f"{name}_unpool")([x, indices])
    if beside_map:
        x = keras.layers.Concatenate(name=f"{name}_concat")([pooled_map, x])
        x = keras.layers.Conv2D(
            pooled_map.shape[-1], 1, kernel_initializer="he_normal", name=f"{name}_join"
        )(x)
    for index in range(1, num_convs + 1):
        outputs = filters if index == num_convs else x.shape[-1]
        x = conv_bn_relu(x, outputs, use_bias=True, name=f"{name}_{index}")
    return x
