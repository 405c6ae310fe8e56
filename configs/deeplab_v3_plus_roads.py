"""DeepLab v3+ on a narrow MobileNetV2 for drawn road scenes: minutes on a laptop, no download.

    python tools/train.py --config configs/deeplab_v3_plus_roads.py

This is what `make demo` trains.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="deeplab_v3_plus",
    model_options={"filters": 64},
    backbone="mobilenet_v2",
    backbone_options={"alpha": 0.35},
    dataset="roads",
    crop_size=(176, 240),
    scale_range=(0.5, 1.2),
    batch_size=8,
    epochs=14,
    learning_rate=4e-3,
    weight_decay=0.02,
    warmup_epochs=1.0,
    class_weights="enet_1.1",
    ema_momentum=0.95,
    jitter=0.5,
    validate_every=7,
)
