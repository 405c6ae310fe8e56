"""A file is there whole or not at all: it is written beside its place, then renamed."""

import contextlib
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Gives a path to write to, which becomes `path` if the block ends without an error.

    Args:
        path: Where the file is wanted; its folder is made.

    Example:
        with whole_file(Path("report.txt")) as partial:
            partial.write_text("all of it")
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder. Give the name of a file in it.")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
