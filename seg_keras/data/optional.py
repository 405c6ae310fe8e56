"""Packages that only some data sets need, imported when such a data set is read."""

import importlib
from types import ModuleType


def import_optional(module: str, package: str, purpose: str) -> ModuleType:
    """Imports a module of `requirements-data.txt`.

    Args:
        module: What to import, such as "scipy.io".
        package: What pip calls it, such as "scipy".
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
