"""The doctor: every defect is found and none invented; what is repaired is healthy."""

import collections
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seg_keras.data.datasets import build_dataset
from seg_keras.data.doctor import examine
from seg_keras.data.findings import KINDS, WRONG
from seg_keras.data.repair import repair
from tests.conftest import write_pairs
from tests.data import spoiling

SHARED = Path(__file__).parents[3] / "shared" / "data"
UNREPAIRED = {"class_never", "class_not_trained", "near"}  # no file is to blame


def counted(diagnosis):
    return dict(collections.Counter(finding.kind for finding in diagnosis.findings))


@pytest.fixture
def healthy(tmp_path):
    """16 pairs to train on and 4 to validate on, all classes in both."""
    write_pairs(tmp_path / "camvid", "train", 16, (48, 64), seed=1)
    write_pairs(tmp_path / "camvid", "val", 4, (48, 64), seed=6)
    return tmp_path / "camvid"


def diagnose(folder):
    return examine(build_dataset("camvid", folder))


def test_a_healthy_data_set_is_clean(healthy):
    diagnosis = diagnose(healthy)
    assert diagnosis.findings == []
    assert not diagnosis.spoils_training
    assert {split: len(facts) for split, facts in diagnosis.facts.items()} == {
        "train": 16,
        "val": 4,
    }
    assert diagnosis.missing_splits == ("test",)


@pytest.mark.slow  # reads 492 images
@pytest.mark.parametrize("name", ["camvid", "isbi2012"])
def test_public_data_sets_are_clean(name):
    if not (SHARED / name).is_dir():
        pytest.skip(f"{SHARED / name} is not there")
    assert examine(build_dataset(name, SHARED / name)).findings == []


@pytest.mark.parametrize("spoil", spoiling.DEFECTS, ids=lambda spoil: spoil.__name__)
def test_a_defect_is_found_alone_and_repaired(healthy, tmp_path, spoil):
    spoil(healthy)
    before = {path: path.read_bytes() for path in healthy.rglob("*.png")}
    diagnosis = diagnose(healthy)
    assert counted(diagnosis) == spoiling.DEFECTS[spoil]
    (kind,) = spoiling.DEFECTS[spoil]
    assert diagnosis.spoils_training == (KINDS[kind].severity == WRONG)

    fixed = tmp_path / "fixed"
    written = repair(build_dataset("camvid", healthy), diagnosis, healthy, fixed)
    after = diagnose(fixed)
    assert {finding.kind for finding in after.findings} <= UNREPAIRED
    assert sum(len(facts) for facts in after.facts.values()) == written.kept
    assert {path: path.read_bytes() for path in healthy.rglob("*.png")} == before


# what is repaired so that the pair is again what it was before it was spoiled
RECOVERED = {
    spoiling.label_in_colors: "002.png",
    spoiling.label_of_three_equal_bands: "002.png",
    spoiling.palette_of_another_order: "004.png",
    spoiling.turned_by_exif: "015.png",
    spoiling.transparency: "014.png",
}


@pytest.mark.parametrize("spoil", RECOVERED, ids=lambda spoil: spoil.__name__)
def test_what_needs_no_guess_is_recovered_exactly(healthy, tmp_path, spoil):
    name = RECOVERED[spoil]
    parts = ("train", "trainannot")
    expected = [spoiling.read(healthy / part / name) for part in parts]
    spoil(healthy)
    written = repair(
        build_dataset("camvid", healthy), diagnose(healthy), healthy, tmp_path / "fixed"
    )
    for part, pixels in zip(parts, expected, strict=True):
        np.testing.assert_array_equal(spoiling.read(tmp_path / "fixed" / part / name), pixels)
    assert (written.kept, written.left_out) == (20, [])
    assert sum(written.changed.values()) == 1


def test_what_takes_a_guess_is_left_out_with_its_reason(healthy, tmp_path):
    spoiling.label_in_smoothed_colors(healthy)
    spoiling.cropped_label(healthy)
    spoiling.image_in_two_splits(healthy)
    spoiling.no_label(healthy)
    fixed = tmp_path / "fixed"
    written = repair(build_dataset("camvid", healthy), diagnose(healthy), healthy, fixed)
    reasons = {path.name: reason for path, reason in written.left_out}
    assert sorted(reasons) == ["001.png", "002.png", "003.png", "010.png"]
    assert "color of no class" in reasons["002.png"]
    assert reasons["001.png"] == "image and label differ in size"
    # Of two splits the training gives its image up, so that scores stay comparable.
    assert not (fixed / "train" / "010.png").exists()
    assert (fixed / "val" / "000.png").exists()


