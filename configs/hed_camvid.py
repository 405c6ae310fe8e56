"""HED on the label borders of CamVid, from random weights and at half its width.

    python tools/train.py --config configs/hed_camvid.py --data-dir CamVid

At full width (--set "model_options={}") its weights are what `deeplab_v3_se` with `edge_input`
looks at images through. The mean IoU that is validated is that of edges of one pixel, and so is
low; it only tells which epoch is best.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="hed",
    model_options={"width": 0.5},
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.6),
    batch_size=8,
    epochs=30,
    learning_rate=1e-3,
    weight_decay=0.02,
    loss="edges",
    validate_every=5,
)
