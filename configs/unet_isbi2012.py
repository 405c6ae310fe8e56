"""U-Net without padding, as published but of a quarter of its width and with batch norm, for cells.

    python tools/train.py --config configs/unet_isbi2012.py --data-dir isbi2012
    python tools/evaluate.py --model runs/unet_isbi2012 --cells

Sees tiles of 444x444 pixels and predicts the 260x260 in their middle; whole images are validated
and predicted by overlap-tile, four tiles each. Elastic deformation and the weights of the gaps
between cells are as in the paper. The last sixth of the images, 5 of 30 (4 of 24), is held out;
`--cells` scores them with pixel error and Rand error. The paper's width: --set
"model_options={'padding': 'valid'}".
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="unet",
    model_options={"padding": "valid", "filters": 16, "batch_norm": True},
    dataset="isbi2012",
    crop_size=(444, 444),
    scale_range=(0.8, 1.25),
    jitter=0.5,
    blur=0.0,
    augmentation={"elastic": 10.0, "rotation": 15.0, "border": "mirror"},
    batch_size=2,
    epochs=90,
    learning_rate=2e-3,
    weight_decay=0.02,
    class_weights="median_frequency",
    border_weight=10.0,
    validate_every=30,
)
