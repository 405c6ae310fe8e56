"""Recordings that play at their true pace, and contact sheets."""

import shutil

import numpy as np
import pytest
from video_fakes import frame_of, numbered_images, read_video

from deploy.video import encoder
from deploy.video.encoder import FfmpegEncoder
from deploy.video.recorder import CHECKED_EVERY, Recorder, fit
from deploy.video.sheet import GAP, GROUND, ContactSheet, contact_sheet


@pytest.fixture(params=["opencv", "ffmpeg"])
def encoded_by(request, monkeypatch):
    """Runs a test once with each way to encode that this machine has."""
    if request.param == "opencv":
        monkeypatch.setattr(encoder.shutil, "which", lambda program: None)
    elif not shutil.which("ffmpeg"):
        pytest.skip("needs the ffmpeg program")


def record(path, images, fps=None, interval_s=0.04):
    recorder = Recorder(path, fps)
    for number, image in enumerate(images):
        recorder.write(image, frame_of(image, number * interval_s))
    recorder.close()
    return recorder


@pytest.mark.usefixtures("encoded_by")
@pytest.mark.parametrize("size", [(48, 64), (75, 101)])
def test_a_recording_has_every_picture_at_the_source_rate(tmp_path, size):
    recorder = record(tmp_path / "out.mp4", numbered_images(20, size), fps=12.5)
    frames, fps = read_video(tmp_path / "out.mp4")
    assert (len(frames), fps) == (20, pytest.approx(12.5))
    height, width = size
    assert frames[0].shape == (height + height % 2, width + width % 2, 3)
    for number, frame in enumerate(frames):
        assert abs(frame.mean() - number) < 4
    assert recorder.summary()["frames"] == 20
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


@pytest.mark.usefixtures("encoded_by")
@pytest.mark.parametrize("interval_s", [0.01, 0.137])
def test_without_a_rate_a_recording_lasts_as_long_as_it_took(tmp_path, interval_s):
    recorder = record(tmp_path / "out.mp4", numbered_images(15), interval_s=interval_s)
    frames, fps = read_video(tmp_path / "out.mp4")
    assert len(frames) == 15
    assert fps == pytest.approx(1 / interval_s, rel=0.01)
    assert recorder.summary()["fps"] == pytest.approx(1 / interval_s)


@pytest.mark.usefixtures("encoded_by")
def test_colors_survive(tmp_path):
    image = np.full((48, 64, 3), (200, 60, 20), "uint8")
    record(tmp_path / "out.mp4", [image] * 3, fps=25.0)
    frames, _ = read_video(tmp_path / "out.mp4")
    assert np.abs(frames[-1][24, 32].astype(int) - (200, 60, 20)).max() < 12


def test_a_single_picture_is_a_recording_too(tmp_path):
    record(tmp_path / "out.mp4", numbered_images(1))
    assert len(read_video(tmp_path / "out.mp4")[0]) == 1


def test_another_size_is_fitted_into_the_first(tmp_path):
    small, tall = np.full((48, 64, 3), 90, "uint8"), np.full((96, 64, 3), 90, "uint8")
    record(tmp_path / "out.mp4", [small, tall], fps=25.0)
    frames, _ = read_video(tmp_path / "out.mp4")
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 2
    fitted = fit(tall, (48, 64))
    assert (fitted[:, 16:48] == 90).all()
    assert not fitted[:, :16].any()
    assert not fitted[:, 48:].any()


def test_without_pictures_there_is_no_file_and_an_old_one_stays(tmp_path):
    (tmp_path / "out.mp4").write_text("an old recording")
    record(tmp_path / "out.mp4", [])
    assert (tmp_path / "out.mp4").read_text() == "an old recording"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_damaged_recording_is_reported_and_not_given_its_name(tmp_path):
    recorder = Recorder(tmp_path / "out.mp4", 25.0)
    for image in numbered_images(5):
        recorder.write(image, frame_of(image))
    recorder._frames = 6  # as if the encoder had lost one
    with pytest.raises(RuntimeError, match="holds 5 of 6 frames. Is the disk full"):
        recorder.close()
    assert not (tmp_path / "out.mp4").exists()


def test_only_mp4_and_writable_folders_are_taken(tmp_path):
    with pytest.raises(ValueError, match=r"ending in \.mp4"):
        Recorder(tmp_path / "out.avi")
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Recorder(tmp_path / "file" / "out.mp4")


def test_a_contact_sheet_shows_the_images_in_rows():
    images = [np.full((4, 6, 3), 50 * number, "uint8") for number in range(1, 6)]
    sheet = contact_sheet(images, columns=3)
    assert sheet.shape == (2 * (4 + GAP) + GAP, 3 * (6 + GAP) + GAP, 3)
    assert (sheet[GAP, GAP] == 50).all()
    assert (sheet[GAP, GAP + 6 + GAP] == 100).all()
    assert (sheet[-GAP - 1, GAP] == 200).all()
    assert (sheet[-GAP - 1, -GAP - 1] == GROUND).all()  # there is no sixth


@pytest.mark.parametrize("count", [1, 5, 6, 23, 24, 25, 200])
def test_the_sheet_of_a_stream_is_evenly_spaced_and_bounded(tmp_path, count):
    sink = ContactSheet(tmp_path / "sheet.png", count=6)
    for image in numbered_images(count):
        sink.write(image, None)
        assert len(sink._kept) <= 24
    chosen = [int(image[0, 0, 0]) for image in sink.chosen()]
    assert len(chosen) == min(6, count)
    steps = np.diff(chosen)
    if count >= 24:
        assert steps.max() <= 1.5 * steps.min()
        assert chosen[0] <= count / 6
        assert chosen[-1] >= count * 0.7
    sink.close()
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]


def test_time_without_a_stream_does_not_slow_the_recording_down(tmp_path):
    recorder = Recorder(tmp_path / "out.mp4")
    for number, image in enumerate(numbered_images(20)):
        frame = frame_of(image, number * 0.1 + (3600 if number >= 10 else 0))
        frame.connection = number // 10
        recorder.write(image, frame)
    recorder.close()
    assert recorder.summary()["fps"] == pytest.approx(10)
    assert read_video(tmp_path / "out.mp4")[1] == pytest.approx(10, rel=0.01)


@pytest.mark.usefixtures("encoded_by")
def test_a_disk_that_fills_up_leaves_a_recording_that_plays(tmp_path, monkeypatch):
    free = iter([10**9, 10**9, 10**6])
    usage = type("Usage", (), {})
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: setattr(usage, "free", next(free)) or usage
    )
    recorder = Recorder(tmp_path / "out.mp4", 25.0)
    for image in numbered_images(2 * CHECKED_EVERY):
        recorder.write(image, frame_of(image))
    with pytest.raises(OSError, match=r"No space left.*out\.mp4"):
        recorder.write(image, frame_of(image))
    recorder.close()
    assert len(read_video(tmp_path / "out.mp4")[0]) == 2 * CHECKED_EVERY


def test_an_encoder_that_dies_is_reported(tmp_path):
    size = 480, 640
    dead = FfmpegEncoder(shutil.which("false"), tmp_path / "out.mp4", size, 25.0)
    with pytest.raises(RuntimeError, match="ffmpeg stopped recording"):
        dead.write(np.zeros((*size, 3), "uint8"))  # more than a pipe holds
    with pytest.raises(RuntimeError, match="could not finish the recording: it gave no reason"):
        dead.close()
