"""Frames from files, folders and iterators, and what is said when there are none."""

import itertools

import cv2
import numpy as np
import pytest
from video_fakes import numbered_images, write_video

from deploy.video.source import Images, open_source


def read_all(source):
    frames = list(iter(source.read, None))
    source.close()
    return frames


def test_a_file_gives_every_frame_with_its_time(tmp_path):
    source = open_source(str(write_video(tmp_path / "drive.mp4", count=7, fps=10.0)))
    assert (source.fps, source.frame_count, source.live) == (10.0, 7, False)
    frames = read_all(source)
    assert [frame.index for frame in frames] == list(range(7))
    np.testing.assert_allclose([f.source_time_s for f in frames], np.arange(7) / 10, atol=1e-6)
    grabbed = [frame.grabbed_at for frame in frames]
    assert grabbed == sorted(grabbed)
    assert frames[0].image.shape == (48, 64, 3)
    assert not np.shares_memory(frames[0].image, frames[1].image)


def test_frames_are_rgb(tmp_path):
    writer = cv2.VideoWriter(
        str(tmp_path / "red.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 25, (64, 48)
    )
    red_as_opencv_has_it = np.full((48, 64, 3), (0, 0, 255), "uint8")
    writer.write(red_as_opencv_has_it)
    writer.release()
    cv2.imwrite(str(tmp_path / "red.png"), red_as_opencv_has_it)
    for name in ("red.mp4", ""):
        (frame,) = read_all(open_source(str(tmp_path / name)))
        assert frame.image[20, 20, 0] > 230
        assert frame.image[20, 20, 2] < 25


def test_a_folder_gives_its_images_by_name(tmp_path):
    for name, value in (("b.png", 20), ("a.png", 10), ("c.PNG", 30)):
        cv2.imwrite(str(tmp_path / name), np.full((8, 8, 3), value, "uint8"))
    (tmp_path / "notes.txt").write_text("no image")
    source = open_source(str(tmp_path))
    assert source.frame_count == 3
    assert [frame.image[0, 0, 0] for frame in read_all(source)] == [10, 20, 30]


def test_an_iterator_may_be_endless():
    source = Images((image for _ in itertools.count() for image in numbered_images(3)), fps=20.0)
    frames = [source.read() for _ in range(50)]
    assert frames[49].index == 49
    assert frames[49].source_time_s == pytest.approx(49 / 20)
    assert not source.live


def test_a_file_that_was_cut_off_says_so(tmp_path, caplog):
    source = open_source(str(write_video(tmp_path / "cut.mp4", count=5)))
    source.frame_count = 9  # as the header of a longer file would announce
    assert len(read_all(source)) == 5
    assert "cut.mp4 ended after 5 of 9 announced frames" in caplog.text


def broken_file(folder):
    (folder / "broken.mp4").write_bytes(b"no video" * 100)
    return folder / "broken.mp4"


def broken_image(folder):
    (folder / "frames").mkdir()
    (folder / "frames" / "1.png").write_bytes(b"no image")
    return folder / "frames"


def empty_folder(folder):
    (folder / "empty").mkdir()
    return folder / "empty"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "none.mp4", r"no video file .*none\.mp4.*camera number"),
        (broken_file, r"broken\.mp4 \(800 bytes\) cannot be decoded.*ffmpeg -i"),
        (empty_folder, r"empty holds no images \(\.png"),
        (broken_image, r"1\.png cannot be decoded.*Replace"),
        (lambda folder: 87, r"Camera 87 is not there.*another number"),
    ],
)
def test_what_cannot_be_read_is_named_with_a_remedy(tmp_path, make, message, capfd):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        open_source(str(make(tmp_path))).read()
    assert capfd.readouterr().err == ""  # the libraries below keep quiet


def test_a_stream_address_is_refused_without_repeating_its_password():
    with pytest.raises(ValueError, match="stream address") as raised:
        open_source("rtsp://user:secret@camera/1")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "gave no image"),
        ([np.zeros((4, 4), "uint8")], r"shape \(4, 4\)"),
        ([np.zeros((4, 4, 3), "float32")], "float32"),
    ],
)
def test_iterators_have_to_give_images(images, message):
    with pytest.raises(ValueError, match=message):
        Images(images).read()
