"""The doctor: reads every pair of a data set once and tells what would spoil a training.

It finds files without a partner, labels that hold colors or other ids, files that do not decode,
images that a loader would read otherwise than a person sees them, classes that are missing, and
images that occur twice, also between what is trained on and what is scored.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from seg_keras.data.datasets import Dataset, Pair
from seg_keras.data.duplicates import near_images, repeated_images
from seg_keras.data.files import is_image
from seg_keras.data.findings import DEFECT, KINDS, NOTE, WRONG, Finding
from seg_keras.data.inspection import PairFacts, inspect_pair
from seg_keras.data.labels import IGNORE_LABEL

MUCH_MORE_VOID = 2  # times as much as in any other label

Track = Callable[[Iterable, int], Iterable]  # wraps an iterable of so many items


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """What the doctor says.

    Args:
        facts: Of every pair, by split.
        findings: Everything that is wrong.
        missing_splits: Splits that the data set may have and this copy has not.
    """

    facts: dict[str, list[PairFacts]]
    findings: list[Finding]
    missing_splits: tuple[str, ...] = ()

    @property
    def spoils_training(self) -> bool:
        """Whether a training would be wrong."""
        return any(KINDS[finding.kind].severity == WRONG for finding in self.findings)

    def by_kind(self) -> dict[str, list[Finding]]:
        """The findings of each kind, the worst kinds first."""
        ranks = (WRONG, DEFECT, NOTE)
        ordered = sorted(KINDS, key=lambda name: ranks.index(KINDS[name].severity))
        groups = {name: [f for f in self.findings if f.kind == name] for name in ordered}
        return {name: group for name, group in groups.items() if group}


def examine(dataset: Dataset, track: Track = lambda items, total: items) -> Diagnosis:
    """Reads all splits of a data set.

    Args:
        dataset: Where its `folders` are given, files are compared and looked at one by one too.
        track: Wraps the iterable of pairs, for a progress bar.

    Raises:
        OSError, ValueError: If there is no split at all.
    """
    pairs, findings, missing = list_pairs(dataset)
    flat = [pair for of_split in pairs.values() for pair in of_split]
    with ThreadPoolExecutor() as pool:  # decoding runs beside Python's lock
        inspected = pool.map(lambda pair: inspect_pair(dataset, pair), flat)
        remaining = iter(list(track(inspected, len(flat))))
    facts = {split: [next(remaining) for _ in of_split] for split, of_split in pairs.items()}
    facts = judge_black_and_white(facts, dataset)
    for of_split in facts.values():
        findings += [finding for each in of_split for finding in each.findings]
    findings += missing_classes(facts, dataset)
    findings += repeated_images(facts)
    findings += near_images(facts)
    return Diagnosis(facts, findings, missing)


def list_pairs(dataset: Dataset) -> tuple[dict[str, list[Pair]], list[Finding], tuple[str, ...]]:
    """The pairs of each split, the files that have no partner, and the splits that are not there.

    A loader refuses a split in which an image has no label; here the other pairs are listed still.
    """
    pairs, errors, findings = {}, {}, set()
    for split in dataset.splits:
        matched, lonely = match_folders(*dataset.folders[split]) if dataset.folders else ([], [])
        findings.update(lonely)
        try:
            pairs[split] = dataset.list_pairs(split)
        except FileNotFoundError as error:
            errors[split] = error
        except ValueError:
            if not any(finding.kind == "no_label" for finding in lonely):
                raise
            # Splits that share their folders are listed together, once.
            known = {pair for of_split in pairs.values() for pair in of_split}
            pairs[split] = [pair for pair in matched if pair not in known]
    if not pairs:
        raise next(iter(errors.values()))
    return pairs, sorted(findings, key=lambda finding: finding.files), tuple(errors)


def match_folders(images: Path, labels: Path) -> tuple[list[Pair], list[Finding]]:
    """Pairs the files of two folders by their stem, and names those that have no partner."""
    of_image, of_label = (
        {path.stem: path for path in sorted(folder.iterdir()) if is_image(path)}
        if folder.is_dir()
        else {}
        for folder in (images, labels)
    )
    both = sorted(of_image.keys() & of_label.keys())
    lonely = [Finding("no_label", (of_image[s],)) for s in of_image.keys() - of_label.keys()]
    lonely += [Finding("no_image", (of_label[s],)) for s in of_label.keys() - of_image.keys()]
    return [(of_image[stem], of_label[stem]) for stem in both], lonely


def judge_black_and_white(
    facts: dict[str, list[PairFacts]], dataset: Dataset
) -> dict[str, list[PairFacts]]:
    """Finds labels of 0 and 255 only, where 255 was drawn as a class and would count as void.

    A label may hold class 0 and void alone; but then it has not far more void than labels with
    other classes have.
    """
    if IGNORE_LABEL in (dataset.label_space.train_ids or {}):
        return facts
    every = [each.pixels for of_split in facts.values() for each in of_split]
    others = [pixels for pixels in every if pixels.keys() - {0, IGNORE_LABEL}]
    limit = MUCH_MORE_VOID * max(map(void_share, others), default=0.0)

    def judged(each: PairFacts) -> PairFacts:
        if each.pixels.keys() != {0, IGNORE_LABEL} or void_share(each.pixels) <= limit:
            return each
        found = Finding("mask_0_255", (each.pair[1],))
        pixels = {0: each.pixels[0], 1: each.pixels[IGNORE_LABEL]}
        return dataclasses.replace(each, findings=(*each.findings, found), pixels=pixels)

    return {split: [judged(each) for each in of_split] for split, of_split in facts.items()}


def void_share(pixels: dict[int, int]) -> float:
    """The share of a label's pixels that are 255."""
    return pixels.get(IGNORE_LABEL, 0) / sum(pixels.values()) if pixels else 0.0


def class_pixels(facts: Sequence[PairFacts], dataset: Dataset) -> np.ndarray:
    """Pixels of each class in some pairs, (num_classes,)."""
    space = dataset.label_space
    table = space.train_ids or {index: index for index in range(space.num_classes)}
    pixels = np.zeros(IGNORE_LABEL + 1, "int64")
    for each in facts:
        for raw, count in each.pixels.items():
            pixels[table.get(raw, IGNORE_LABEL)] += count
    return pixels[: space.num_classes]


def missing_classes(facts: dict[str, list[PairFacts]], dataset: Dataset) -> list[Finding]:
    """Classes that occur nowhere, or not in the first split, which is trained on."""
    names = dataset.label_space.names
    counted = {split: class_pixels(of_split, dataset) for split, of_split in facts.items()}
    everywhere = sum(counted.values())
    if not everywhere.any():
        return []  # no label was readable, which has been said
    trained = counted.get(dataset.splits[0], everywhere)
    never = [Finding("class_never", (), names[i]) for i in np.flatnonzero(everywhere == 0)]
    elsewhere = np.flatnonzero((trained == 0) & (everywhere > 0))
    return never + [Finding("class_not_trained", (), names[i]) for i in elsewhere]
