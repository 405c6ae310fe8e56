"""ICNet on MobileNetV2 for CamVid, from random weights.

    python tools/train.py --config configs/icnet_camvid.py --data-dir CamVid

The recipes of the real-time family see the same images: 60 times the training split,
in crops of 240x320.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="icnet",
    model_options={"width": 0.5},
    backbone="mobilenet_v2",
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.4),
    input_size=(288, 384),
    batch_size=4,
    epochs=60,
    learning_rate=2e-3,
    weight_decay=0.02,
    loss="cross_entropy+dice",
    class_weights="enet_1.1",
    output_weights={"logits": 1.0, "sub24": 0.4, "sub4": 0.16},
    validate_every=5,
)
