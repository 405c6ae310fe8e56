"""What the losses of regions share: probabilities, and how far they overlap with the labels."""

from keras import ops

CLASS_CHOICES = ("present", "all")


def check_classes(classes: str) -> str:
    """Gives back which classes a mean is over, if it is one of `CLASS_CHOICES`."""
    if classes not in CLASS_CHOICES:
        raise ValueError(f"Unknown classes={classes!r}. Choose one of: {', '.join(CLASS_CHOICES)}.")
    return classes


def probabilities_and_targets(labels, logits):
    """What is predicted, and what is true, for each class that has a logit.

    Args:
        labels: Class ids (B, H, W) int32.
        logits: (B, H, W, C).

    Returns:
        Probabilities and zeros and ones, both float32 (B, H, W, C). A single logit is that of
        class 1; its background is no class of its own.
    """
    if logits.shape[-1] == 1:
        return ops.sigmoid(logits), ops.cast(ops.equal(labels, 1), "float32")[..., None]
    return ops.softmax(logits), ops.one_hot(labels, logits.shape[-1], dtype="float32")


def flat_units(x, per_image: bool):
    """Pixels (B, H, W, C) as (B, H * W, C) for a loss per image, as (1, B * H * W, C) for one."""
    height, width, channels = x.shape[1:]
    return ops.reshape(x, (-1, height * width, channels) if per_image else (1, -1, channels))


def overlaps(probabilities, targets, weights, per_image: bool, power: int = 1):
    """Weighted sums over the pixels of the batch, or of each image: U = 1 or B units.

    Args:
        probabilities, targets: (B, H, W, C).
        weights: (B, H, W), 0 for pixels that do not count.
        per_image: Whether there is a sum for each image.
        power: Of the probabilities in their own sum.

    Returns:
        Three times float32 (U, C): what is predicted and true, predicted, true.
    """
    weights = weights[..., None]
    sums = (probabilities * targets, probabilities**power, targets)
    return tuple(ops.sum(flat_units(x * weights, per_image), axis=1) for x in sums)


def mean_over_classes(losses, labelled, counts, classes: str):
    """Mean over the chosen classes, then over the units in which there are any.

    Args:
        losses: (U, C).
        labelled: (U, C), above 0 where a class is present.
        counts: bool (U, N, 1), whether a pixel counts.
        classes: "present", or "all" (in each unit where anything counts).
    """
    if classes == "present":
        chosen = labelled > 0
    else:
        chosen = ops.broadcast_to(ops.any(counts, axis=1), ops.shape(losses))
    chosen = ops.cast(chosen, "float32")
    of_units = ops.sum(losses * chosen, axis=1) / ops.maximum(ops.sum(chosen, axis=1), 1)
    return ops.sum(of_units) / ops.maximum(ops.sum(ops.max(chosen, axis=1)), 1)
