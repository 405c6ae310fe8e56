"""What the doctor's diagnosis looks like on a terminal and in JSON."""

from pathlib import Path

from seg_keras.data.doctor import Diagnosis
from seg_keras.data.findings import KINDS, WRONG, Finding
from seg_keras.data.repair import Repair
from tools.cli import print_table

SHOWN = 3  # examples of each kind; --json has all


def print_findings(name: str, diagnosis: Diagnosis) -> None:
    """Prints a table of the kinds of findings, then examples of each."""
    counts = ", ".join(f"{split} {len(facts)}" for split, facts in diagnosis.facts.items())
    groups = diagnosis.by_kind()
    rows = [
        (KINDS[kind].title, len(found), KINDS[kind].severity, KINDS[kind].remedy)
        for kind, found in groups.items()
    ]
    if rows:
        print_table(f"{name}: {counts}", ("found", "times", "training", "what to do"), rows)
    for kind, found in groups.items():
        print(f"\n{KINDS[kind].title}:")
        for finding in found[:SHOWN]:
            print(f"  {describe(finding)}")
        if len(found) > SHOWN:
            print(f"  and {len(found) - SHOWN} more; --json names them")
    print(f"\n{verdict(name, counts, diagnosis)}")


def verdict(name: str, counts: str, diagnosis: Diagnosis) -> str:
    """One line on the whole data set."""
    wrong = sum(KINDS[finding.kind].severity == WRONG for finding in diagnosis.findings)
    parts = [f"{name} ({counts})"]
    if diagnosis.missing_splits:
        parts.append(f"without the split {', '.join(diagnosis.missing_splits)}")
    parts.append(
        f"would train wrongly: {count_findings(wrong)}"
        if wrong
        else f"would train as meant: {count_findings(len(diagnosis.findings))}"
        if diagnosis.findings
        else "is clean"
    )
    return " ".join(parts) + "."


def count_findings(count: int) -> str:
    """1 finding, 2 findings."""
    return f"{count} finding" + ("" if count == 1 else "s")


def describe(finding: Finding) -> str:
    """Files and detail in one line."""
    files = " = ".join(str(path) for path in finding.files)
    return ": ".join(part for part in (files, finding.detail) if part)


def print_repair(folder: Path, repair: Repair) -> dict:
    """Prints what was written; gives it as JSON values."""
    rows = [(KINDS[kind].title, count, KINDS[kind].fixed) for kind, count in repair.changed.items()]
    if rows:
        print_table(f"Repaired in {folder}", ("found", "pairs", "what was done"), rows)
    for path, reason in repair.left_out:
        print(f"left out: {path}: {reason}")
    print(f"{repair.kept} pairs in {folder}, {len(repair.left_out)} left out.")
    left_out = [{"file": str(path), "reason": reason} for path, reason in repair.left_out]
    return {"folder": str(folder), "pairs": repair.kept, "changed": repair.changed} | {
        "left_out": left_out
    }


def report_of(diagnosis: Diagnosis) -> dict:
    """The diagnosis as JSON values, every file named."""
    return {
        "images": {split: len(facts) for split, facts in diagnosis.facts.items()},
        "missing_splits": list(diagnosis.missing_splits),
        "spoils_training": diagnosis.spoils_training,
        "findings": {
            kind: [
                {"files": [str(path) for path in finding.files], "detail": finding.detail}
                for finding in found
            ]
            for kind, found in diagnosis.by_kind().items()
        },
    }
