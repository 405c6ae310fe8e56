"""U-Net of a quarter of its width, with batch norm, for CamVid, from random weights.

    python tools/train.py --config configs/unet_camvid.py --data-dir CamVid

On an encoder of ImageNet: --backbone mobilenet_v2 --set "backbone_options={'weights': 'imagenet'}".
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="unet",
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
