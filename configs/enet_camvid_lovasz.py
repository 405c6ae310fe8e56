"""ENet for CamVid, fine-tuned with the Lovász-Softmax loss after `enet_camvid.py`.

    python tools/train.py --config configs/enet_camvid_lovasz.py --data-dir CamVid \
        --output runs/enet_lovasz

Reference: Berman et al., "The Lovász-Softmax loss", CVPR 2018, section 4.3,
https://arxiv.org/abs/1705.08790
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="enet",
    initial_weights="runs/enet_camvid",
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.6),
    batch_size=8,
    epochs=20,
    learning_rate=2e-4,
    weight_decay=0.02,
    loss="lovasz",
    validate_every=5,
)
