"""DeepLab v3+ on MobileNetV2 for CamVid, from random weights.

    python tools/train.py --config configs/deeplab_v3_plus_camvid.py --data-dir CamVid

To start from ImageNet weights: --set "backbone_options={'weights': 'imagenet'}".
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="deeplab_v3_plus",
    model_options={"filters": 128},
    backbone="mobilenet_v2",
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.6),
    batch_size=8,
    epochs=70,
    learning_rate=2e-3,
    weight_decay=0.02,
    class_weights="enet_1.1",
    ema_momentum=0.99,
    validate_every=5,
)
