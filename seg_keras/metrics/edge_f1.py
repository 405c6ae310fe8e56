"""How well a detector finds edges, at the threshold of its scores that suits a data set best.

Reference: Martin et al., "Learning to Detect Natural Image Boundaries Using Local Brightness,
Color, and Texture Cues", PAMI 2004, section 4 (there called F-measure, and ODS in later papers).
There lines are thinned first, and each pixel is matched with one of the other line at most; here
several may share a partner.
"""

from collections.abc import Sequence

import numpy as np

from seg_keras.metrics.boundaries import distance_to


def best_edge_f1(
    scores: Sequence[np.ndarray],
    labels: Sequence[np.ndarray],
    tolerance: float = 4.0,
    ignore_label: int = 255,
    num_thresholds: int = 40,
) -> dict[str, float]:
    """Finds the threshold of the highest F1 over all images.

    Args:
        scores: Of each image (H, W), higher where an edge is likelier; logits will do.
        labels: Of each image (H, W): 1 on an edge, 0 beside it.
        tolerance: In pixels; how far a found edge may lie from a true one, and the reverse.
        ignore_label: What is found where the label has this value does not count.
        num_thresholds: How many are tried: from that of the half of all pixels that score highest
            to that of the highest 0.5 %.

    Returns:
        `f1`, `precision` and `recall` in [0, 1], and the `threshold` that gave them. All of them 0
        but for the threshold if no image has an edge.

    Raises:
        ValueError: If scores and labels differ in number or shape.
    """
    shapes = [[np.shape(array) for array in arrays] for arrays in (scores, labels)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"scores are {len(shapes[0])} maps, the first of {shapes[0][:1]}, and labels "
            f"{len(shapes[1])}, the first of {shapes[1][:1]}. Give one map (H, W) of each an image."
        )
    counts = [label != ignore_label for label in labels]
    edges = [label == 1 for label in labels]
    near_edge = [distance_to(edge) <= tolerance for edge in edges]
    counted = np.concatenate([score[count] for score, count in zip(scores, counts, strict=True)])
    results = []
    for threshold in np.quantile(counted, np.linspace(0.5, 0.995, num_thresholds)):
        found = [(score >= threshold) & count for score, count in zip(scores, counts, strict=True)]
        near_found = [distance_to(pixels) <= tolerance for pixels in found]
        precision = _share(near_edge, found)
        recall = _share(near_found, edges)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        result = {"f1": f1, "precision": precision, "recall": recall, "threshold": threshold}
        results.append({name: float(value) for name, value in result.items()})
    return max(results, key=lambda result: result["f1"])


def _share(hits: list[np.ndarray], of: list[np.ndarray]) -> float:
    """Which share of the pixels `of` all images are hits."""
    pixels = sum(int(mask.sum()) for mask in of)
    hit = sum(int((hits & mask).sum()) for hits, mask in zip(hits, of, strict=True))
    return hit / max(pixels, 1)
