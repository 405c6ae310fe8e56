"""ENet for CamVid, from random weights.

    python tools/train.py --config configs/enet_camvid.py --data-dir CamVid

The paper trains the encoder first, with `enet_camvid_encoder.py`; then add
--set initial_weights=runs/enet_encoder here. Its class weights are the paper's. Sees the same
images as the other recipes of the real-time family.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="enet",
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
