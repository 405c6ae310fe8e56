"""FasterSeg's student for CamVid, from random weights, with its auxiliary heads and its teacher.

    python tools/train.py --config configs/fasterseg_camvid.py --data-dir CamVid

The paper trains the teacher first: add --set "model_options={'variant': 'teacher'}" and
--output runs/fasterseg_teacher, then start this recipe with --set teacher=runs/fasterseg_teacher,
and the student learns the teacher's logits beside the labels. Sees the same images as the other
recipes of the real-time family.
"""

from seg_keras.training import TrainConfig

config = TrainConfig(
    model="fasterseg",
    model_options={"variant": "student"},
    dataset="camvid",
    crop_size=(240, 320),
    scale_range=(0.5, 1.4),
    input_size=(288, 384),
    batch_size=8,
    epochs=60,
    learning_rate=2e-3,
    weight_decay=0.02,
    loss="ohem",  # threshold 0.7 and a sixteenth of the pixels at least, as in the paper
    class_weights="enet_1.1",
    output_weights={"logits": 1.0, "aux16": 0.2, "aux32": 0.2},  # appendix of the paper
    validate_every=5,
)
