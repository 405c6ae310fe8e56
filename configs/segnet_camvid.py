"""SegNet for CamVid, from random weights.

    python tools/train.py --config configs/segnet_camvid.py --data-dir CamVid

The paper starts the encoder from VGG16: --set "backbone_options={'weights': 'imagenet'}"; and takes
whole images of 360x480, batches of 5 and SGD with a learning rate of 0.001.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="segnet",
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.6),
    batch_size=8,
    epochs=100,
    learning_rate=1e-3,
    weight_decay=0.02,
    class_weights="median_frequency",
    validate_every=5,
)
