"""U-SegNet: SegNet of three stages, with U-Net's skip where the finest details are.

Reference: Kumar et al., "U-SegNet: Fully Convolutional Neural Network based Automated Brain Tissue
Segmentation Tool", ICIP 2018, https://arxiv.org/abs/1806.04429
"""

import keras
from keras import layers

from seg_keras.backbones import build_backbone
from seg_keras.layers import unpooling_stage

DECODER_CONVS = (1, 2, 3)  # of stages 1 to 3; stage 1 has the classifier besides
STEPS = ("decoder1", "decoder2", "decoder3", "block3", "block2", "block1")  # from the end


def u_segnet(
    num_classes: int,
    input_shape: tuple[int, int, int] = (40, 40, 3),
    num_skips: int = 1,
    trained_steps: int = len(STEPS),
    width: float = 1.0,
) -> keras.Model:
    """Builds U-SegNet.

    Choose it for small patches of few tissues: brains of the IBSR, three neighbouring slices as
    channels, in patches of 40x40. Predict with the mode "vote" of `seg_keras.inference.Predictor`.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Patch (height, width, channels) in pixels.
        num_skips: How many decoder stages, from the finest on, also take the encoder's map: 1 as
            published, 2 for the paper's second form, 0 for SegNet of this depth.
        trained_steps: How many of six steps are trained, counted from the classifier on: the
            decoder's stages 1 to 3, then the encoder's 3 to 1. The others keep their weights, so
            that a trained SegNet can be fine-tuned layer by layer.
        width: Channels of every layer against the paper's.

    Returns:
        A model from images (B, H, W, C) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes). Its layers have the names of `segnet`'s.

    Raises:
        ValueError: If there are not as many skips or steps.
    """
    for name, value, least, most in (
        ("num_skips", num_skips, 0, 2),
        ("trained_steps", trained_steps, 1, len(STEPS)),
    ):
        if not least <= value <= most:
            raise ValueError(
                f"{name} is {value}. Give {least} to {most}; the nearest is "
                f"{min(max(value, least), most)}."
            )
    options = {"batch_norm": True, "width": width}
    encoder = build_backbone("vgg16", input_shape, options=options)
    x = encoder.output["c3"]  # (B, H/8, W/8, 256)
    for stage in (3, 2, 1):
        pooled_map = encoder.output[f"c{stage}_conv"]
        finer = encoder.output[f"c{max(1, stage - 1)}_conv"]
        x = unpooling_stage(
            x,
            pooled_map,
            DECODER_CONVS[stage - 1],
            finer.shape[-1],
            beside_map=stage <= num_skips,
            name=f"decoder{stage}",
        )  # (B, H/2^(stage-1), W/2^(stage-1), ...)
    # float32 also under mixed precision: the loss must not see rounded logits.
    x = layers.Conv2D(num_classes, 3, padding="same", dtype="float32", name="classifier")(x)
    model = keras.Model(encoder.input, {"logits": x}, name="u_segnet")
    for layer in model.layers:
        layer.trainable = not layer.name.startswith(STEPS[trained_steps:])
    return model
