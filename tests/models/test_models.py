"""What every model promises. A new entry in MODELS needs one line here: its tiny form."""

import math
from pathlib import Path

import keras
import numpy as np
import pytest

import seg_keras
import seg_keras.models
from seg_keras.models import MODELS, build_model, deployable, load_model, transfer_weights

SMALL_BACKBONE = {"backbone_options": {"alpha": 0.35}, "filters": 16}

SMALL_RESNET = {"width": 1 / 8, "num_units": (1, 1, 1, 1)}

# name -> options of a form that is quick to build; the size suits every model and divides by none
TINY = {
    "crf_rnn": {"backbone_options": SMALL_RESNET, "num_samples": 64},
    "deeplab_v1": {"width": 1 / 16},
    "deeplab_v2": {"backbone": "resnet50", "backbone_options": SMALL_RESNET},
    "deeplab_v3": SMALL_BACKBONE,
    "deeplab_v3_plus": SMALL_BACKBONE,
    "deeplab_v3_se": {"backbone_options": SMALL_RESNET},
    "dilation10": {"width": 1 / 64},
    "duc_hdc": {
        "backbone": "resnet50",
        "backbone_options": SMALL_RESNET,
        "dilation_pattern": ((1,), (1,)),
    },
    "esnet": {},
    "fasterseg": {},
    "frrn": {"width": 1 / 8},
    "hed": {"width": 1 / 16},
    "icnet": {"backbone_options": {"alpha": 0.35}, "width": 1 / 8},
    "lednet": {},
    "lraspp": {"backbone_options": {"alpha": 0.35}, "filters": 16},
    "pspnet": {"backbone_options": SMALL_RESNET, "filters": 16, "bin_counts": (1, 2, 3)},
}
INPUT_SHAPE = (49, 67, 3)
NUM_CLASSES = 5

# model, options, trainable weights at 21 classes of the deployed form, as published
COUNTS = [
    ("deeplab_v3", {"head": "pooling"}, 2_113_557),
    ("deeplab_v3", {"head": "aspp"}, 4_523_541),
    (
        "deeplab_v3",
        {"head": "pooling", "backbone_options": {"alpha": 0.5, "channel_divisor": 1}},
        697_013,
    ),
    ("deeplab_v3_plus", {"separable": True}, 2_725_573),
    ("deeplab_v3_plus", {"separable": False}, 5_821_813),
]


@pytest.fixture(scope="module", params=sorted(MODELS))
def model(request):
    keras.utils.set_random_seed(0)
    return build_model(request.param, NUM_CLASSES, INPUT_SHAPE, **TINY[request.param])


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(0, 255, (2, *INPUT_SHAPE)).astype("float32")


def test_every_file_is_registered_under_the_name_of_its_function():
    files = {path.stem for path in Path(seg_keras.models.__file__).parent.glob("*.py")}
    assert files - {"__init__", "segmentation_model"} == set(MODELS)
    assert all(key == function.__name__ for key, function in MODELS.items())
    assert set(TINY) == set(MODELS)
    assert seg_keras.list_models() == sorted(MODELS)


def test_outputs_are_full_size_float32_logits(model, images):
    outputs = model(images)
    assert list(outputs)[0] == "logits"
    for logits in outputs.values():
        assert logits.shape == (2, *INPUT_SHAPE[:2], NUM_CLASSES)
        assert keras.backend.standardize_dtype(logits.dtype) == "float32"
        assert np.isfinite(logits).all()


def test_every_trainable_weight_gets_a_gradient(model, images):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = sum(keras.ops.mean(y**2) for y in model(images, training=True).values())
    gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
    pairs = zip(model.trainable_variables, gradients, strict=True)
    missing = [variable.path for variable, gradient in pairs if gradient is None]
    assert not missing, f"These weights do not reach any output: {missing}"


def test_saved_model_predicts_the_same_and_can_be_rebuilt_at_another_size(model, images, tmp_path):
    file = tmp_path / "model.keras"
    model.save(file)
    plain = keras.saving.load_model(file)
    np.testing.assert_array_equal(plain(images)["logits"], model(images)["logits"])
    other = load_model(file, (33, 33, 3))
    assert other.output["logits"].shape == (None, 33, 33, NUM_CLASSES)
    for theirs, ours in zip(other.weights, model.weights, strict=True):
        np.testing.assert_array_equal(theirs, ours)
    back = load_model(file, INPUT_SHAPE)
    np.testing.assert_array_equal(back(images)["logits"], model(images)["logits"])


