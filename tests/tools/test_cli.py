"""The exit codes and reports that all commands share."""

import json

import pytest

from tools.cli import command, print_table, write_json


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError("x.png: bad.\nUse y.png."), 2),
        (FileNotFoundError("z"), 2),
        (RuntimeError("w"), 1),
    ],
)
def test_errors_become_one_line_and_an_exit_code(error, code, capsys, monkeypatch):
    monkeypatch.delenv("SEG_KERAS_TRACEBACK", raising=False)

    @command
    def main(argv):
        raise error

    assert main([]) == code
    assert capsys.readouterr().err == f"error: {' '.join(str(error).split())}\n"


def test_a_traceback_can_be_asked_for(monkeypatch):
    monkeypatch.setenv("SEG_KERAS_TRACEBACK", "1")

    @command
    def main(argv):
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        main([])


def test_a_full_disk_is_told_with_what_to_do(tmp_path, capsys, full_at):
    @command
    def main(argv):
        write_json(tmp_path / "report.json", {"text": "x" * 100})

    with full_at(50):
        assert main([]) == 2
    assert "Make room there, or write to another disk." in capsys.readouterr().err
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (3, 3)])
def test_a_command_gives_its_exit_code(returned, code):
    assert command(lambda argv: returned)([]) == code


def test_a_bug_is_not_taken_for_wrong_input():
    @command
    def main(argv):
        raise TypeError("a bug")

    with pytest.raises(TypeError):
        main([])


def test_tables_go_to_standard_output(capsys):
    print_table("Title", ("name", "value"), [("road", 0.5)])
    out = capsys.readouterr().out
    assert "Title" in out
    assert "road" in out
    assert "0.5" in out


def test_reports_are_written_whole_or_not_at_all(tmp_path):
    file = tmp_path / "new" / "report.json"
    write_json(file, {"mean_iou": 0.5})
    assert json.loads(file.read_text()) == {"mean_iou": 0.5}
    with pytest.raises(TypeError):
        write_json(file, {"mean_iou": object()})
    assert json.loads(file.read_text()) == {"mean_iou": 0.5}
    assert [path.name for path in file.parent.iterdir()] == ["report.json"]
    write_json(None, {})
