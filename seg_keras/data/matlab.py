"""MATLAB files: up to version 7 through SciPy; a version 7.3 file is HDF5, read through h5py."""

from pathlib import Path

from seg_keras.data.optional import import_optional


def read_mat(path: Path, variable: str):
    """Reads one variable of a .mat file up to version 7.

    Args:
        path: The file.
        variable: Its name in MATLAB.

    Returns:
        An array; a dict for a struct, a list of dicts for an array of structs. Axes of length 1
        are dropped.

    Raises:
        ValueError: If the file is damaged or has no such variable.
    """
    import scipy.io  # here, because few data sets are worth the time it takes

    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file.")
    try:
        variables = scipy.io.loadmat(path, variable_names=[variable], simplify_cells=True)
    except Exception as error:  # SciPy raises a dozen kinds for damaged files
        raise ValueError(f"{path}: cannot be decoded ({error}). Replace the file.") from None
    if variable not in variables:
        raise ValueError(
            f"{path}: has no variable {variable!r}. Give the file of the original download."
        )
    return variables[variable]


def open_mat73(path: Path):
    """Opens a .mat file of version 7.3 as an `h5py.File`, in which axes are reversed."""
    h5py = import_optional("h5py", "h5py", f"{path.name}, a MATLAB 7.3 file,")
    try:
        return h5py.File(path, "r")
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file.") from None
    except OSError as error:
        raise ValueError(f"{path}: is no MATLAB 7.3 file ({error}). Replace the file.") from None
