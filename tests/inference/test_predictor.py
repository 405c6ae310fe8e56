"""Every mode gives classes of the image's own size, computed on logits."""

import cv2
import keras
import numpy as np
import pytest

from seg_keras.inference import MODES, Predictor

SIZE = (24, 32)
FULL_SIZE_MODES = [mode for mode in MODES if mode != "tile"]
COLORS = np.array([[250, 20, 30], [20, 250, 30], [30, 20, 250]], "uint8")


class Unaffordable(keras.layers.Layer):
    """An auxiliary head that must not run while predicting."""

    def call(self, inputs):
        raise AssertionError("The auxiliary head was run.")

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, inputs.dtype)


def color_model(size=SIZE):
    """A model whose logits are the channels of the image: red is class 0, green 1, blue 2."""
    inputs = keras.Input((*size, 3))
    logits = keras.layers.Rescaling(1.0)(inputs)
    return keras.Model(inputs, {"logits": logits, "aux": Unaffordable()(logits)})


@pytest.fixture(scope="module")
def model():
    return color_model()


def blocks(height, width, side=8):
    """An image of colored squares, and the class of each pixel."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 3, (-(-height // side), -(-width // side)))
    classes = np.kron(coarse, np.ones((side, side), int))[:height, :width].astype("uint8")
    return COLORS[classes], classes


# Smaller, equal, larger in one side, larger and odd.
@pytest.mark.parametrize("size", [(9, 13), SIZE, (24, 51), (67, 101)])
@pytest.mark.parametrize("mode", ["resize", "slide"])
def test_classes_have_the_size_of_the_image(model, size, mode):
    image, expected = blocks(*size)
    predict = Predictor(model, mode)
    classes = predict(image)
    assert classes.dtype == np.uint8
    assert classes.shape == size
    # Scaling may move the borders of the squares, but nothing else.
    agreement = (classes == expected).mean()
    assert agreement == 1 if mode == "slide" or size == SIZE else agreement > 0.75
    assert predict.logits(image).shape == (*size, 3)
    np.testing.assert_array_equal(predict.logits(image).argmax(-1), classes)


@pytest.mark.parametrize("size", [(1, 1), (9, 13), (23, 32), SIZE])
def test_padding_changes_no_pixel_of_the_image(model, size):
    image, expected = blocks(*size)
    np.testing.assert_array_equal(Predictor(model, "pad")(image), expected)


def test_an_image_of_the_models_size_is_the_same_in_every_mode(model):
    image, _ = blocks(*SIZE)
    for mode in ("resize", "pad", "slide"):
        np.testing.assert_allclose(Predictor(model, mode).logits(image), image, rtol=1e-6)


def test_resize_scales_logits_and_not_classes(model):
    image, _ = blocks(50, 70, side=5)
    small = cv2.resize(image, SIZE[::-1], interpolation=cv2.INTER_LINEAR)
    expected = cv2.resize(small.astype("float32"), (70, 50), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(Predictor(model, "resize").logits(image), expected, atol=1e-3)


@pytest.mark.parametrize("mode", FULL_SIZE_MODES)
@pytest.mark.parametrize("size", [(11, 19), SIZE])
def test_one_logit_is_a_sigmoid(mode, size):
    """Class 1 is where the logit is above 0, also after scaling a single channel."""
    inputs = keras.Input((*SIZE, 3))
    x = keras.layers.Conv2D(1, 1, kernel_initializer="ones", name="sum")(inputs)
    x = keras.layers.Rescaling(1.0, offset=-299.5)(x)  # just above 0 for the bright half
    predict = Predictor(keras.Model(inputs, {"logits": x}), mode)
    image = np.full((*size, 3), 100, "uint8")
    image[:, : size[1] // 2] = 99
    classes = predict(image)
    assert classes[:, 0].tolist() == [0] * size[0]
    assert classes[:, -1].tolist() == [1] * size[0]
    assert predict.logits(image).shape == (*size, 1)


def test_votes_count_windows_and_not_how_sure_they_are():
    """Three windows that are hardly sure of class 0 outvote one that is very sure of class 1."""
    inputs = keras.Input((4, 4, 3))
    # Windows that see the bright pixel, 4 of 16, shout; the others whisper.
    loud = keras.layers.GlobalMaxPooling2D(keepdims=True)(inputs)[..., :1] * 100
    whisper = keras.layers.Rescaling(0.0, offset=1.0)(inputs)[..., :1]
    logits = keras.layers.Concatenate()([whisper, whisper * loud])
    predict = Predictor(keras.Model(inputs, {"logits": logits}), "vote")
    image = np.zeros((7, 7, 3), "uint8")
    image[0, 0] = 255
    shares = predict.logits(image)
    np.testing.assert_allclose(shares[3, 3], [15 / 16, 1 / 16])
    assert predict(image)[3, 3] == 0
    assert Predictor(keras.Model(inputs, {"logits": logits}), "slide", 3 / 4)(image)[3, 3] == 1


def test_overlap_averages_away_what_only_a_windows_border_sees():
    """A model that is wrong in its last column: the neighbour's opinion corrects it."""
    wrong = np.zeros((1, 8, 8, 3), "float32")
    wrong[:, :, -1] = [0, 300, 0]
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Add()([inputs, keras.ops.convert_to_tensor(wrong)])
    model = keras.Model(inputs, {"logits": x})
    image = np.full((8, 12, 3), COLORS[0], "uint8")
    assert (Predictor(model, "slide", overlap=0.5)(image)[:, :-1] == 0).all()


