"""What `tools/export.py` prints and writes: the verdict on a file, and what is in it."""

import dataclasses
import logging
from pathlib import Path

import seg_keras
from deploy.export.audit import Audit, audit_file
from deploy.export.audit_model import audit_model
from tools.cli import print_table, write_json


def report_verdict(output: Path, verdict: dict, audit: Audit, json_path: Path | None) -> None:
    """Prints the verdict of the gate, and writes it with the audit of the file.

    Args:
        output: Where the artifact is, if it passed.
        verdict: Of `deploy.export.parity`.
        audit: Of the file.
        json_path: Where `--json` wants the report.
    """
    passed = verdict["passed"]
    logging.info(verdict["summary"])
    rows = []
    for name, value in verdict.items():
        if isinstance(value, dict):
            rows += [[f"{name}: {part}", round(points, 4)] for part, points in value.items()]
        elif name not in ("passed", "summary") and value is not None:
            rows.append([name, value if isinstance(value, str) else round(value, 4)])
    title = f"{output.name}: {'passed' if passed else 'refused'}"
    print_table(title, ("parity", "value"), rows)
    for warning in audit.warnings:
        logging.warning(warning)
    artifact = {"artifact": str(output) if passed else None, "parity": verdict}
    write_json(json_path, {**artifact, **dataclasses.asdict(audit)})


def report_audit(path: Path, input_size: tuple[int, int] | None, json_path: Path | None) -> None:
    """Prints what would be wrong with a Keras model in a file, or what is in a file.

    Args:
        path: A run folder, a .keras file, or an exported file.
        input_size: (height, width) in pixels to build a Keras model for; None for its own.
        json_path: Where `--json` wants the report.
    """
    if path.is_dir() or path.suffix == ".keras":
        model = seg_keras.load_model(path, input_size and (*input_size, 3))
        findings = [dataclasses.asdict(finding) for finding in audit_model(model)]
        title = f"{path.name}: {len(findings) or 'no'} findings"
        columns = ("cause", "layer", "leaves", "remedy")
        print_table(title, columns, [[f[name] for name in columns] for f in findings])
        write_json(json_path, {"model": str(path), "findings": findings})
        return
    audit = audit_file(path)
    print_table(path.name, ("operator", "count"), [*audit.operators.items()])
    if audit.xnnpack_partitions is not None:
        outside = ", ".join(audit.outside_xnnpack) or "none"
        logging.info(f"XNNPACK partitions: {audit.xnnpack_partitions}; outside: {outside}")
    for sentence in [*audit.errors, *audit.warnings]:
        logging.warning(sentence)
    write_json(json_path, {"model": str(path), **dataclasses.asdict(audit)})