def test_an_upside_down_image_whose_label_fits_both_ways_is_left_out(healthy, tmp_path):
    path = healthy / "train" / "000.png"
    image = Image.open(path)
    exif = image.getexif()
    exif[spoiling.EXIF_ORIENTATION] = 3
    image.save(path, exif=exif)
    diagnosis = diagnose(healthy)
    assert counted(diagnosis) == {"exif": 1}
    written = repair(build_dataset("camvid", healthy), diagnosis, healthy, tmp_path / "fixed")
    assert "fits both ways" in written.left_out[0][1]


def test_sixteen_bits_become_eight(healthy, tmp_path):
    before = spoiling.read(healthy / "train" / "013.png").astype(float)
    spoiling.colors_of_sixteen_bits(healthy)
    repair(build_dataset("camvid", healthy), diagnose(healthy), healthy, tmp_path / "fixed")
    after = spoiling.read(tmp_path / "fixed" / "train" / "013.png")
    assert after.dtype == np.uint8
    assert (after.min(), after.max()) == (0, 255)
    for band in range(3):
        assert np.corrcoef(after[..., band].ravel(), before[..., band].ravel())[0, 1] > 0.999


def test_a_repair_never_writes_into_a_folder_in_use_or_into_the_data_set(healthy, tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "notes.txt").write_text("mine")
    in_use, inside = "holds some. Give --fix a new folder", "lies in the data set itself"
    targets = {"used": in_use, "used/notes.txt": in_use, "camvid": inside, "camvid/fixed": inside}
    before = sorted(tmp_path.rglob("*"))
    for target, message in targets.items():
        with pytest.raises(ValueError, match=message):
            repair(build_dataset("camvid", healthy), diagnose(healthy), healthy, tmp_path / target)
    assert sorted(tmp_path.rglob("*")) == before


def test_images_whose_label_folder_is_missing_have_no_labels(healthy):
    (healthy / "trainannot").rename(healthy / "trainlabels")
    diagnosis = diagnose(healthy)
    assert counted(diagnosis)["no_label"] == 16
    assert diagnosis.spoils_training
    assert diagnosis.missing_splits == ("train", "test")


def test_a_folder_without_any_split_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        diagnose(tmp_path)


@pytest.fixture
def plain_folder(tmp_path):
    """Ten images with masks of ids 0, 1, 2 and void 255, and their classes."""
    rng = np.random.default_rng(0)
    for part in ("images", "masks"):
        (tmp_path / "mine" / part).mkdir(parents=True)
    (tmp_path / "mine" / "classes.txt").write_text("ground\nroof\nwater\n")
    for index in range(10):
        label = np.kron(rng.integers(0, 3, (4, 5)), np.ones((8, 8))).astype("uint8")
        label[:3] = 255
        label[3:, 0] = (0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0,
                        1, 2, 0, 1)  # fmt: skip
        image = rng.integers(0, 255, (32, 40, 3), "uint8")
        Image.fromarray(image).save(tmp_path / "mine" / "images" / f"{index}.jpg")
        Image.fromarray(label).save(tmp_path / "mine" / "masks" / f"{index}.png")
    return tmp_path / "mine"


def masks_with_a_palette_of_their_own(folder):
    """As those of PASCAL VOC: any colors, and the indices are the ids."""
    palette = np.random.default_rng(1).integers(0, 255, 768, "uint8").tobytes()
    for path in (folder / "masks").iterdir():
        mask = Image.fromarray(spoiling.read(path))
        mask.putpalette(palette)
        mask.save(path)


def masks_in_the_colors_of_the_class_list(folder):
    (folder / "classes.txt").write_text("ground 90 60 20\nroof 200 0 0\nwater 0 0 250\n")
    colors = np.zeros((256, 3), "uint8")
    colors[:3] = (90, 60, 20), (200, 0, 0), (0, 0, 250)
    for path in (folder / "masks").iterdir():
        label = spoiling.read(path)
        spoiling.write(path, colors[np.where(label == 255, 0, label)])