def test_progress_of_a_sliding_window_is_told(model):
    told = []
    predict = Predictor(model, "slide", overlap=0.0, progress=lambda *step: told.append(step))
    predict(np.zeros((48, 64, 3), "uint8"))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_image_too_large_to_pad_names_the_way_out(model):
    with pytest.raises(ValueError, match="25x32 .* 24x32.*'slide'"):
        Predictor(model, "pad")(np.zeros((25, 32, 3), "uint8"))


@pytest.mark.parametrize(
    "shape_and_dtype", [((8, 8), "uint8"), ((8, 8, 4), "uint8"), ((8, 8, 3), "uint16")]
)
def test_image_of_another_kind_is_refused(model, shape_and_dtype):
    with pytest.raises(ValueError, match=r"expected uint8 \(height, width, 3\)"):
        Predictor(model)(np.zeros(*shape_and_dtype))


def test_unknown_mode_lists_the_known_ones(model):
    with pytest.raises(ValueError, match="'crop'.*resize, pad, slide, vote, tile"):
        Predictor(model, "crop")


def test_mode_follows_from_the_size_of_the_logits(model):
    inputs = keras.Input((16, 16, 3))
    smaller = keras.Model(inputs, {"logits": keras.layers.Conv2D(2, 5)(inputs)})
    assert Predictor(model).mode == "resize"
    assert Predictor(smaller).mode == "tile"
    assert Predictor(smaller)(np.zeros((9, 21, 3), "uint8")).shape == (9, 21)
    with pytest.raises(ValueError, match=r"'slide' does not suit .*\(2, 2\) .*Use 'tile'"):
        Predictor(smaller, "slide")
    with pytest.raises(ValueError, match="'tile' does not suit .*Use any but 'tile'"):
        Predictor(model, "tile")


def test_overlap_of_a_whole_window_is_refused(model):
    with pytest.raises(ValueError, match="overlap is 1.0"):
        Predictor(model, "slide", overlap=1.0)


def test_model_whose_logits_are_not_in_the_middle_is_refused():
    inputs = keras.Input((16, 16, 3))
    model = keras.Model(inputs, {"logits": keras.layers.Conv2D(2, 4, name="even")(inputs)})
    with pytest.raises(ValueError, match=r"\(16, 16, 3\) and gives logits of \(13, 13\)"):
        Predictor(model)
