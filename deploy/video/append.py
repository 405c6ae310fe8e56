"""A file that grows piece by piece and never ends in half a piece, not even on a full disk."""

import errno
import os
from pathlib import Path


class AppendFile:
    """Written beside its final name, which it gets when it is closed.

    Args:
        path: The final name; its folder is made where it is missing.

    Raises:
        OSError: If nothing can be written there.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._partial = self.path.with_name(self.path.name + ".partial")
        # Unbuffered, so that even a power cut loses no finished piece.
        self._file = open(self._partial, "wb", buffering=0)  # noqa: SIM115
        self._length = 0

    def append(self, piece: bytes) -> None:
        """Adds a piece, whole or not at all.

        Raises:
            OSError: If it does not fit; what was there before is still whole.
        """
        try:
            written = self._file.write(piece)
            if written < len(piece):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self._file.truncate(self._length)
            self._file.seek(self._length)
            raise OSError(error.errno, error.strerror, str(self.path)) from error
        self._length += written

    def close(self) -> None:
        """Gives the file its final name."""
        self._file.close()
        self._partial.replace(self.path)
