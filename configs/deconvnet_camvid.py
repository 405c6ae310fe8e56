"""DeconvNet of a quarter of its width for CamVid, from random weights.

    python tools/train.py --config configs/deconvnet_camvid.py --data-dir CamVid

At full width, which takes 4 GB for the weights and the optimizer alone, from those of ImageNet:
--set model_options={} --set "backbone_options={'weights': 'imagenet'}". The paper takes crops of
224x224 around single objects, batches of 64 and SGD with a learning rate of 0.01.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="deconvnet",
    model_options={"width": 0.25},
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.6),
    batch_size=8,
    epochs=70,
    learning_rate=1e-3,
    weight_decay=0.02,
    class_weights="enet_1.1",
    validate_every=5,
)