def test_deployable_keeps_the_logits_only_and_still_knows_its_builder(model, images, tmp_path):
    cut = deployable(model)
    assert list(cut.output) == ["logits"]
    np.testing.assert_array_equal(cut(images)["logits"], model(images)["logits"])
    cut.save(tmp_path / "cut.keras")
    rebuilt = load_model(tmp_path / "cut.keras", (33, 33, 3))
    assert list(rebuilt.output) == ["logits"]


def test_logits_stay_float32_under_mixed_precision(model):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = build_model(model.name, NUM_CLASSES, INPUT_SHAPE, **TINY[model.name])
    finally:
        keras.config.set_dtype_policy("float32")
    assert {logits.dtype for logits in mixed.output.values()} == {"float32"}
    assert "bfloat16" in {layer.compute_dtype for layer in mixed.layers}


def test_one_class_means_one_logit(model):
    binary = build_model(model.name, 1, INPUT_SHAPE, **TINY[model.name])
    assert binary.output["logits"].shape == (None, *INPUT_SHAPE[:2], 1)


@pytest.mark.parametrize(("name", "options", "count"), COUNTS)
def test_model_has_the_published_size(name, options, count):
    built = deployable(build_model(name, 21, (65, 65, 3), **options))
    assert sum(math.prod(v.shape) for v in built.trainable_variables) == count


def test_unknown_model_option_and_class_count_are_told(tmp_path):
    with pytest.raises(ValueError, match="Unknown model 'pspnot'. Choose one of: .*deeplab_v3"):
        build_model("pspnot", 3, INPUT_SHAPE)
    with pytest.raises(ValueError, match="no option depth. Known: backbone, .*head"):
        build_model("deeplab_v3", 3, INPUT_SHAPE, depth=4)
    with pytest.raises(ValueError, match="no head 'big'. Choose one of: aspp, pooling"):
        build_model("deeplab_v3", 3, INPUT_SHAPE, head="big")
    with pytest.raises(ValueError, match="num_classes is 0"):
        build_model("deeplab_v3", 0, INPUT_SHAPE)
    with pytest.raises(FileNotFoundError, match="no such file. Give a .keras file"):
        load_model(tmp_path)


def test_files_that_are_broken_or_want_to_run_code_are_refused(tmp_path):
    (tmp_path / "broken.keras").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="broken.keras: cannot be loaded"):
        load_model(tmp_path / "broken.keras")
    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.Lambda(lambda x: x)(inputs)
    keras.Model(inputs, {"logits": outputs}).save(tmp_path / "code.keras")
    with pytest.raises(ValueError, match="code.keras: cannot be loaded"):
        load_model(tmp_path / "code.keras")


def test_a_model_that_was_not_built_by_name_keeps_its_size(tmp_path):
    inputs = keras.Input((8, 8, 3))
    keras.Model(inputs, {"logits": inputs}).save(tmp_path / "plain.keras")
    with pytest.raises(ValueError, match="does not say how it was built"):
        load_model(tmp_path / "plain.keras", (16, 16, 3))


def test_weights_are_transferred_by_name_and_what_does_not_fit_is_named(model, images):
    same = build_model(model.name, NUM_CLASSES, INPUT_SHAPE, **TINY[model.name])
    assert transfer_weights(model, same) == []
    np.testing.assert_array_equal(same(images)["logits"], model(images)["logits"])
    other = build_model(model.name, NUM_CLASSES + 2, (33, 33, 3), **TINY[model.name])
    layers = {layer.name: layer for layer in other.layers if layer.weights}
    before = {name: layer.get_weights() for name, layer in layers.items()}
    kept = transfer_weights(model, other)
    shapes = {name: [w.shape for w in weights] for name, weights in before.items()}
    classed = [n for n in shapes if shapes[n] != [w.shape for w in model.get_layer(n).weights]]
    assert kept == classed != []  # those whose weights depend on the number of classes
    for name, layer in layers.items():
        expected = before[name] if name in kept else model.get_layer(name).get_weights()
        for ours, theirs in zip(layer.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_weights_of_another_architecture_are_refused():
    inputs = keras.Input((8, 8, 3))
    stranger = keras.Model(inputs, {"logits": keras.layers.Conv2D(3, 1, name="only")(inputs)})
    model = build_model("deeplab_v3", 3, (33, 33, 3), **TINY["deeplab_v3"])
    with pytest.raises(ValueError, match="No layer of .* fits deeplab_v3"):
        transfer_weights(stranger, model)
