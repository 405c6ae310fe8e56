"""Addresses of streams, and how to speak of them without giving a password away.

Cameras are addressed as `rtsp://user:password@host/path`, as `http://host/video?pwd=...`, and some
as `rtsp://host/user=..&password=..`; what a program logs is copied into tickets. Only what tells
two cameras apart is repeated: scheme, host, and the parts of the path that set no value.
"""

import re

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://([^\s'\"<>]+)", re.IGNORECASE)
HIDDEN = "***"


def is_address(text: str) -> bool:
    """Whether `text` names a stream, such as `rtsp://camera/1`, rather than a file."""
    return "://" in text


def redact(text: str) -> str:
    """Replaces what may be secret in every address within `text` by `***`."""
    return _ADDRESS.sub(lambda match: f"{match[1]}://{_redacted(match[2])}", text)


def _redacted(rest: str) -> str:
    # Up to the last @: a password that was not escaped may hold one, or a slash, or a ?.
    user, at, place = rest.rpartition("@")
    place, *query = re.split(r"[?#]", place, maxsplit=1)
    parts = [HIDDEN if "=" in part else part for part in place.split("/")]
    return (HIDDEN + at if user else "") + "/".join(parts) + ("?" + HIDDEN if query else "")
