"""What libraries write to descriptor 2 is dropped inside `silenced`, and only there."""

import os
import threading

import pytest

from deploy.runtimes.native_log import silenced


def write(text):
    os.write(2, text)


def test_only_the_block_is_silent(capfd):
    write(b"before ")
    with silenced():
        write(b"inside ")
    write(b"after")
    assert capfd.readouterr().err == "before after"


def test_error_ends_the_silence(capfd):
    with pytest.raises(KeyError), silenced():
        raise KeyError
    write(b"after")
    assert capfd.readouterr().err == "after"


def test_blocks_of_two_threads_may_overlap(capfd):
    entered, leave = threading.Event(), threading.Event()

    def other():
        with silenced():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with silenced():
        thread.start()
        entered.wait(10)
    write(b"one is left ")
    leave.set()
    thread.join()
    write(b"none is left")
    assert capfd.readouterr().err == "none is left"
