"""U-Net++ of half its width, with batch norm and deep supervision, for CamVid.

    python tools/train.py --config configs/unet_plus_plus_camvid.py --data-dir CamVid

`seg_keras.models.unet_plus_plus.prune` cuts the trained model to a smaller depth.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="unet_plus_plus",
    model_options={"filters": 16, "batch_norm": True},
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.6),
    batch_size=8,
    epochs=70,
    learning_rate=2e-3,
    weight_decay=0.02,
    class_weights="enet_1.1",
    validate_every=5,
)
