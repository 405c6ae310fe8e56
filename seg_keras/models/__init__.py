"""Architectures by name. A new one: a file with a function of its name, and one line here.

Every model takes RGB images (B, H, W, C) float in [0, 255] and gives a dict of float32 logits
(B, H, W, num_classes) at the size of the image: `"logits"`, first, to predict with; the others
only help training. With `num_classes=1` the logit is that of class 1 against class 0.
"""

import inspect
import json
from pathlib import Path

import keras

from seg_keras.models.crf_rnn import crf_rnn
from seg_keras.models.deconvnet import deconvnet
from seg_keras.models.deeplab_v1 import deeplab_v1
from seg_keras.models.deeplab_v2 import deeplab_v2
from seg_keras.models.deeplab_v3 import deeplab_v3
from seg_keras.models.deeplab_v3_plus import deeplab_v3_plus
from seg_keras.models.deeplab_v3_se import deeplab_v3_se
from seg_keras.models.dilation10 import dilation10
from seg_keras.models.duc_hdc import duc_hdc
from seg_keras.models.enet import enet
from seg_keras.models.esnet import esnet
from seg_keras.models.fasterseg import fasterseg
from seg_keras.models.fcn8s import fcn8s
from seg_keras.models.fcn16s import fcn16s
from seg_keras.models.fcn32s import fcn32s
from seg_keras.models.frrn import frrn
from seg_keras.models.hed import hed
from seg_keras.models.icnet import icnet
from seg_keras.models.lednet import lednet
from seg_keras.models.lraspp import lraspp
from seg_keras.models.pspnet import pspnet
from seg_keras.models.segmentation_model import SegmentationModel, deployable, transfer_weights
from seg_keras.models.segnet import segnet
from seg_keras.models.segnet_basic import segnet_basic
from seg_keras.models.u_segnet import u_segnet
from seg_keras.models.unet import unet
from seg_keras.models.unet_plus_plus import unet_plus_plus

__all__ = [
    "MODELS",
    "SegmentationModel",
    "build_model",
    "deployable",
    "load_model",
    "transfer_weights",
]

MODELS = {
    "crf_rnn": crf_rnn,
    "deconvnet": deconvnet,
    "deeplab_v1": deeplab_v1,
    "deeplab_v2": deeplab_v2,
    "deeplab_v3": deeplab_v3,
    "deeplab_v3_plus": deeplab_v3_plus,
    "deeplab_v3_se": deeplab_v3_se,
    "dilation10": dilation10,
    "duc_hdc": duc_hdc,
    "enet": enet,
    "esnet": esnet,
    "fasterseg": fasterseg,
    "fcn16s": fcn16s,
    "fcn32s": fcn32s,
    "fcn8s": fcn8s,
    "frrn": frrn,
    "hed": hed,
    "icnet": icnet,
    "lednet": lednet,
    "lraspp": lraspp,
    "pspnet": pspnet,
    "segnet": segnet,
    "segnet_basic": segnet_basic,
    "u_segnet": u_segnet,
    "unet": unet,
    "unet_plus_plus": unet_plus_plus,
}


def build_model(
    name: str, num_classes: int, input_shape: tuple[int, int, int], **options
) -> SegmentationModel:
    """Builds a model by name.

    Args:
        name: A key of `MODELS`.
        num_classes: Number of classes to predict, the ignored label not counted; 1 for a sigmoid.
        input_shape: Image (height, width, channels) in pixels.
        **options: The builder's own arguments, such as `backbone="mobilenet_v2"`.

    Raises:
        ValueError: If the name or an option is unknown; the message lists the known ones.
    """
    if name not in MODELS:
        raise ValueError(f"Unknown model {name!r}. Choose one of: {', '.join(sorted(MODELS))}.")
    known = [*inspect.signature(MODELS[name]).parameters][2:]
    unknown = [option for option in options if option not in known]
    if unknown:
        raise ValueError(f"{name} has no option {', '.join(unknown)}. Known: {', '.join(known)}.")
    if num_classes < 1:
        raise ValueError(f"num_classes is {num_classes}. Give 1 (sigmoid) or more.")
    input_shape = tuple(input_shape)
    model = MODELS[name](num_classes, input_shape, **options)
    builder = {
        "name": name,
        "num_classes": num_classes,
        "input_shape": input_shape,
        "options": options,
    }
    builder = json.loads(json.dumps(builder))  # as a saved file will give it back
    return SegmentationModel(model.input, model.output, name=name, builder=builder)


def load_model(path: str | Path, input_shape: tuple[int, int, int] | None = None) -> keras.Model:
    """Loads a trained model, at its own size or rebuilt at another one with the same weights.

    Args:
        path: A `.keras` file or a run folder. A file that asks to run code of its own is refused.
        input_shape: Image (height, width, channels) in pixels; None for the size of the file.
    """
    path = Path(path)
    file = path / "model.keras" if path.is_dir() else path
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such file. Give a .keras file or a run folder.")
    try:
        model = keras.saving.load_model(file, compile=False)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise ValueError(
            f"{file}: cannot be loaded as a Keras model ({error}). Give a .keras file that this "
            f"project saved."
        ) from error
    if input_shape is None or tuple(input_shape) == model.input_shape[1:]:
        return model
    return _rebuild(model, tuple(input_shape), file)


def _rebuild(model: keras.Model, input_shape: tuple[int, int, int], file: Path) -> keras.Model:
    builder = getattr(model, "builder", None)
    if builder is None:
        raise ValueError(
            f"{file}: does not say how it was built, so it only works at {model.input_shape[1:]}. "
            f"Build models with seg_keras.build_model."
        )
    options = dict(builder["options"])
    backbone_options = dict(options.get("backbone_options") or {})
    if backbone_options.pop("weights", None):  # they come from the file, not from a download
        options["backbone_options"] = backbone_options
    rebuilt = build_model(builder["name"], builder["num_classes"], input_shape, **options)
    if list(model.output) == ["logits"]:
        rebuilt = deployable(rebuilt)
    rebuilt.set_weights(model.get_weights())
    return rebuilt
