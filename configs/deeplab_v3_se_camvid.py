"""DeepLab v3 with squeeze-and-excitation on a ResNet-50 of a quarter of its width for CamVid.

    python tools/train.py --config configs/deeplab_v3_se_camvid.py --data-dir CamVid

The published schedule grows the image, at --set learning_rate=1e-5 schedule=constant: train at
--crop-size 128 224 with a batch of 16, then at 256 448 with 8 and at 512 912 with 4, each from
--set initial_weights=RUN of the one before.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="deeplab_v3_se",
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
    validate_every=5,
)
