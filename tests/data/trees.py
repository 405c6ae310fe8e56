"""Miniature data sets with the names and formats of the official downloads, for tests.

`TREES` has a writer per data set; each takes the folder that `--data-dir` is to name.
"""

import json

import h5py
import nibabel
import numpy as np
import scipy.io
import tifffile
from PIL import Image

from seg_keras.data.datasets import build_dataset
from seg_keras.data.datasets.cityscapes import CLASSES as CITYSCAPES_ROWS
from seg_keras.data.datasets.coco import CATEGORY_IDS
from seg_keras.data.datasets.eye_in_the_sky import CLASSES as EYE_CLASSES
from seg_keras.data.datasets.pascal_context import FULL_NAMES
from seg_keras.data.datasets.pascal_context import NAMES as CONTEXT_NAMES
from seg_keras.data.label_spaces import bit_palette
from seg_keras.data.shards import write_shards
from tests.conftest import write_pairs

SIZE = (13, 17)  # height, width: odd, and not square


def noise(seed, *shape, high=256, dtype="uint8"):
    return np.random.default_rng(seed).integers(0, high, shape or SIZE).astype(dtype)


def write_image(path, seed=0, size=SIZE):
    """An RGB image of noise, JPEG or PNG by its suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(seed, *size, 3)).save(path)


def write_ids(path, ids, palette=False):
    """Ids as a grey PNG, or as an indexed one with VOC's palette."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(ids)
    if palette:
        picture.putpalette([value for color in bit_palette(256) for value in color])
    picture.save(path)


def write_text(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def write_mat(path, **variables):
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, variables)


def write_tiff(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, pixels, **options)


def camvid(folder):
    write_pairs(folder, "train", 2, (48, 64), seed=1)
    write_pairs(folder, "val", 1, (48, 64), seed=2)
    write_pairs(folder, "test", 1, (48, 64), seed=3)


def cityscapes(folder, kind="gtFine", splits=("train", "val")):
    raw_ids = np.array([row[0] for row in CITYSCAPES_ROWS], "uint8")
    for split in splits:
        for seed, city in enumerate(("aachen", "zurich")):
            name = f"{city}_000000_00001{seed}"
            write_image(folder / "leftImg8bit" / split / city / f"{name}_leftImg8bit.png", seed)
            labels = folder / kind / split / city
            write_ids(labels / f"{name}_{kind}_labelIds.png", raw_ids[noise(seed, high=34)])
            write_ids(labels / f"{name}_{kind}_instanceIds.png", noise(seed))


def cityscapes_coarse(folder):
    cityscapes(folder, "gtCoarse", ("train", "train_extra", "val"))


def kitti(folder):
    for index in range(10):
        name = f"{index:06d}_10.png"
        write_image(folder / "training" / "image_2" / name, index)
        write_ids(folder / "training" / "semantic" / name, noise(index, high=34))


def voc2012(folder):
    root = folder / "VOCdevkit" / "VOC2012"
    splits = {"train": ["2007_000032", "2007_000039"], "val": ["2007_000033"]}
    splits["trainval"] = sorted(splits["train"] + splits["val"])
    for split, names in splits.items():
        write_text(root / "ImageSets" / "Segmentation" / f"{split}.txt", *names)
    for seed, name in enumerate(splits["trainval"]):
        write_image(root / "JPEGImages" / f"{name}.jpg", seed)
        ids = noise(seed, high=21)
        ids[0] = 255
        write_ids(root / "SegmentationClass" / f"{name}.png", ids, palette=True)
    # SBD has labels for an image of each of VOC's splits too.
    sbd = folder / "benchmark_RELEASE" / "dataset"
    write_text(sbd / "train.txt", "2008_000002", "2007_000032")
    write_text(sbd / "val.txt", "2007_000033", "2008_000003")
    for seed, name in enumerate(["2008_000002", "2008_000003", "2007_000032", "2007_000033"]):
        write_image(root / "JPEGImages" / f"{name}.jpg", seed)
        content = {"Segmentation": noise(seed, high=21), "Boundaries": np.zeros((20, 1))}
        write_mat(sbd / "cls" / f"{name}.mat", GTcls=content)


