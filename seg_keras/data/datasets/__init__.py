"""Data sets by name. A new one: a file with a function of its name, and one line here."""

from pathlib import Path

from seg_keras.data.datasets.ade20k import ade20k
from seg_keras.data.datasets.camvid import camvid
from seg_keras.data.datasets.cell_tracking import dic_hela, phc_u373
from seg_keras.data.datasets.cityscapes import cityscapes, cityscapes_coarse
from seg_keras.data.datasets.coco import coco
from seg_keras.data.datasets.dataset import Dataset, Pair
from seg_keras.data.datasets.eye_in_the_sky import eye_in_the_sky
from seg_keras.data.datasets.folder import folder
from seg_keras.data.datasets.ibsr18 import ibsr18, ibsr18_patches
from seg_keras.data.datasets.isbi2012 import isbi2012
from seg_keras.data.datasets.kitti import kitti
from seg_keras.data.datasets.nyudv2 import nyudv2
from seg_keras.data.datasets.pascal_context import pascal_context_59, pascal_context_60
from seg_keras.data.datasets.roads import roads
from seg_keras.data.datasets.shards import shards
from seg_keras.data.datasets.sun_rgbd import sun_rgbd
from seg_keras.data.datasets.time_series import time_series
from seg_keras.data.datasets.voc2012 import voc2012

__all__ = ["DATASETS", "Dataset", "Pair", "build_dataset"]

DATASETS = {
    "ade20k": ade20k,
    "camvid": camvid,
    "cityscapes": cityscapes,
    "cityscapes_coarse": cityscapes_coarse,
    "coco": coco,
    "dic_hela": dic_hela,
    "eye_in_the_sky": eye_in_the_sky,
    "folder": folder,
    "ibsr18": ibsr18,
    "ibsr18_patches": ibsr18_patches,
    "isbi2012": isbi2012,
    "kitti": kitti,
    "nyudv2": nyudv2,
    "pascal_context_59": pascal_context_59,
    "pascal_context_60": pascal_context_60,
    "phc_u373": phc_u373,
    "roads": roads,
    "shards": shards,
    "sun_rgbd": sun_rgbd,
    "time_series": time_series,
    "voc2012": voc2012,
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
