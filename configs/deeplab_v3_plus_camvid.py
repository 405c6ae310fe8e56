"""DeepLab v3+ on MobileNetV2 for CamVid, from random weights.

    python tools/train.py --config configs/deeplab_v3_plus_camvid.py --data-dir CamVid

Strong changes of colour (`jitter`, 1.0 by default) cost a little on CamVid, and are what lets the
model know a sky that CamVid never shows. To start from ImageNet weights:
--set "backbone_options={'weights': 'imagenet'}".
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="deeplab_v3_plus",
    model_options={"filters": 128},
    backbone="mobilenet_v2",
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.4),
    input_size=(288, 384),
    batch_size=4,
    epochs=120,
    learning_rate=2e-3,
    weight_decay=0.02,
    loss="cross_entropy+dice",
    class_weights="enet_1.1",
    ema_momentum=0.99,
    validate_every=5,
)
