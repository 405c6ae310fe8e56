"""Addresses are told apart without their secrets."""

import pytest

from deploy.video.address import is_address, redact


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://10.0.0.7:554/stream1", "rtsp://10.0.0.7:554/stream1"),
        ("rtsp://admin:secret@10.0.0.7/stream1", "rtsp://***@10.0.0.7/stream1"),
        ("http://host/video.mjpg?user=a&pwd=secret", "http://host/video.mjpg?***"),
        # Passwords that nobody escaped.
        ("rtsp://admin:sec@ret@host/1", "rtsp://***@host/1"),
        ("rtsp://admin:sec/ret@host/1", "rtsp://***@host/1"),
        ("rtsp://admin:sec?ret#x@host/1", "rtsp://***@host/1"),
        # Recorders that want them in the path.
        ("rtsp://host/user=admin&password=secret&channel=1/0", "rtsp://host/***/0"),
        ("RTSPS://token-secret@host", "RTSPS://***@host"),
    ],
)
def test_secrets_of_an_address_are_hidden(address, shown):
    assert redact(address) == shown
    assert redact(f"cannot open '{address}', trying again") == (
        f"cannot open '{shown}', trying again"
    )


def test_other_text_stays():
    assert redact("drive at 12:30@home.mp4") == "drive at 12:30@home.mp4"


def test_addresses_are_told_from_files():
    assert is_address("rtsp://camera")
    assert not is_address("C:/drives/1.mp4")
