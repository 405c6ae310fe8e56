"""The two policies of handing frames on, and that nobody waits for ever."""

import threading
import time

from deploy.video.channel import Channel


def test_items_come_in_order_and_none_is_lost():
    channel = Channel(2)
    writer = threading.Thread(target=lambda: [channel.put(i) for i in range(50)] + [channel.end()])
    writer.start()
    items = []
    while (item := channel.get()) is not None:
        items.append(item)
    writer.join()
    assert items == list(range(50))
    assert (channel.dropped, channel.discarded) == (0, 0)


def test_a_full_channel_makes_the_writer_wait():
    channel = Channel(1)
    channel.put("first")
    written = threading.Event()
    threading.Thread(target=lambda: (channel.put("second"), written.set()), daemon=True).start()
    assert not written.wait(0.05)
    assert channel.get() == "first"
    assert written.wait(2)


def test_a_mailbox_keeps_the_newest_and_counts_the_others():
    channel = Channel(1, drop_oldest=True)
    for number in range(5):
        assert channel.put(number)
    assert channel.get() == 4
    assert channel.dropped == 4


def test_after_the_end_what_waits_is_still_delivered():
    channel = Channel(2)
    channel.put("last")
    channel.end()
    assert not channel.put("too late")
    assert channel.get() == "last"
    assert channel.get() is None
    assert channel.discarded == 1


def test_abort_throws_away_what_waits_and_wakes_both_sides():
    channel = Channel(1)
    channel.put("waiting")
    answers = []
    writer = threading.Thread(target=lambda: answers.append(channel.put("more")))
    writer.start()
    time.sleep(0.02)
    channel.abort()
    writer.join(2)
    assert answers == [False]
    assert channel.get() is None
    assert channel.discarded == 2


def test_a_reader_can_tell_nothing_yet_from_the_end():
    channel = Channel(1)
    assert channel.get(timeout_s=0.01) is None
    assert not channel.is_over()
    channel.put("last")
    channel.end()
    assert not channel.is_over()
    assert channel.get(timeout_s=0.01) == "last"
    assert channel.is_over()


def test_sleep_ends_with_the_channel():
    channel = Channel(1)
    threading.Timer(0.05, channel.end).start()
    start = time.monotonic()
    channel.sleep(30)
    assert time.monotonic() - start < 5
