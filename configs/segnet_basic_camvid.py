"""SegNet-Basic for CamVid, from random weights, at half of its height and width.

    python tools/train.py --config configs/segnet_basic_camvid.py --data-dir CamVid

Other decoders of the paper's table 1: --set "model_options={'decoder': 'deconv'}". The paper takes
whole images, batches of 12, median frequency weights and SGD with a learning rate of 0.1.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="segnet_basic",
    dataset="camvid",
    crop_size=(144, 192),
    scale_range=(0.3, 0.7),
    input_size=(176, 240),
    batch_size=4,
    epochs=24,
    learning_rate=2e-3,
    weight_decay=0.02,
    loss="cross_entropy+dice",
    class_weights="enet_1.1",
    validate_every=4,
)