def pascal_context(folder):
    voc = folder / "VOCdevkit" / "VOC2010"
    wanted = [FULL_NAMES.get(name, name) for name in CONTEXT_NAMES]
    others = [f"other{index}" for index in range(459 - len(wanted))]
    lines = [f"{index}: {name}" for index, name in enumerate(others + wanted, start=1)]
    write_text(folder / "labels.txt", *lines)
    for split, names in {"train": ["2008_000002", "2008_000003"], "val": ["2008_000004"]}.items():
        write_text(voc / "ImageSets" / "Main" / f"{split}.txt", *names)
        for seed, name in enumerate(names):
            write_image(voc / "JPEGImages" / f"{name}.jpg", seed)
            ids = noise(seed, high=460, dtype="uint16")
            ids[0, :2] = 0, 459
            write_mat(folder / "trainval" / f"{name}.mat", LabelMap=ids)


def ade20k(folder):
    for split, short in {"training": "train", "validation": "val"}.items():
        for index in (1, 2):
            name = f"ADE_{short}_{index:08d}"
            write_image(folder / "images" / split / f"{name}.jpg", index)
            write_ids(folder / "annotations" / split / f"{name}.png", noise(index, high=151))


def coco(folder):
    """Two images per split; the first has a small object on a large one, and a crowd."""
    height, width = SIZE
    large = {"segmentation": [[0, 0, 10, 0, 10, 10, 0, 10]], "category_id": CATEGORY_IDS[0]}
    parts = [[2, 2, 4, 2, 4, 4, 2, 4], [6, 6, 8, 6, 8, 8, 6, 8]]
    small = {"segmentation": parts, "category_id": CATEGORY_IDS[-1]}
    # Run lengths go down the columns: the last two columns are the crowd.
    counts = [height * (width - 2), 2 * height]
    crowd = {"segmentation": {"counts": counts, "size": list(SIZE)}, "category_id": 1}
    objects = [
        {"id": 1, "image_id": 9, "area": 8, "iscrowd": 0, **small},
        {"id": 2, "image_id": 9, "area": 100, "iscrowd": 0, **large},
        {"id": 3, "image_id": 9, "area": 2 * height, "iscrowd": 1, **crowd},
    ]
    for split in ("train2017", "val2017", "train2014", "val2014"):
        prefix = f"COCO_{split}_" if split.endswith("2014") else ""
        names = {key: f"{prefix}{key:012d}.jpg" for key in (9, 25)}
        for key, name in names.items():
            write_image(folder / split / name, key)
        images = [{"id": key, "file_name": name} for key, name in names.items()]
        content = json.dumps({"images": images, "annotations": objects, "categories": []})
        write_text(folder / "annotations" / f"instances_{split}.json", content)


def sun_rgbd(folder):
    """The official form: scenes in folders, and the labels of all in one file."""
    scenes = [f"SUNRGBD/kv1/NYUdata/NYU{index:04d}" for index in (1, 2, 3)]
    toolbox = folder / "SUNRGBDtoolbox"
    for seed, scene in enumerate(scenes):
        write_image(folder / scene / "image" / f"NYU{seed + 1:04d}.jpg", seed)
    records = np.zeros(3, [("sequenceName", object), ("rgbname", object)])
    for index, scene in enumerate(scenes):
        records[index] = scene, f"NYU{index + 1:04d}.jpg"
    write_mat(toolbox / "Metadata" / "SUNRGBDMeta.mat", SUNRGBDMeta=records)
    full = [f"/n/fs/sun3d/data/{scene}" for scene in scenes]
    splits = {"alltrain": np.array(full[:2], object), "alltest": np.array(full[2:], object)}
    write_mat(toolbox / "traintestSUNRGBD" / "allsplit.mat", **splits)
    with h5py.File(toolbox / "Metadata" / "SUNRGBD2Dseg.mat", "w") as file:
        references = []
        for index in range(3):
            ids = noise(index, high=38).T
            references.append([file.create_dataset(f"#refs#/label{index}", data=ids).ref])
        labels = np.array(references, h5py.ref_dtype)
        file.create_dataset("SUNRGBD2Dseg/seglabel", data=labels, dtype=h5py.ref_dtype)


def sun_rgbd_light(folder):
    """Two training images and a test image, numbered from 1 each; labels from 1 over all."""
    for split, count, first in (("train", 2, 5051), ("test", 1, 1)):
        for index in range(count):
            image = folder / f"SUNRGBD-{split}_images" / f"img-{index + 1:06d}.jpg"
            write_image(image, index)
            label = folder / "sunrgbd_train_test_labels" / f"img-{first + index:06d}.png"
            write_ids(label, noise(first + index, high=38))


