"""The first layer of a backbone: pixels in [0, 255] to about zero mean and unit variance."""

from keras import KerasTensor, layers

# Mean and standard deviation of ImageNet's red, green and blue.
IMAGENET_MEAN = (123.68, 116.779, 103.939)
IMAGENET_STD = (58.393, 57.12, 57.375)


def normalize_image(x: KerasTensor, name: str = "normalize") -> KerasTensor:
    """Subtracts ImageNet's mean colour from (B, H, W, C) and divides by its deviation.

    The form that published weights of VGG and ResNet are fed with, up to the scale. Channels that
    follow red, green and blue are taken from [0, 255] to [-1, 1], as are all in other images.
    """
    channels = x.shape[-1]
    rgb = channels >= 3
    mean = (*IMAGENET_MEAN * rgb, *(127.5,) * (channels - 3 * rgb))
    std = (*IMAGENET_STD * rgb, *(127.5,) * (channels - 3 * rgb))
    variance = [deviation**2 for deviation in std]
    return layers.Normalization(mean=mean, variance=variance, name=name)(x)
