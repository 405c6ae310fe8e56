"""FRRN-A for CamVid, from random weights, learning from the hardest quarter of each image.

    python tools/train.py --config configs/frrn_camvid.py --data-dir CamVid

The paper's 32,768 pixels are a quarter of its 256x512; of 240x320 that is 19,200. Sees the same
images as the other recipes of the real-time family, three at a time, as the paper: its residual
stream takes memory at every pixel.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="frrn",
    model_options={"variant": "a"},
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.4),
    input_size=(288, 384),
    batch_size=3,
    epochs=60,
    learning_rate=1e-3,
    weight_decay=0.02,
    loss="bootstrapped",
    loss_options={"top_k": 19_200},
    validate_every=5,
)