def nyudv2(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with h5py.File(folder / "nyu_depth_v2_labeled.mat", "w") as file:
        file["images"] = noise(0, 3, 3, *SIZE[::-1])  # images, bands, width, height
        file["labels"] = noise(1, 3, *SIZE[::-1], high=895, dtype="uint16")
    write_mat(folder / "splits.mat", trainNdxs=np.array([[3], [1]]), testNdxs=np.array([[2]]))
    write_mat(folder / "classMapping40.mat", mapClass=noise(2, 1, 894, high=40) + 1)


def isbi2012(folder):
    write_tiff(folder / "train-volume.tif", noise(0, 6, *SIZE))
    write_tiff(folder / "train-labels.tif", 255 * noise(1, 6, *SIZE, high=2))


def isbi2012_images(folder):
    for index in range(12):
        write_ids(folder / "image" / f"{index}.png", noise(index))
        write_ids(folder / "label" / f"{index}.png", 255 * noise(index, high=2))


def cell_tracking(folder):
    for sequence in ("01", "02"):
        for frame in range(3):
            write_tiff(folder / sequence / f"t{frame:03d}.tif", noise(frame))
        for frame in (0, 2):
            instances = noise(frame, high=4, dtype="uint16") * 300
            write_tiff(folder / f"{sequence}_GT" / "SEG" / f"man_seg{frame:03d}.tif", instances)
        write_tiff(folder / f"{sequence}_GT" / "TRA" / "man_track001.tif", noise(0))


def ibsr18(folder):
    """Volumes of 60x48x4 voxels, without any tissue in the lowest slice."""
    for number in range(1, 19):
        subject = f"IBSR_{number:02d}"
        (folder / subject).mkdir(parents=True)
        labels = noise(number, 60, 48, 4, 1, high=4)
        labels[:, :, 0] = 0
        image = 400 * labels.astype("int16")
        for name, voxels in (("ana_strip", image), ("segTRI_fill_ana", labels)):
            volume = nibabel.Nifti1Image(voxels, np.eye(4))
            nibabel.save(volume, folder / subject / f"{subject}_{name}.nii.gz")


def eye_in_the_sky(folder):
    colors = np.array([color for _, color in EYE_CLASSES], "uint8")
    for number in range(1, 15):
        bands = noise(number, *SIZE, 4, high=2048, dtype="uint16") + 30
        write_tiff(folder / "sat" / f"{number}.tif", bands, photometric="rgb", planarconfig=1)
        gt = colors[noise(number, high=9)]
        write_tiff(folder / "gt" / f"{number}.tif", gt, photometric="rgb")


def time_series(folder):
    """Five places with seven dates each, the last two of them labelled."""
    write_text(folder / "classes.txt", "field", "forest", "water")
    for place in range(5):
        for month in range(1, 8):
            frame = folder / f"place_{place}" / f"2019-{month:02d}-01.tif"
            bands = noise(10 * place + month, *SIZE, 4, high=3000, dtype="uint16")
            write_tiff(frame, bands, photometric="rgb", planarconfig=1)
            if month > 5:
                write_tiff(frame.with_name(f"{frame.stem}_label.tif"), noise(month, high=3))
        clouds = np.zeros(SIZE, "uint8")
        clouds[:4] = 1
        write_tiff(folder / f"place_{place}" / "2019-06-01_cloud.tif", clouds)


def folder(folder):
    """Ten images with masks of three classes and void."""
    write_text(folder / "classes.txt", "background", "road", "traffic sign")
    for index in range(10):
        write_image(folder / "images" / f"photo_{index}.jpg", index, (48, 64))
        ids = noise(index, 48, 64, high=3)
        ids[:2] = 255
        write_ids(folder / "masks" / f"photo_{index}.png", ids, palette=index % 2 == 0)


def shards(folder):
    """The miniature of CamVid, packed."""
    camvid(folder / "loose")
    for split in ("train", "val"):
        write_shards(build_dataset("camvid", folder / "loose"), split, folder)


TREES = {
    "ade20k": ade20k,
    "camvid": camvid,
    "cityscapes": cityscapes,
    "cityscapes_coarse": cityscapes_coarse,
    "coco": coco,
    "dic_hela": cell_tracking,
    "eye_in_the_sky": eye_in_the_sky,
    "folder": folder,
    "ibsr18": ibsr18,
    "ibsr18_patches": ibsr18,
    "isbi2012": isbi2012,
    "kitti": kitti,
    "nyudv2": nyudv2,
    "pascal_context_59": pascal_context,
    "pascal_context_60": pascal_context,
    "phc_u373": cell_tracking,
    "shards": shards,
    "sun_rgbd": sun_rgbd,
    "time_series": time_series,
    "voc2012": voc2012,
}
