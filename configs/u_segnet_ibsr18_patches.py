"""U-SegNet for tissues of the brain, in patches of 40x40 pixels of three neighbouring slices.

    python tools/train.py --config configs/u_segnet_ibsr18_patches.py --data-dir IBSR18

The paper starts from a SegNet that was trained on CamVid, and trains from the end on: the new
layers first, then one more stage of the encoder-decoder at a time, with a learning rate of 1e-6.
Each step starts from the one before:

    --set initial_weights=runs/segnet --set "model_options={'trained_steps': 1}" --output runs/step1
    --set initial_weights=runs/step1 --set "model_options={'trained_steps': 2}" --output runs/step2
    --learning-rate 1e-6

and so on to 6. Whole slices are predicted by majority vote: tools/predict.py --mode vote, and
tools/evaluate.py --dataset ibsr18 --mode vote.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="u_segnet",
    dataset="ibsr18_patches",
    crop_size=(40, 40),
    scale_range=(1.0, 1.0),
    flip=False,
    jitter=0.0,
    blur=0.0,
    batch_size=64,
    epochs=30,
    optimizer="sgd",
    learning_rate=1e-2,
    weight_decay=1e-4,
    validate_every=5,
)
