"""The graph of quantisation-aware training rounds as the int8 file does."""

import numpy as np
from tiny_models import describe

from deploy.export.tflite import export_tflite
from deploy.runtimes import load_runtime
from seg_keras.models import deployable
from seg_keras.training.quantization import with_fake_quantization


def test_it_foretells_what_int8_does_to_the_logits(trained_model, calibration, scenes, tmp_path):
    path = tmp_path / "int8.tflite"
    export_tflite(
        trained_model,
        path,
        describe() | {"calibration": {"seed": 7}},
        "int8",
        iter(calibration),
        output_kind="logits",
    )
    runtime = load_runtime(path, threads=1)
    images = scenes[0].astype("float32")
    of_file = np.concatenate([runtime.run(image[np.newaxis]) for image in scenes[0]])

    model = deployable(trained_model)
    graph = with_fake_quantization(model)
    # The converter's calibration sees a black and a white frame too.
    extremes = np.stack([np.zeros_like(calibration[0]), np.full_like(calibration[0], 255)])
    seen = np.concatenate([calibration, extremes]).astype("float32")
    graph(seen, training=True)
    foretold, exact = (np.asarray(m(images)["logits"]) for m in (graph, model))
    cost, foretold_cost = (of_file - exact).ravel(), (foretold - exact).ravel()
    # One value rounded the other way changes all that follow: alike, and as large, is all there is.
    assert np.corrcoef(cost, foretold_cost)[0, 1] > 0.4
    assert 0.7 < np.std(foretold_cost) / np.std(cost) < 1.4
