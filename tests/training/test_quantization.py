"""Quantisation-aware training: what is rounded, what stands still, what a run leaves."""

import dataclasses

import keras
import numpy as np
from keras import layers

from seg_keras.data.datasets import build_dataset
from seg_keras.layers import FakeQuantize, FakeQuantizedWeights
from seg_keras.models import MODELS, build_model
from seg_keras.training import RunFolder, train
from seg_keras.training.quantization import with_fake_quantization
from seg_keras.training.setup import build_optimizer
from tests.training import tiny_run

RNG = np.random.default_rng(5)


def build_small():
    inputs = keras.Input((12, 16, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv")(inputs)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(name="bn")(x))
    y = layers.BatchNormalization(name="linear_bn")(layers.Conv2D(4, 1, name="linear")(x))
    x = layers.MaxPooling2D(name="pool")(layers.Add(name="add")([x, y]))
    return keras.Model(inputs, {"logits": layers.Conv2D(5, 1, name="classifier")(x)})


def test_what_the_converter_merges_is_not_rounded_in_between():
    graph = with_fake_quantization(build_small())
    rounded = {layer.name for layer in graph.layers if isinstance(layer, FakeQuantize)}
    assert rounded == {
        "relu_1_rounded",
        "linear_bn_1_rounded",
        "add_1_rounded",
        "classifier_1_rounded",
    }
    kernels = {x.layer.name for x in graph.layers if isinstance(x, FakeQuantizedWeights)}
    assert kernels == {"conv", "linear", "classifier"}


def test_it_trains_the_models_own_weights_and_no_statistics():
    model = build_small()
    graph = with_fake_quantization(model)
    assert {id(v) for v in graph.trainable_variables} == {id(v) for v in model.trainable_variables}
    before = {v.path: np.array(v) for v in model.weights}
    images = RNG.normal(size=(2, 12, 16, 3)).astype("float32")
    graph.compile(keras.optimizers.SGD(0.1), keras.losses.MeanSquaredError())
    graph.train_on_batch(images, {"logits": np.ones((2, 6, 8, 5), "float32")})
    for variable in model.weights:
        moved = np.any(np.array(variable) != before[variable.path])
        assert moved == variable.trainable, variable.path


def test_a_layer_that_stands_in_several_places_is_rounded_in_each():
    inputs = keras.Input((4, 4, 3))
    shared = layers.Conv2D(3, 1, name="shared")
    graph = with_fake_quantization(keras.Model(inputs, {"logits": shared(shared(inputs))}))
    assert sum(isinstance(layer, FakeQuantize) for layer in graph.layers) == 2
    assert len(graph.trainable_variables) == 2


def test_a_run_leaves_an_ordinary_model_and_resumes_its_ranges(camvid_folder, tmp_path):
    config = dataclasses.replace(tiny_run.CONFIG, quantization_aware=True, epochs=1)
    folder = RunFolder(tmp_path / "run")
    dataset = build_dataset("camvid", camvid_folder)
    train(config, tiny_run.build, dataset, tiny_run.make_predict, folder)
    model = keras.models.load_model(folder.path / "model.keras")
    assert [v.path for v in model.weights] == [v.path for v in tiny_run.build((32, 40, 3)).weights]

    graph = with_fake_quantization(tiny_run.build((32, 40, 3)))
    graph.compile(build_optimizer(config, 2), keras.losses.MeanSquaredError())
    graph.optimizer.build(graph.trainable_variables)
    folder.load_state(graph)
    ranges = [layer.range for layer in graph.layers if isinstance(layer, FakeQuantize)]
    assert ranges
    assert np.all(np.isfinite(ranges))


def test_every_architecture_can_practise_in_int8():
    small = {"lraspp", "deeplab_v3_plus", "enet"} & set(MODELS)
    for name in sorted(small):
        model = build_model(name, 4, (64, 96, 3))
        graph = with_fake_quantization(model)
        assert graph.output["logits"].shape == model.output["logits"].shape
        variables = {id(v) for v in model.trainable_variables}
        assert {id(v) for v in graph.trainable_variables} == variables
