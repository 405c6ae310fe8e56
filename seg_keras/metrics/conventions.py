"""The rules by which published protocols score the same counts differently.

Sources: `evalPixelLevelSemanticLabeling.py` of cityscapesscripts, `VOCevalseg.m` of the VOC
development kit, `compute_test_results.m` of the SegNet tutorial.
"""

ABSENT_RULES = {
    "skip": "a class that is neither labelled nor predicted does not count in a mean",
    "zero": "a class that is neither labelled nor predicted counts as 0 in a mean",
    "nan": "a class that is neither labelled nor predicted makes a mean NaN",
    "refuse": "a class that is neither labelled nor predicted is an error",
}
UNKNOWN_RULES = {
    "refuse": "a prediction that is no class is an error",
    "miss": "a prediction that is no class misses the labelled one",
}

# In all of them pixels with the ignored label count nowhere, and a class that is only predicted
# has IoU 0.
CONVENTIONS = {
    "cityscapes": {"absent": "skip", "unknown": "miss"},
    "voc": {"absent": "nan", "unknown": "refuse"},
    "segnet": {"absent": "zero", "unknown": "refuse"},
    # Nothing that the others decide differently is decided at all.
    "strict": {"absent": "refuse", "unknown": "refuse"},
}


def convention_name(absent: str, unknown: str) -> str:
    """The name in `CONVENTIONS` of a pair of rules, or "custom"."""
    rules = {"absent": absent, "unknown": unknown}
    return next((name for name, known in CONVENTIONS.items() if known == rules), "custom")
