"""U-Net without padding, as published but of a quarter of its width and with batch norm, for cells.

    python tools/train.py --config configs/unet_isbi2012.py --data-dir isbi2012

Sees tiles of 284x284 pixels and predicts the 100x100 in their middle; whole images are validated
and predicted by overlap-tile. The gaps between cells weigh as in the paper. Its width: --set
"model_options={'padding': 'valid'}".
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="unet",
    model_options={"padding": "valid", "filters": 16, "batch_norm": True},
    dataset="isbi2012",
    crop_size=(284, 284),
    scale_range=(0.8, 1.25),
    jitter=0.5,
    blur=0.0,
    augmentation={"elastic": 10.0, "rotation": 15.0, "border": "mirror"},
    batch_size=4,
    epochs=150,
    learning_rate=2e-3,
    weight_decay=0.02,
    class_weights="median_frequency",
    border_weight=10.0,
    validate_every=10,
)
