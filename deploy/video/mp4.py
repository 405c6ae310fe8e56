"""Gives a finished MP4 its true pace.

Encoders want the frame rate before the first frame, but a live loop knows its rate only after
the last one. An MP4 holds the pace as ticks per second in a few header fields (ISO/IEC 14496-12,
`mvhd` and `mdhd`), so scaling these changes the speed of the whole file and no picture.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_CONTAINERS = (b"moov", b"trak", b"mdia")
_CLOCKS = (b"mvhd", b"mdhd")


def scale_speed(path: Path, factor: float) -> None:
    """Makes an MP4 play `factor` times as fast as its encoder thought, in place.

    Args:
        path: A finished file.
        factor: True frame rate over the one that the encoder was given, above 0.
    """
    with open(path, "r+b") as file:
        end = file.seek(0, 2)
        for position in list(_clock_fields(file, 0, end)):
            file.seek(position)
            (ticks_per_second,) = struct.unpack(">I", file.read(4))
            file.seek(position)
            file.write(struct.pack(">I", max(1, round(ticks_per_second * factor))))


def _clock_fields(file: BinaryIO, start: int, end: int) -> Iterator[int]:
    """File positions of all fields that say how many ticks make a second."""
    while start + 8 <= end:
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        header = 8
        if size == 1:  # a 64-bit size follows
            (size,) = struct.unpack(">Q", file.read(8))
            header = 16
        elif size == 0:  # up to the end
            size = end - start
        if size < header:
            return
        if kind in _CONTAINERS:
            yield from _clock_fields(file, start + header, start + size)
        elif kind in _CLOCKS:
            version = file.read(1)[0]
            # Version and flags take 4 bytes; two times of 4 bytes (8 in version 1) follow.
            yield start + header + 4 + (16 if version == 1 else 8)
        start += size
