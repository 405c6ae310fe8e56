"""What int8 costs a trained model, operator by operator: `--audit --precision int8`."""

import argparse

import seg_keras
from deploy.export.selective import CalibratedGraph, quantization_report
from deploy.export.tflite import REPORT_IMAGES
from tools.cli import print_table, write_json
from tools.export_inputs import choose_calibration, find_images, read_run


def report_costs(arguments: argparse.Namespace) -> None:
    """Prints which share of the pixels each operator changes when it alone is quantised.

    Args:
        arguments: Of `tools/export.py`; its calibrating images are used.

    Raises:
        ValueError: If the model is no run, or there are no images.
    """
    file, config = read_run(arguments.model)
    size = arguments.input_size
    model = seg_keras.deployable(seg_keras.load_model(file, size and (*size, 3)))
    images = find_images(arguments.calibration, config, arguments.data_dir, "train")
    pixels = [load()[0] for _, load in choose_calibration(images)[0]]
    graph = CalibratedGraph(model, pixels, "argmax")
    rows = quantization_report(graph, model, pixels[:REPORT_IMAGES])
    cells = [[row["name"], row["kind"], f"{row['disagreement']:.2%}"] for row in rows]
    columns = ("operator", "kind", "pixels that int8 changes")
    print_table(
        f"{file.parent.name}: --float-operators N leaves the first N in float", columns, cells
    )
    write_json(arguments.json, {"model": str(arguments.model), "int8_costs": rows})
