"""MATLAB files of both kinds, and packages that only some data sets need."""

import sys

import numpy as np
import pytest
import scipy.io

from seg_keras.data.matlab import open_mat73, read_mat
from seg_keras.data.optional import import_optional


def test_variables_and_structs_are_read(tmp_path):
    labels = np.arange(12, dtype="uint16").reshape(3, 4)
    scipy.io.savemat(tmp_path / "a.mat", {"labels": labels, "s": {"inner": labels}})
    np.testing.assert_array_equal(read_mat(tmp_path / "a.mat", "labels"), labels)
    np.testing.assert_array_equal(read_mat(tmp_path / "a.mat", "s")["inner"], labels)


def test_a_missing_variable_or_file_is_named(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"x": 1})
    with pytest.raises(ValueError, match="a.mat: has no variable 'GTcls'"):
        read_mat(tmp_path / "a.mat", "GTcls")
    with pytest.raises(FileNotFoundError, match="b.mat: no such file"):
        read_mat(tmp_path / "b.mat", "x")
    with pytest.raises(FileNotFoundError, match="b.mat: no such file"):
        open_mat73(tmp_path / "b.mat")
    with pytest.raises(ValueError, match="a.mat: is no MATLAB 7.3 file"):
        open_mat73(tmp_path / "a.mat")


def test_a_missing_package_is_named_with_its_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(
        RuntimeError, match="This needs the package nibabel. .* pip install nibabel"
    ):
        import_optional("nibabel", "nibabel", "This")
