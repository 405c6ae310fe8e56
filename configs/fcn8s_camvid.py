"""FCN-8s of a quarter of its width, with batch norm, for CamVid, at once from random weights.

    python tools/train.py --config configs/fcn8s_camvid.py --data-dir CamVid

The paper's way starts from ImageNet and has three trainings, fcn32s, fcn16s and fcn8s; the first:
--model fcn32s --set model_options={} --set "backbone_options={'weights': 'imagenet'}"
--output runs/fcn32s; then --model fcn16s with --set initial_weights=runs/fcn32s, and so on.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="fcn8s",
    model_options={"at_once": True},
    backbone="vgg16",
    backbone_options={"width": 0.25, "batch_norm": True},
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.6),
    batch_size=8,
    epochs=70,
    learning_rate=1e-3,
    weight_decay=0.02,
    class_weights="enet_1.1",
    validate_every=5,
)
