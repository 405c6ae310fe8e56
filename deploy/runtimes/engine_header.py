"""A description before a TensorRT plan: magic, length, JSON, then the plan.

Nothing of TensorRT is asked before the header is read: a plan can hold code, so a file that is
not ours, or of another machine, must never reach the deserialiser.
"""

import struct

MAGIC = b"SEGKERAS"
LENGTH = struct.Struct("<I")
START = len(MAGIC) + LENGTH.size


def join(plan: bytes, text: str) -> bytes:
    """Gives the content of an engine file: the header and the plan."""
    header = text.encode()
    return MAGIC + LENGTH.pack(len(header)) + header + plan


def read(content: bytes, max_bytes: int) -> bytes | None:
    """Reads the header's JSON; None if the file has no such header or ends within it.

    Raises:
        ValueError: If the header says that it is larger than `max_bytes`.
    """
    if content[: len(MAGIC)] != MAGIC or len(content) < START:
        return None
    (length,) = LENGTH.unpack(content[len(MAGIC) : START])
    if length > max_bytes:
        raise ValueError(f"it has {length} bytes, more than {max_bytes}")
    header = content[START : START + length]
    return header if len(header) == length else None


def split(content: bytes) -> bytes:
    """Gives the plan, what is behind the header."""
    (length,) = LENGTH.unpack(content[len(MAGIC) : START])
    return content[START + length :]
