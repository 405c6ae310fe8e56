"""PSPNet on a ResNet-50 of a quarter of its width for CamVid, from random weights.

    python tools/train.py --config configs/pspnet_camvid.py --data-dir CamVid

At full width, with ImageNet weights: --set "backbone_options={'weights': 'imagenet'}".
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="pspnet",
    model_options={"filters": 128},
    backbone="resnet50",
    backbone_options={"width": 0.25},
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.6),
    batch_size=8,
    epochs=30,
    learning_rate=2e-3,
    weight_decay=0.02,
    class_weights="enet_1.1",
    output_weights={"aux": 0.4},
    validate_every=5,
)
