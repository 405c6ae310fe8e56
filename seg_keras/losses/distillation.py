"""Knowledge distillation: a small model learns how sure a large one is of every class.

References: Hinton et al., "Distilling the Knowledge in a Neural Network", 2015, section 2,
https://arxiv.org/abs/1503.02531; Chen et al., "FasterSeg", ICLR 2020, section 3.4,
https://arxiv.org/abs/1912.10917
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable("seg_keras")
class DistillationLoss(keras.losses.Loss):
    """Divergence KL(teacher, student) of a pixel's class probabilities, mean over the pixels.

    Divided by the number of classes (FasterSeg's mean over all elements), so it is small beside a
    cross entropy. 0 or more; 0 where both say the same.

    The teacher's logits take the place of the labels. As Keras compares each output with a target
    of its own, the student gets a second name for its logits, and the teacher's are that target:

        outputs = {**student.output, "distillation": student.output["logits"]}
        model = keras.Model(student.input, outputs)
        model.compile(loss={"logits": OhemCrossEntropy(), "distillation": DistillationLoss()})
        targets = {"logits": labels, "distillation": teacher(images, training=False)["logits"]}
        model.train_on_batch(images, targets)

    Only training is like that: the new name adds no layer, and `deployable` drops it.

    Args:
        temperature: What both logits are divided by; above 1, unlikely classes say more. The loss
            grows by its square, which keeps the gradients about as large.
        name: Name of the loss.

    Call arguments:
        y_true: The teacher's logits (B, H, W, num_classes); no gradient flows into them.
        y_pred: The student's logits of the same shape; one class is told from its absence.
        sample_weight: How much each pixel counts, (B, H, W): 0 where it is ignored. The mean is
            the weighted mean, 0 where nothing counts. None: all pixels count, for the teacher
            has an opinion on those without a label too.
    """

    def __init__(self, temperature: float = 1.0, name: str = "distillation"):
        super().__init__(name=name, reduction="mean_with_sample_weight", dtype="float32")
        if temperature <= 0:
            raise ValueError(f"temperature is {temperature}. Give a positive number.")
        self.temperature = temperature

    def call(self, y_true, y_pred):
        if y_true.shape[1:] != y_pred.shape[1:]:
            raise ValueError(
                f"The teacher's logits are {tuple(y_true.shape)}, the student's "
                f"{tuple(y_pred.shape)}. Build both for the same classes and image size."
            )
        teacher = _log_probabilities(ops.stop_gradient(y_true) / self.temperature)
        student = _log_probabilities(y_pred / self.temperature)
        divergence = ops.mean(ops.exp(teacher) * (teacher - student), axis=-1)
        return divergence * self.temperature**2

    def get_config(self):
        return {"temperature": self.temperature, "name": self.name}


def _log_probabilities(logits):
    """Logarithms (B, H, W, C) of class probabilities; C = 2 for a single logit."""
    if logits.shape[-1] == 1:
        logits = ops.concatenate([ops.zeros_like(logits), logits], axis=-1)
    return ops.log_softmax(logits)
