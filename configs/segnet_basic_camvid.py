"""SegNet-Basic for CamVid, from random weights, on crops of half its height and width.

    python tools/train.py --config configs/segnet_basic_camvid.py --data-dir CamVid

Other decoders of the paper's table 1: --set "model_options={'decoder': 'deconv'}". The paper takes
whole images, batches of 12 and SGD with a learning rate of 0.1.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="segnet_basic",
    dataset="camvid",
    crop_size=(180, 240),
    scale_range=(0.5, 1.25),
    batch_size=8,
    epochs=60,
    learning_rate=2e-3,
    weight_decay=0.02,
    class_weights="median_frequency",
    validate_every=5,
)
