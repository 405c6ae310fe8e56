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
    jitter=0.2,
    blur=0.05,
    batch_size=8,
    epochs=28,
    learning_rate=1e-2,
    weight_decay=0.02,
    loss="cross_entropy+dice",
    ema_momentum=0.98,
    validate_every=7,
)
