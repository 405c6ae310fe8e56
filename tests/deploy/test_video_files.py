"""Records, masks, JPEGs and snapshots, which are whole on a full disk, too."""

import json
import os

import cv2
import numpy as np
import pytest
from PIL import Image
from video_fakes import NAMES, PALETTE, frame_of, numbered_images, read_video

from deploy.video.append import AppendFile
from deploy.video.canvases import Canvases
from deploy.video.masks import Masks, encode_mask
from deploy.video.mjpeg import JpegRecorder
from deploy.video.records import Records
from deploy.video.snapshot import Snapshots
from deploy.video.view import View


def test_records_hold_what_was_seen_and_what_it_cost(tmp_path):
    records = Records(tmp_path / "out.jsonl", NAMES)
    image = np.zeros((4, 4, 3), "uint8")
    seen = frame_of(image, 1.25, shares=np.float32([0.25, 0.75, 0]))
    seen.stage_ms, seen.age_ms, seen.drops = {"grab": 1.0, "infer": 2.0}, 12.5, {"late": 3}
    failed = frame_of(image, 1.5)
    failed.error = "ValueError: bad frame"
    records.write(None, seen)
    records.write(None, failed)
    # Complete up to here, whatever happens next.
    assert len((tmp_path / "out.jsonl.partial").read_text().splitlines()) == 2
    records.close()
    first, second = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert first == {
        "index": 0,
        "source_time_s": 1.25,
        "connection": 0,
        "age_ms": 12.5,
        "stage_ms": {"grab": 1.0, "infer": 2.0},
        "shares": {"sky": 0.25, "road": 0.75},
        "drops": {"late": 3},
        "error": None,
    }
    assert second["error"] == "ValueError: bad frame"
    assert second["shares"] == {}
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_canvases_are_used_again_unless_the_size_has_changed():
    canvases = Canvases()
    first, second = canvases.take((4, 6, 3)), canvases.take((4, 6, 3))
    assert not np.shares_memory(first, second)
    canvases.give(first)
    assert canvases.take((4, 6, 3)) is first
    for canvas in (first, second):
        canvases.give(canvas)
    assert canvases.take((8, 6, 3)).shape == (8, 6, 3)
    assert not np.shares_memory(canvases.take((4, 6, 3)), first)  # those of old are gone


def test_on_a_full_disk_a_file_ends_with_a_whole_piece(tmp_path, full_at):
    file = AppendFile(tmp_path / "new" / "out.jsonl")
    with full_at(4105):
        for _ in range(4):
            file.append(b"x" * 1023 + b"\n")
        for _ in range(2):
            with pytest.raises(OSError, match=r"out\.jsonl"):
                file.append(b"x" * 1023 + b"\n")
        file.append(b"tiny\n")
        file.close()
    lines = (tmp_path / "new" / "out.jsonl").read_text().splitlines()
    assert [len(line) for line in lines] == [1023] * 4 + [4]
    assert os.listdir(tmp_path / "new") == ["out.jsonl"]


def test_a_mask_is_read_back_as_ids_and_as_colors(tmp_path):
    classes = np.random.default_rng(0).integers(0, 3, (37, 53), dtype="uint8")
    masks = Masks(tmp_path / "masks", PALETTE)
    frame = frame_of(np.zeros((37, 53, 3), "uint8"), classes=classes)
    frame.index = 42
    masks.write(None, frame)
    masks.write(None, frame_of(frame.image))  # nothing is known of this one
    masks.close()
    assert os.listdir(tmp_path / "masks") == ["00000042.png"]
    with Image.open(tmp_path / "masks" / "00000042.png") as image:
        np.testing.assert_array_equal(np.array(image), classes)
        np.testing.assert_array_equal(np.array(image.convert("RGB")), np.uint8(PALETTE)[classes])


def test_a_mask_may_hold_an_id_without_a_color(tmp_path):
    classes = np.full((3, 5), 255, "uint8")
    (tmp_path / "mask.png").write_bytes(encode_mask(classes, PALETTE))
    assert not cv2.imread(str(tmp_path / "mask.png")).any()
    with Image.open(tmp_path / "mask.png") as image:
        np.testing.assert_array_equal(np.array(image), classes)


def test_a_mask_on_a_full_disk_is_no_half_file(tmp_path, full_at):
    classes = np.random.default_rng(0).integers(0, 3, (100, 100), dtype="uint8")
    masks = Masks(tmp_path, PALETTE)
    with full_at(100), pytest.raises(OSError, match=r"00000000\.png"):
        masks.write(None, frame_of(None, classes=classes))
    assert not list(tmp_path.iterdir())


def test_jpegs_in_a_row_play_even_before_they_are_closed(tmp_path):
    recorder = JpegRecorder(tmp_path / "out.mjpeg")
    for image in numbered_images(10):
        recorder.write(image + np.uint8(60), frame_of(image))
    os.link(tmp_path / "out.mjpeg.partial", tmp_path / "after_power_cut.mjpeg")
    frames, _ = read_video(tmp_path / "after_power_cut.mjpeg")
    assert [round(frame.mean()) for frame in frames] == list(range(60, 70))
    recorder.close()
    assert recorder.summary()["frames"] == len(read_video(tmp_path / "out.mjpeg")[0]) == 10


def test_a_snapshot_is_what_was_shown_and_taken_once_per_key(tmp_path, caplog):
    view = View()
    snapshots = Snapshots(tmp_path / "new", view)
    picture = np.full((4, 6, 3), (200, 100, 50), "uint8")
    for number in range(4):
        frame = frame_of(picture)
        frame.index = number
        snapshots.show(picture, frame, None)
        if number == 1:
            view.press("s")
    assert os.listdir(tmp_path / "new") == ["snapshot_00000002.png"]
    saved = cv2.imread(str(tmp_path / "new" / "snapshot_00000002.png"))[..., ::-1]
    np.testing.assert_array_equal(saved, picture)
    (tmp_path / "file").touch()
    blocked = Snapshots(tmp_path / "file", view)
    view.press("s")
    blocked.show(picture, frame_of(picture), None)
    assert "No snapshot" in caplog.text
