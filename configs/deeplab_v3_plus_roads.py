"""DeepLab v3+ on MobileNetV2 for drawn road scenes: the shipped model learns another look.

    python tools/train.py --config configs/deeplab_v3_plus_roads.py

This is what `make demo` trains: minutes on a laptop, no download. From random weights,
which takes many more epochs: `--set initial_weights= --set epochs=80`.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="deeplab_v3_plus",
    model_options={"filters": 128},
    backbone="mobilenet_v2",
    initial_weights="zoo/deeplab_v3_plus_camvid",
    dataset="roads",
    crop_size=(176, 240),
    scale_range=(0.45, 0.9),
    input_size=(240, 320),
    jitter=0.2,
    blur=0.05,
    batch_size=8,
    epochs=12,
    learning_rate=3e-3,
    weight_decay=0.02,
    warmup_epochs=0.5,
    loss="cross_entropy+dice",
    class_weights="enet_1.1",
    ema_momentum=0.98,
    validate_every=6,
)