def one_mask_of_ground_and_void(folder):
    path = folder / "masks" / "3.png"
    label = spoiling.read(path)
    spoiling.write(path, np.where(label == 255, 255, 0).astype("uint8"))


def images_of_one_band(folder):
    for path in (folder / "images").iterdir():
        Image.open(path).convert("L").save(path)


def nothing(folder):
    pass


HEALTHY = [
    nothing,
    masks_with_a_palette_of_their_own,
    masks_in_the_colors_of_the_class_list,
    one_mask_of_ground_and_void,
    images_of_one_band,
]


@pytest.mark.parametrize("change", HEALTHY, ids=lambda change: change.__name__)
def test_no_defect_is_invented(plain_folder, change):
    change(plain_folder)
    assert counted(examine(build_dataset("folder", plain_folder))) == {}


def test_masks_of_black_and_white_are_found_and_become_two_classes(plain_folder, tmp_path):
    (plain_folder / "classes.txt").write_text("membrane\ncell\n")
    for path in (plain_folder / "masks").iterdir():
        label = spoiling.read(path)
        spoiling.write(path, np.where(label == 1, 255, 0).astype("uint8"))
    dataset = build_dataset("folder", plain_folder)
    diagnosis = examine(dataset)
    assert counted(diagnosis) == {"mask_0_255": 10}
    repair(dataset, diagnosis, plain_folder, tmp_path / "fixed")
    fixed = build_dataset("folder", tmp_path / "fixed")
    assert counted(examine(fixed)) == {}
    assert set(np.unique(fixed.load(fixed.list_pairs("train")[0])[1])) == {0, 1}


def test_unpaired_files_of_a_folder_that_splits_share_are_told_once(plain_folder):
    (plain_folder / "masks" / "4.png").unlink()
    (plain_folder / "images" / "6.jpg").unlink()
    diagnosis = examine(build_dataset("folder", plain_folder))
    assert counted(diagnosis) == {"no_label": 1, "no_image": 1}
    assert sum(len(facts) for facts in diagnosis.facts.values()) == 8


def test_a_data_set_of_another_layout_is_read_through_its_own_reader(camvid_folder):
    """Such as volumes: no files to compare, but ids, sizes and doublets still count."""
    import dataclasses

    dataset = dataclasses.replace(build_dataset("camvid", camvid_folder), folders=None)

    def read(pair):
        image, label = dataset.read(pair)
        return (image, label[:-1]) if pair[0].stem == "001" else (image, label)

    diagnosis = examine(dataclasses.replace(dataset, read=read))
    assert {kind: n for kind, n in counted(diagnosis).items() if kind == "size"} == {"size": 2}
    with pytest.raises(ValueError, match="not laid out as folders"):
        repair(dataset, diagnosis, camvid_folder, camvid_folder)


def test_where_255_is_a_class_it_is_no_defect_and_nothing_becomes_it(plain_folder, tmp_path):
    """As `255 cell` in classes.txt says; ids of no class could then not be made void."""
    (plain_folder / "classes.txt").write_text("0 membrane\n255 cell\n")
    for path in (plain_folder / "masks").iterdir():
        label = spoiling.read(path)
        spoiling.write(path, np.where(label == 1, 255, 0).astype("uint8"))
    dataset = build_dataset("folder", plain_folder)
    assert counted(examine(dataset)) == {}
    path = plain_folder / "masks" / "2.png"
    spoiling.write(path, np.where(spoiling.read(path) == 255, 9, 0).astype("uint8"))
    diagnosis = examine(dataset)
    assert counted(diagnosis) == {"unknown_id": 1}
    written = repair(dataset, diagnosis, plain_folder, tmp_path / "fixed")
    assert written.left_out[0][1] == "ids of no class, and the data set has no id for void"


def test_a_mask_of_much_more_void_than_any_other_is_black_and_white(plain_folder):
    path = plain_folder / "masks" / "3.png"
    spoiling.write(path, np.where(spoiling.read(path) == 1, 255, 0).astype("uint8"))
    assert counted(examine(build_dataset("folder", plain_folder))) == {"mask_0_255": 1}
