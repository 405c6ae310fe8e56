"""U-Net++ of half its width, with batch norm and deep supervision, for CamVid at half of
its height and width, from random weights.

    python tools/train.py --config configs/unet_plus_plus_camvid.py --data-dir CamVid

`seg_keras.models.unet_plus_plus.prune` cuts the trained model to a smaller depth.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="unet_plus_plus",
    model_options={"filters": 16, "batch_norm": True},
    dataset="camvid",
    crop_size=(144, 192),
    scale_range=(0.3, 0.7),
    input_size=(176, 240),
    batch_size=4,
    epochs=14,
    learning_rate=2e-3,
    weight_decay=0.02,
    loss="cross_entropy+dice",
    class_weights="enet_1.1",
    validate_every=4,
)
