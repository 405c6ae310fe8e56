"""Which of a backbone's maps a decoder goes through on its way back to the image."""

from keras import KerasTensor


def maps_before_pooling(features: dict[str, KerasTensor]) -> list[KerasTensor]:
    """One map of a backbone for each resolution, from the finest to the coarsest.

    Where the backbone pools, as VGG16 does, they are the maps that are pooled: strides 1 to 16.
    Others halve by convolutions and give their stages' last maps, "c1" to "c5": strides 2 to 32.
    """
    pooled = [f"c{stage}_conv" for stage in range(1, 6)]
    names = pooled if features.keys() >= set(pooled) else [f"c{stage}" for stage in range(1, 6)]
    return [features[name] for name in names if name in features]
