"""What a `classes.txt` may say, and colored masks."""

import numpy as np
import pytest

from seg_keras.data.class_list import read_class_list
from seg_keras.data.color_codes import colors_to_ids


@pytest.mark.parametrize(
    ("text", "names", "colors", "train_ids"),
    [
        ("sky\n\n  traffic sign \n", ("sky", "traffic sign"), ((0, 0, 0), (128, 0, 0)), None),
        ("7 road\n11 sky", ("road", "sky"), ((0, 0, 0), (128, 0, 0)), {7: 0, 11: 1}),
        ("a 1 2 3\nb c 255 0 9", ("a", "b c"), ((1, 2, 3), (255, 0, 9)), None),
        ("0 a 1 2 3\n255 b 4 5 6", ("a", "b"), ((1, 2, 3), (4, 5, 6)), {0: 0, 255: 1}),
    ],
    ids=["names", "ids", "colors", "both"],
)
def test_lines_are_names_with_ids_and_colors_if_wanted(tmp_path, text, names, colors, train_ids):
    path = tmp_path / "classes.txt"
    path.write_text(text)
    space = read_class_list(path)
    assert (space.names, space.colors, space.train_ids) == (names, colors, train_ids)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names 0 classes, expected 1 to 255"),
        ("\n".join(f"class{index}" for index in range(256)), "names 256 classes"),
        ("a\nb\na", "two classes have the name a"),
        ("1 a\n1 b", "two classes have the id 1"),
        ("a 1 2 3\nb 1 2 3", r"two classes have the color \(1, 2, 3\)"),
        ("1 a\nb", "some lines have the id of their class"),
        ("a 1 2 3\nb", "some lines have the color of their class"),
        ("a 1 2 300", "a number above 255"),
        ("256 a", "a number above 255"),
        ("12", "a line has no name"),
    ],
)
def test_other_forms_are_refused_with_the_right_one(tmp_path, text, message):
    path = tmp_path / "classes.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"classes.txt: .*({message}).*Write one class per line"):
        read_class_list(path)


def test_colors_become_the_positions_in_the_palette(rng):
    colors = rng.choice(256**3, 40, replace=False)
    colors = [tuple(int(code) >> shift & 255 for shift in (0, 8, 16)) for code in colors]
    ids = rng.integers(0, 40, (13, 17)).astype("uint8")
    np.testing.assert_array_equal(colors_to_ids(np.array(colors, "uint8")[ids], colors), ids)


def test_colors_of_no_class_are_counted_and_listed():
    picture = np.zeros((2, 3, 3), "uint8")
    picture[0, :2] = (255, 255, 255), (0, 0, 1)
    with pytest.raises(ValueError, match=r"2 pixels .* \(0, 0, 1\), \(255, 255, 255\)"):
        colors_to_ids(picture, [(0, 0, 0), (9, 9, 9)])
