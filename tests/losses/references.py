"""The losses in a few lines of NumPy each, one pixel after the other where that is clearer."""

import numpy as np


def softmax(logits):
    """Probabilities (..., C); of a single logit those of the classes 0 and 1."""
    logits = np.asarray(logits, "float64")
    if logits.shape[-1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], -1)
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def foreground(logits):
    """The probabilities of the classes that have a logit."""
    return softmax(logits)[..., 1:] if logits.shape[-1] == 1 else softmax(logits)


def counted_pixels(labels, logits, ignore_label=255):
    """Labels (N,) and probabilities (N, C) of the pixels that count."""
    counted = labels != ignore_label
    return labels[counted], softmax(logits)[counted]


def likelihoods(labels, logits, ignore_label=255):
    """The probability of the label of each pixel that counts, (N,)."""
    labels, probabilities = counted_pixels(labels, logits, ignore_label)
    return probabilities[np.arange(len(labels)), labels]


def per_class(labels, logits, score, classes="present", weights=None, ignore_label=255):
    """Mean over classes of score(p, y, w), each (N,), of one unit; None where there is no class."""
    counted = labels != ignore_label
    weights = np.ones(labels.shape) if weights is None else weights
    probabilities, scores = foreground(logits), []
    first = 1 if logits.shape[-1] == 1 else 0
    for index in range(probabilities.shape[-1]):
        p, y = probabilities[..., index][counted], labels[counted] == index + first
        if classes == "all" or y.any():
            scores.append(score(p, y.astype(float), weights[counted]))
    return np.mean(scores) if scores and counted.any() else None


def mean_over_units(labels, logits, score, per_image, **options):
    """`per_class` of the batch, or its mean over images."""
    units = range(len(labels)) if per_image else [slice(None)]
    values = [per_class(labels[unit], logits[unit], score, **options) for unit in units]
    values = [value for value in values if value is not None]
    return np.mean(values) if values else 0.0


def dice(smooth=1.0, power=1):
    return lambda p, y, w: (
        1 - (2 * (w * p * y).sum() + smooth) / ((w * p**power).sum() + (w * y).sum() + smooth)
    )


def tversky(alpha=0.3, beta=0.7, smooth=0.0):
    def score(p, y, w):
        hits, wrong, missed = (w * p * y).sum(), (w * p * (1 - y)).sum(), (w * (1 - p) * y).sum()
        return 1 - (hits + smooth) / (hits + alpha * wrong + beta * missed + smooth)

    return score


def lovasz(errors, y, w):
    """The definition: errors in falling order, each times what its pixel takes from the IoU."""

    def jaccard_loss(wrong):
        union = w[(y == 1) | wrong].sum()
        return 1 - w[(y == 1) & ~wrong].sum() / union if union else 0.0

    total, before, wrong = 0.0, 0.0, np.zeros(len(errors), bool)
    for pixel in np.argsort(-errors, kind="stable"):
        wrong[pixel] = True
        loss = jaccard_loss(wrong)
        total += errors[pixel] * (loss - before)
        before = loss
    return total


def lovasz_softmax(p, y, w):
    return lovasz(np.abs(y - p), y, w)
