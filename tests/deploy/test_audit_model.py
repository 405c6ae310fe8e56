"""Each named cause is found in the smallest model that has it, and a clean model is silent."""

import keras
import pytest
import tensorflow as tf
from tiny_models import build_tiny_model

from deploy.export.audit_model import audit_model


class Argmax(keras.layers.Layer):
    def call(self, x):
        ids = tf.argmax(x, axis=-1, output_type=tf.int32)
        return tf.one_hot(ids, 4)


class UnpoolingByIndices(keras.layers.Layer):
    def call(self, x):
        pooled, indices = tf.nn.max_pool_with_argmax(x, 2, 2, "SAME")
        return tf.repeat(tf.repeat(pooled + tf.cast(indices, tf.float32), 2, axis=1), 2, axis=2)


class ResizeToAnOpenSize(keras.layers.Layer):
    def call(self, x):
        return tf.image.resize(x[:, ::2, ::2], tf.shape(x)[1:3])


class FiveBranches(keras.layers.Layer):
    def call(self, x):
        return tf.concat([x] * 5, axis=-1)


def build(*layers, size=(16, 24)):
    images = keras.Input((*size, 3))
    x = keras.layers.Conv2D(4, 3, padding="same")(images)
    for layer in layers:
        x = layer(x)
    return keras.Model(images, {"logits": x})


def dilated():
    return keras.layers.Conv2D(4, 3, padding="same", dilation_rate=2)


CAUSES = {
    "argmax in the model": (Argmax, "GPU delegate"),
    "long concatenation": (FiveBranches, "4 inputs, not 5"),
    "unpooling by indices": (UnpoolingByIndices, "LiteRT and TensorRT have no kernel"),
    "resize mode": (
        lambda: keras.layers.Resizing(32, 48, interpolation="bicubic"),
        "no kernel",
    ),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_cause_is_found_alone_with_its_reason_and_remedy(cause):
    layer, leaves = CAUSES[cause]
    (finding,) = audit_model(build(layer()))
    assert finding.cause == cause
    assert leaves in finding.leaves
    assert finding.remedy


def test_open_size_is_found_and_what_it_does_to_the_layers():
    model = build(dilated(), ResizeToAnOpenSize(), size=(None, None))
    assert [finding.cause for finding in audit_model(model)] == [
        "dynamic shape",
        "dilated convolution of an open shape",
        "resize to an open size",
    ]


def test_dilation_is_found_where_the_batch_stays_open():
    (finding,) = audit_model(build(dilated()), batch=None)
    assert finding.cause == "dilated convolution of an open shape"
    assert audit_model(build(dilated())) == []


def test_clean_model_is_silent_and_what_is_not_exported_does_not_count():
    model = build_tiny_model()
    assert audit_model(model) == []
    aux = FiveBranches()(model.output["aux"])
    outputs = {"logits": model.output["logits"], "aux": aux}
    assert audit_model(keras.Model(model.input, outputs)) == []


def test_finding_reads_as_a_sentence():
    text = str(audit_model(build(FiveBranches()))[0])
    assert text.startswith("long concatenation at ")
    assert text.endswith("Concatenate in two steps, or add the branches.")
