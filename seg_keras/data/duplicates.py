"""Images that a data set holds twice, or nearly twice, from short codes of their pixels."""

import collections

import numpy as np

from seg_keras.data.findings import Finding
from seg_keras.data.inspection import PairFacts

NEAR_BITS = 3  # of 64 in which the fingerprints of nearly equal images may differ
ROWS_AT_ONCE = 512


def repeated_images(facts: dict[str, list[PairFacts]]) -> list[Finding]:
    """Images of equal pixels, in one split or in two."""
    places = collections.defaultdict(list)
    for split, of_split in facts.items():
        for each in of_split:
            if each.digest:
                places[each.digest].append((split, each.pair[0]))
    findings = []
    for first, *others in places.values():
        for split, path in others:
            kind = "repeated" if split == first[0] else "leaked"
            findings.append(Finding(kind, (first[1], path), f"{first[0]} and {split}"))
    return findings


def near_images(facts: dict[str, list[PairFacts]]) -> list[Finding]:
    """For each image of a later split the image of an earlier one that it nearly equals."""
    findings, earlier = [], []
    for of_split in facts.values():
        readable = [each for each in of_split if each.digest]
        codes = np.array([each.fingerprint for each in readable], "uint64")
        known = np.array([each.fingerprint for each in earlier], "uint64")
        for start in range(0, len(codes) if earlier else 0, ROWS_AT_ONCE):
            part = codes[start : start + ROWS_AT_ONCE]
            distances = np.bitwise_count(part[:, None] ^ known[None, :])
            for row, nearest in enumerate(distances.argmin(1)):
                each, other = readable[start + row], earlier[nearest]
                if distances[row, nearest] <= NEAR_BITS and each.digest != other.digest:
                    findings.append(Finding("near", (other.pair[0], each.pair[0])))
        earlier += readable
    return findings
