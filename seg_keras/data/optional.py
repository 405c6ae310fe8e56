"""Packages that only some data sets need, imported when such a data set is read."""

import importlib
from types import ModuleType


def import_optional(module: str, package: str, purpose: str) -> ModuleType:
    """Imports a module of `requirements-data.txt`.

    Args:
        module: What to import, such as "pycocotools.mask".
        package: What pip calls it, such as "pycocotools".
        purpose: What needs it, the beginning of the error.

    Raises:
        RuntimeError: If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise RuntimeError(
            f"{purpose} needs the package {package}. Install it: pip install {package}"
        ) from None
