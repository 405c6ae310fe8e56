"""Trains a model and leaves a run folder with the best weights, curves and sample pictures.

    python tools/train.py                                    # drawn road scenes, a few minutes
    python tools/train.py --config configs/deeplab_v3_plus_camvid.py --data-dir CamVid
    python tools/train.py --resume runs/deeplab_v3_plus_camvid

Ctrl-C stops after the current step; --resume goes on as if nothing had happened.
"""

import argparse
import functools
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from seg_keras import load_model
from seg_keras.data.datasets import build_dataset
from seg_keras.data.datasets.roads import roads
from seg_keras.inference import Predictor
from seg_keras.models import transfer_weights
from seg_keras.training import RunFolder, train
from tools.cli import command, print_table, write_json
from tools.recipes import add_arguments, build_untrained, read_config

log = logging.getLogger(__name__)


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Trains, and prints the score of the best epoch."""
    arguments = parse(argv)
    if arguments.resume:
        refuse_other_flags(arguments)
        folder = RunFolder(arguments.resume)
        config = folder.read_config()
    else:
        config = read_config(arguments)
        folder = RunFolder(arguments.output or f"runs/{config.model}_{config.dataset}")
        folder.require_new()
    if arguments.smoke:
        dataset = roads(folder.path / "scenes", {"train": 4, "val": 2}, (96, 128))
    else:
        dataset = build_dataset(config.dataset, config.data_dir)

    def build(input_shape):
        model = build_untrained(config, dataset.label_space.num_classes, input_shape)
        if config.initial_weights:
            kept = transfer_weights(load_model(config.initial_weights), model)
            log.info(
                "From %s all layers but: %s", config.initial_weights, ", ".join(kept) or "none"
            )
        return model

    teacher = functools.partial(load_model, config.teacher) if config.teacher else None
    state = train(config, build, dataset, Predictor, folder, teacher)
    best = max(state.history, key=lambda row: row.get("mean_iou", -1.0), default={})
    columns = ("run", "best epoch", "mean IoU", "pixel accuracy", "minutes")
    row = [folder.path, best.get("epoch", "-")]
    row += [f"{best[key]:.4f}" if key in best else "-" for key in ("mean_iou", "pixel_accuracy")]
    print_table("Training", columns, [[*row, f"{state.seconds / 60:.1f}"]])
    report = {"run": str(folder.path), "steps": state.step, "seconds": state.seconds, **best}
    write_json(folder.path / "report.json", report)
    write_json(arguments.json, report)
    return 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--output", type=Path, help="the run folder (default: runs/MODEL_DATASET)")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with this run folder")
    parser.add_argument("--json", type=Path, help="write the printed numbers here too")
    return parser.parse_args(argv)


def refuse_other_flags(arguments: argparse.Namespace) -> None:
    """Raises ValueError if --resume comes with flags that it would ignore."""
    given = [name for name, value in vars(arguments).items() if value not in (None, [], False)]
    others = [f"--{name.replace('_', '-')}" for name in given if name not in ("resume", "json")]
    if others:
        raise ValueError(
            f"--resume goes on with the settings of the run; got {', '.join(others)} too. Leave "
            f"them out, or start a new run."
        )


if __name__ == "__main__":
    sys.exit(main())
