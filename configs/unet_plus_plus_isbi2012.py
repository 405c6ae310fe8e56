"""U-Net++ of half its width, with batch norm and deep supervision, for cells.

python tools/train.py --config configs/unet_plus_plus_isbi2012.py --data-dir isbi2012
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="unet_plus_plus",
    model_options={"filters": 16, "batch_norm": True},
    dataset="isbi2012",
    crop_size=(256, 256),
    scale_range=(0.8, 1.25),
    jitter=0.5,
    blur=0.0,
    augmentation={"elastic": 10.0, "rotation": 15.0, "border": "mirror"},
    batch_size=4,
    epochs=100,
    learning_rate=2e-3,
    weight_decay=0.02,
    class_weights="median_frequency",
    validate_every=10,
)
