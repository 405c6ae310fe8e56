"""Colors by VOC's rule, and ids that start at 1."""

import numpy as np

from seg_keras.data.label_spaces import bit_palette, one_based


def test_colors_follow_the_bits_of_the_id():
    palette = bit_palette(256)
    # from the devkit's own table
    known = {0: (0, 0, 0), 1: (128, 0, 0), 7: (128, 128, 128), 8: (64, 0, 0), 15: (192, 128, 128),
             16: (0, 64, 0), 255: (224, 224, 192)}  # fmt: skip
    assert {index: palette[index] for index in known} == known
    assert len(set(palette)) == 256


def test_the_first_class_is_1_in_the_files_and_0_is_void():
    space = one_based(("a", "b"))
    assert space.to_train_ids(np.array([0, 1, 2, 255], "uint8")).tolist() == [255, 0, 1, 255]
    assert space.colors == bit_palette(3)[1:]
