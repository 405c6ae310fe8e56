"""LR-ASPP on MobileNetV3-Small for CamVid, from random weights.

    python tools/train.py --config configs/lraspp_camvid.py --data-dir CamVid

Sees the same images as the other recipes of the real-time family.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="lraspp",
    backbone="mobilenet_v3_small",
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.4),
    input_size=(288, 384),
    batch_size=4,
    epochs=60,
    learning_rate=2e-3,
    weight_decay=0.02,
    loss="cross_entropy+dice",
    class_weights="enet_1.1",
    validate_every=5,
)
