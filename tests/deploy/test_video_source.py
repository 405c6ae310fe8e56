"""Frames from files, folders and iterators, and what is said when there are none."""

import contextlib
import itertools
import struct

import cv2
import numpy as np
import pytest
from PIL import Image
from video_fakes import numbered_images, write_video

from deploy.video.capture import Capture
from deploy.video.folder import ImageFolder
from deploy.video.source import Images
from deploy.video.sources import open_source


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
        (broken_image, r"None of the 1 images in .*frames can be decoded.*Replace"),
        (lambda folder: 87, r"Camera 87 is not there.*another number"),
    ],
)
def test_what_cannot_be_read_is_named_with_a_remedy(tmp_path, make, message, capfd):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        open_source(str(make(tmp_path))).read()
    assert capfd.readouterr().err == ""  # the libraries below keep quiet


def turned(path, degrees):
    """Writes into an MP4 how the camera was held: the matrix in its track header."""
    quarter = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
    a, b, c, d = (value * 0x10000 for value in quarter[degrees])
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 4 + 4 + 20 + 8 + 8  # version 0: times, ids, layer, volume
    content[start : start + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_file_comes_upright_however_the_camera_was_held(tmp_path, degrees):
    upright = np.zeros((48, 64, 3), "uint8")
    upright[:24, :32] = 220  # bright at the top left
    writer = cv2.VideoWriter(str(tmp_path / "a.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 25, (64, 48))
    for _ in range(3):
        writer.write(upright)
    writer.release()
    frame = read_all(open_source(str(turned(tmp_path / "a.mp4", degrees))))[0]
    expected = np.rot90(upright, -degrees // 90)
    assert frame.image.shape == expected.shape
    assert np.abs(frame.image.astype(int) - expected).mean() < 8


def test_a_photo_comes_upright_as_its_exif_says(tmp_path):
    image = Image.new("RGB", (64, 48))
    image.paste((220, 220, 220), (0, 0, 32, 24))
    exif = image.getexif()
    exif[274] = 6  # to be turned clockwise by a quarter
    image.save(tmp_path / "photo.jpg", exif=exif, quality=95)
    (frame,) = read_all(open_source(str(tmp_path)))
    assert frame.image.shape == (64, 48, 3)
    assert frame.image[16, 36].mean() > 200  # the bright corner is at the top right now


def test_a_broken_image_is_left_out_and_counted(tmp_path, caplog):
    for name in ("a.png", "c.png"):
        cv2.imwrite(str(tmp_path / name), np.full((8, 8, 3), 9, "uint8"))
    (tmp_path / "b.png").write_bytes(b"no image")
    source = open_source(str(tmp_path))
    frames = read_all(source)
    assert [frame.index for frame in frames] == [0, 1]
    assert [frame.source_time_s for frame in frames] == [0.0, 0.2]
    assert source.corrupt == 1
    assert "b.png cannot be decoded" in caplog.text


def test_images_of_a_folder_may_differ_in_size(tmp_path):
    for number, size in enumerate([(8, 8, 3), (6, 9, 3)]):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros(size, "uint8"))
    assert [f.image.shape for f in read_all(open_source(str(tmp_path)))] == [(8, 8, 3), (6, 9, 3)]


@pytest.mark.parametrize("fps", [0, -5.0])
def test_the_pace_of_a_folder_has_to_be_one(tmp_path, fps):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((8, 8, 3), "uint8"))
    with pytest.raises(ValueError, match="frame rate has to be above 0"):
        ImageFolder(tmp_path, fps)


class Damaged:
    """An `cv2.VideoCapture` some of whose frames cannot be decoded."""

    def __init__(self, good):
        self.good = iter(good)

    def get(self, what):
        return 0.0

    def grab(self):
        self.now = next(self.good, None)
        return self.now is not None

    def retrieve(self):
        return (True, np.zeros((4, 6, 3), "uint8")) if self.now else (False, None)

    def release(self):
        pass


def test_frames_that_cannot_be_decoded_are_counted_and_left_out():
    source = Capture(Damaged([True, False, False, True, True]), "file", False, "broken")
    assert [frame.index for frame in read_all(source)] == [0, 1, 2]
    assert source.corrupt == 2


def test_a_stream_that_can_never_be_decoded_is_given_up():
    source = Capture(Damaged([True] + [False] * 1000), "camera", True, "broken")
    source.read()
    with pytest.raises(RuntimeError, match="100 frames in a row could not be decoded"):
        source.read()
    with pytest.raises(ValueError, match="broken"):
        Capture(Damaged([False] * 1000), "camera", True, "broken").read()


class Camera(Damaged):
    """A camera that is plugged in."""

    def __init__(self):
        super().__init__(itertools.repeat(True))
        self.target, self.settings = None, {}

    def open(self, *target):
        self.target = target
        return self

    def isOpened(self):  # noqa: N802
        return True

    def set(self, what, value):
        self.settings[what] = value


def test_a_camera_is_live_and_has_no_queue_of_its_own(monkeypatch):
    camera = Camera()
    monkeypatch.setattr(cv2, "VideoCapture", camera.open)
    with contextlib.closing(open_source("3")) as source:
        frame = source.read()
    assert (source.live, source.frame_count, source.name) == (True, None, "camera 3")
    assert frame.image.shape == (4, 6, 3)
    assert camera.target == (3,)
    assert camera.settings == {cv2.CAP_PROP_BUFFERSIZE: 1}


@pytest.mark.parametrize(
    ("has_ffmpeg", "cores", "options"),
    [
        (True, 2, (cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])),
        (True, 8, (cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 2])),
        (False, 8, ()),  # no other decoder takes a number of threads
    ],
)
def test_a_file_is_decoded_by_one_thread_of_four_cores(
    tmp_path, monkeypatch, has_ffmpeg, cores, options
):
    path, file = tmp_path / "drive.mp4", Camera()
    path.touch()
    monkeypatch.setattr(cv2.videoio_registry, "hasBackend", lambda backend: has_ffmpeg)
    monkeypatch.setattr(cv2, "getNumberOfCPUs", lambda: cores)
    monkeypatch.setattr(cv2, "VideoCapture", file.open)
    open_source(str(path)).close()
    assert file.target == (str(path), *options)


def test_an_address_where_nothing_is_says_what_to_do_without_its_password(capfd):
    with pytest.raises(ValueError, match="Check that the camera is on") as raised:
        open_source("http://user:secret@127.0.0.1:9/video.mjpg?token=secret")
    assert "http://***@127.0.0.1:9/video.mjpg?***" in str(raised.value)
    assert "secret" not in str(raised.value) + capfd.readouterr().err


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
