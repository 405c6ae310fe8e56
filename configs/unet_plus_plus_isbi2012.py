"""U-Net++ of half its width, with batch norm and deep supervision, for cells.

    python tools/train.py --config configs/unet_plus_plus_isbi2012.py --data-dir isbi2012
    python tools/evaluate.py --model runs/unet_plus_plus_isbi2012 --cells

The last sixth of the images, 5 of 30 (4 of 24), is held out; `--cells` scores them with pixel error
and Rand error.
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
    epochs=40,
    learning_rate=2e-3,
    weight_decay=0.02,
    class_weights="median_frequency",
    border_weight=10.0,
    validate_every=10,
)
