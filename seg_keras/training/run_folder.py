"""The folder of one run: settings, best model, exact state, metrics. Nothing is half-written."""

import csv
import dataclasses
import io
import json
import os
from pathlib import Path

import h5py
import keras

from seg_keras.training.config import TrainConfig, from_json


@dataclasses.dataclass
class RunState:
    """Where a run stands, beside its weights.

    Args:
        step: Steps done.
        best_mean_iou: Highest validation mean IoU so far; -1 before the first validation.
        history: One row of numbers per finished epoch.
        losses: Loss of each step of the unfinished epoch.
        seconds: Time spent so far.
        random: State of each random generator of the model, by its path.
    """

    step: int = 0
    best_mean_iou: float = -1.0
    history: list[dict] = dataclasses.field(default_factory=list)
    losses: list[float] = dataclasses.field(default_factory=list)
    seconds: float = 0.0
    random: dict[str, list[int]] = dataclasses.field(default_factory=dict)


class RunFolder:
    """Writes and reads the files of one run.

    `config.json` settings and class names, `model.keras` the best model, `last.weights.h5` weights,
    optimizer and state for an exact resume, `state.json` the same state to read, `metrics.csv`.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def require_new(self) -> None:
        """Raises ValueError if there is a run in the folder already."""
        if (self.path / "config.json").exists():
            raise ValueError(
                f"{self.path}: holds a run already. Go on with --resume {self.path}, or choose "
                f"another --output."
            )

    def write_config(self, config: TrainConfig, label_space) -> None:
        """Makes the folder and writes the settings with the names and colors of the classes."""
        self.path.mkdir(parents=True, exist_ok=True)
        values = dataclasses.asdict(config)
        values["classes"] = list(label_space.names)
        values["colors"] = [list(color) for color in label_space.colors]
        write_text(self.path / "config.json", json.dumps(values, indent=2) + "\n")

    def read_config(self) -> TrainConfig:
        """The settings that the run was started with."""
        file = self.path / "config.json"
        if not file.is_file():
            raise FileNotFoundError(f"{file}: no such file, so {self.path} is no run folder.")
        return from_json(json.loads(file.read_text()))

    def save_model(self, model: keras.Model) -> None:
        """Writes the best model."""
        partial = self.path / "partial.keras"
        model.save(partial)
        os.replace(partial, self.path / "model.keras")

    def save_state(self, model: keras.Model, state: RunState) -> None:
        """Writes everything that an exact resume needs; the state is part of the weights' file."""
        state.random = {v.path: v.numpy().tolist() for v in random_variables(model)}
        text = json.dumps(dataclasses.asdict(state))
        partial = self.path / "partial.weights.h5"
        model.save_weights(partial)
        with h5py.File(partial, "a") as file:
            # A dataset: HDF5 limits an attribute to 64 KiB, which a long history outgrows.
            file.create_dataset("run_state", data=text)
        os.replace(partial, self.path / "last.weights.h5")
        write_text(self.path / "state.json", text + "\n")
        write_text(self.path / "metrics.csv", to_csv(state.history))

    def read_state(self) -> RunState:
        """Where the run stopped; a new state if it never saved."""
        file = self.path / "last.weights.h5"
        if not file.is_file():
            return RunState()
        try:
            with h5py.File(file) as opened:
                return RunState(**json.loads(opened["run_state"][()]))
        except (KeyError, OSError) as error:
            raise ValueError(
                f"{file}: holds no state of a run ({error}). Start a new run."
            ) from error

    def load_state(self, model: keras.Model) -> RunState:
        """Puts a compiled model back to where the run stopped; a new state if it never saved."""
        file = self.path / "last.weights.h5"
        if not file.is_file():
            return RunState()
        if not model.optimizer.built:
            raise ValueError("Build the optimizer first: unbuilt, it would silently stay new.")
        try:
            state = self.read_state()
            model.load_weights(file)
        except (ValueError, KeyError, OSError) as error:
            raise ValueError(
                f"{file}: does not fit this model ({error}). Resume a run with the settings and "
                f"the class count that it was started with."
            ) from error
        # By their order: the numbers in their names go up with every model that a process builds.
        for variable, value in zip(random_variables(model), state.random.values(), strict=True):
            variable.assign(value)
        return state


def random_variables(model: keras.Model) -> list[keras.Variable]:
    """The generator states of dropout and its kind, which Keras saves in no file."""
    return [v for v in model.non_trainable_variables if v.path.endswith("seed_generator_state")]


def to_csv(history: list[dict]) -> str:
    """One line per epoch; a column for everything that any epoch has."""
    columns = list(dict.fromkeys(name for row in history for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()


def write_text(path: Path, text: str) -> None:
    """Writes a text file beside its place, then renames it."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    os.replace(partial, path)
