"""ESNet for CamVid, from random weights.

    python tools/train.py --config configs/esnet_camvid.py --data-dir CamVid

To train the encoder first, add --set "model_options={'encoder_only': True}" and
--output runs/encoder, then start this recipe with --set initial_weights=runs/encoder. Sees the
same images as the other recipes of the real-time family.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="esnet",
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.4),
    input_size=(288, 384),
    batch_size=8,
    epochs=60,
    learning_rate=2e-3,
    weight_decay=0.02,
    class_weights="enet_1.1",
    validate_every=5,
)
