"""ENet's encoder for CamVid, from random weights: the first of the paper's two stages.

    python tools/train.py --config configs/enet_camvid_encoder.py --data-dir CamVid \
        --output runs/enet_encoder

The second stage, `enet_camvid.py`, starts from its weights.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="enet",
    model_options={"encoder_only": True},
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.4),
    input_size=(288, 384),
    batch_size=4,
    epochs=60,
    learning_rate=2e-3,
    weight_decay=0.02,
    class_weights="enet",
    validate_every=5,
)
