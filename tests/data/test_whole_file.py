"""An interrupted write leaves the last good file as it was."""

import pytest

from seg_keras.data.whole_file import whole_file


def test_file_appears_with_its_folder_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "report.txt"
    with whole_file(path) as partial:
        partial.write_text("all of it")
        assert not path.exists()
    assert path.read_text() == "all of it"
    assert list(path.parent.iterdir()) == [path]


def test_error_keeps_the_old_file_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "report.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), whole_file(path) as partial:
        write_half(partial)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    told = pytest.raises(IsADirectoryError, match="is a folder. Give the name of a file in it")
    with told, whole_file(tmp_path):
        pass
    assert not tmp_path.with_name(tmp_path.name + ".partial").exists()


def write_half(path):
    path.write_text("ha")
    raise KeyboardInterrupt
