"""Reading ahead changes when files are read, and nothing else."""

import threading

import pytest

from seg_keras.data.read_ahead import read_ahead


@pytest.mark.parametrize("count", [0, 1, 3, 20])
def test_everything_comes_in_order(count):
    assert list(read_ahead(lambda x: 2 * x, range(count), ahead=3)) == [2 * x for x in range(count)]


def test_the_next_is_read_while_this_one_is_used():
    read = threading.Event()

    def load(number):
        if number == 1:
            read.set()
        return number

    results = read_ahead(load, range(3))
    assert next(results) == 0
    assert read.wait(10)
    assert list(results) == [1, 2]


def test_no_more_is_read_than_may_wait():
    asked = []
    results = read_ahead(lambda number: number, (asked.append(n) or n for n in range(99)), ahead=2)
    assert next(results) == 0
    assert asked == [0, 1, 2]


def test_error_comes_at_its_turn():
    def load(number):
        if number == 1:
            raise ValueError("broken file")
        return number

    results = read_ahead(load, range(3))
    assert next(results) == 0
    with pytest.raises(ValueError, match="broken file"):
        next(results)
