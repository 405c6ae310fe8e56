"""A description behind a .tflite model: a ZIP archive after its last byte.

TensorFlow Lite's own metadata lies there too
(https://ai.google.dev/edge/litert/conversion/tensorflow/metadata): readers of the model ignore
what follows it, and any ZIP tool lists the members.
"""

import io
import zipfile


def split(content: bytes) -> bytes:
    """Gives a file's content without the archive, which is the engine's own file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # Offsets count from the start of the file; the model ends where the first one begins.
            return content[: min(member.header_offset for member in archive.infolist())]
    except (zipfile.BadZipFile, ValueError):
        return content  # nothing appended


def join(content: bytes, members: dict[str, str]) -> bytes:
    """Gives a file's content with these members, in place of the ones that are there.

    The same members always give the same bytes.
    """
    whole = io.BytesIO(split(content))
    with zipfile.ZipFile(whole, "a") as archive:
        for name, text in members.items():
            member = zipfile.ZipInfo(name)  # has a fixed date, a name alone would take today's
            member.external_attr = 0o644 << 16  # `unzip` makes files that can be read
            archive.writestr(member, text)
    return whole.getvalue()


def read(content: bytes, name: str, max_bytes: int) -> bytes | None:
    """Reads one member; None if there is none.

    Raises:
        ValueError: If the member says that it is larger than `max_bytes`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = archive.getinfo(name).file_size
            if size > max_bytes:  # a small archive can unpack to any size
                raise ValueError(f"it has {size} bytes, more than {max_bytes}")
            return archive.read(name)
    except (zipfile.BadZipFile, KeyError):
        return None
