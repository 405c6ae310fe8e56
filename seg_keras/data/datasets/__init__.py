"""Data sets by name. A new one: a file with a function of its name, and one line here."""

from pathlib import Path

from seg_keras.data.datasets.camvid import camvid
from seg_keras.data.datasets.dataset import Dataset, Pair
from seg_keras.data.datasets.roads import roads

__all__ = ["DATASETS", "Dataset", "Pair", "build_dataset"]

DATASETS = {
    "camvid": camvid,
    "roads": roads,
}


def build_dataset(name: str, data_dir: str | Path | None = None) -> Dataset:
    """Opens a data set by name.

    Args:
        name: A key of `DATASETS`.
        data_dir: The folder that holds it; only `roads`, which is drawn, needs none.
    """
    if name not in DATASETS:
        raise ValueError(
            f"Unknown data set {name!r}. Choose one of: {', '.join(sorted(DATASETS))}."
        )
    if data_dir is None and name != "roads":
        raise ValueError(f"The data set {name!r} needs the folder that holds it. Give --data-dir.")
    return DATASETS[name](None if data_dir is None else Path(data_dir))
