"""Two sides of a segment: what one writes the other sees, and no range is used while it is."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_tasks.child import exchange
from engine_tasks.child.exchange import (
    Exchange,
    parcel_apart,
    parts_of,
    read_table,
    starts_as_body,
    starts_in,
    table_of,
)
from engine_tasks.child.frames import FrameError
from engine_tasks.child.segment import create_segment
from engine_tasks.parcel import Packer, Parcel, unpack

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such segments")

MIB = 1024 * 1024
PARCEL = Parcel(b"skeleton", (b"a" * 100, b"", memoryview(b"b" * 5 * MIB)))


@pytest.fixture
def sides() -> Iterator[tuple[Exchange, Exchange]]:
    fd = create_segment()
    assert fd is not None
    game, child = Exchange(os.dup(fd), "game"), Exchange(fd, "child")
    yield game, child
    game.close()
    child.close()


def contents(message: bytes | Parcel) -> list[bytes]:
    return [bytes(part) for part in parts_of(message)]


def segments_here() -> int:
    """How many parts of segments this process has mapped."""
    return Path("/proc/self/maps").read_text().count("memfd:engine_tasks")


def fds_here() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def memory_of(side: Exchange) -> int:
    """Bytes of memory that the segment takes."""
    return os.fstat(side._fd).st_blocks * 512


def test_a_message_is_seen_on_the_other_side(sides: tuple[Exchange, Exchange]) -> None:
    game, child = sides
    for here, there in ((game, child), (child, game)):
        for message in (PARCEL, b"MessagePack alone"):
            assert contents(there.open(here.put(message))) == contents(message)


VALUES = st.recursive(
    st.none() | st.integers(0, 9) | st.binary(max_size=9000) | st.text("ab", max_size=99),
    lambda parts: st.lists(parts) | st.dictionaries(st.text("ab", max_size=3), parts),
    max_leaves=9,
)


@given(st.lists(VALUES, max_size=5), st.sampled_from([1, 50, 5000]))
def test_any_value_goes_there_and_back(values: list[object], large_bytes: int) -> None:
    fd = create_segment()
    assert fd is not None
    game, child = Exchange(os.dup(fd), "game"), Exchange(fd, "child")
    packers = [Packer(copies=copies, large_bytes=large_bytes) for copies in (True, False)]
    for value in values:
        payload = unpack(child.open(game.put(packers[0].pack(value))))
        result = game.open(child.put(packers[1].pack(payload)))
        assert unpack(result) == value
        assert _whole(unpack(result, views=True)) == value
        del result
        game.give_back(child.take_unused())
        child.give_back(game.take_unused())
    assert (game.lent, child.lent) == (0, 0)
    game.close()
    child.close()


def _whole(value: object) -> object:
    """The value with bytes in place of views."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, dict):
        return {key: _whole(part) for key, part in value.items()}
    return [_whole(part) for part in value] if isinstance(value, list) else value


def test_views_are_read_only_and_aligned(sides: tuple[Exchange, Exchange]) -> None:
    numpy = pytest.importorskip("numpy")
    game, child = sides
    for view in game.open(child.put(PARCEL)).buffers:
        assert isinstance(view, memoryview)
        assert view.readonly
        assert numpy.frombuffer(view, "u1").ctypes.data % 64 == 0 or not view


def test_a_range_is_not_used_while_a_view_lives(sides: tuple[Exchange, Exchange]) -> None:
    game, child = sides
    parcel = game.open(child.put(PARCEL))
    view = parcel.buffers[0][10:20]
    del parcel
    assert game.take_unused() == []
    for _ in range(3):
        child.give_back(game.take_unused())
        child.put(Parcel(b"skeleton", (b"x" * 5 * MIB,)))
        assert bytes(view) == b"a" * 10
    del view
    assert len(game.take_unused()) == 1


def test_a_range_is_used_again_when_all_views_are_gone(sides: tuple[Exchange, Exchange]) -> None:
    game, child = sides
    bodies = []
    for _ in range(5):
        bodies.append(child.put(PARCEL))
        parcel = game.open(bodies[-1])
        del parcel
        child.give_back(game.take_unused())
    assert len(set(bodies)) == 1
    assert memory_of(child) < 6 * MIB


def test_views_in_a_cycle_are_waited_for(sides: tuple[Exchange, Exchange]) -> None:
    game, child = sides
    circle: list[object] = [game.open(child.put(PARCEL)).buffers[0]]
    circle.append(circle)
    gc.collect()
    assert game.take_unused() == []
    del circle
    gc.collect()
    assert len(game.take_unused()) == 1


def test_nothing_stays_open_or_mapped(sides: tuple[Exchange, Exchange]) -> None:
    game, child = sides
    fds, mapped = fds_here(), segments_here()
    kept = [game.open(child.put(PARCEL)) for _ in range(20)]
    assert segments_here() == mapped + 20
    kept.clear()
    child.give_back(game.take_unused())
    assert (fds_here(), segments_here()) == (fds, mapped)
    assert child.lent == 0


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="it warns of forks beside threads")
def test_a_copy_of_the_game_lets_go_of_nothing(sides: tuple[Exchange, Exchange]) -> None:
    game, child = sides
    parcel = game.open(child.put(PARCEL))
    pid = os.fork()
    if not pid:
        del parcel
        gc.collect()
        os._exit(len(game.take_unused()))
    assert os.waitpid(pid, 0)[1] == 0
    assert contents(parcel) == contents(PARCEL)
    del parcel
    assert len(game.take_unused()) == 1


def test_what_is_mapped_outlives_both_sides(sides: tuple[Exchange, Exchange]) -> None:
    game, child = sides
    parcel = game.open(child.put(PARCEL))
    game.close()
    child.close()
    assert contents(parcel) == contents(PARCEL)
    del parcel
    game.take_unused()
    assert segments_here() == 0


def test_beyond_the_most_mappings_messages_are_copied(
    sides: tuple[Exchange, Exchange], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "MOST_MAPPINGS", 1)
    game, child = sides
    first, second = (game.open(child.put(PARCEL)) for _ in range(2))
    assert segments_here() == 1
    assert len(game.take_unused()) == 1  # the copied one's range is free at once
    assert contents(first) == contents(second) == contents(PARCEL)


def test_memory_that_is_punched_goes_back_to_the_system(sides: tuple[Exchange, Exchange]) -> None:
    game, child = sides
    parcel = game.open(child.put(PARCEL))
    del parcel
    child.give_back(game.take_unused())
    assert memory_of(child) > 5 * MIB
    child.punch(child.take_free())
    assert memory_of(child) == 0
    assert contents(game.open(child.put(PARCEL))) == contents(PARCEL)


def test_free_memory_beyond_a_bound_is_surplus(sides: tuple[Exchange, Exchange]) -> None:
    game, child = sides
    bodies = [child.put(b"x" * 3 * MIB) for _ in range(100)]
    for body in bodies:
        game.open(body)
    child.give_back(game.take_unused())
    child.punch(child.take_surplus())
    assert memory_of(child) <= 128 * MIB


def test_a_message_that_finds_no_memory_takes_no_range(sides: tuple[Exchange, Exchange]) -> None:
    import resource  # not on Windows

    _game, child = sides
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            child.put(PARCEL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert child.lent == 0


def test_no_segment_can_be_made_is_no_error() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        fds = fds_here()
        assert create_segment() is None
        assert fds_here() == fds
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_segment_cannot_be_cut_short(sides: tuple[Exchange, Exchange]) -> None:
    with pytest.raises(PermissionError):
        os.ftruncate(sides[0]._fd, 0)


# --- what makes no sense -----------------------------------------------------------


@given(st.binary(max_size=60))
def test_nonsense_is_an_error_or_a_message(body: bytes) -> None:
    fd = create_segment()
    assert fd is not None
    side = Exchange(fd, "game")
    for read in (side.open, parcel_apart, starts_in):
        with suppress(FrameError):
            read(body)
    side.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        bytes(8),
        bytes(8) + table_of([]),
        bytes(8) + table_of([b""]),
        b"\1" + bytes(7) + table_of([b"x"]),
        bytes(7) + b"\x50" + table_of([b"x"]),
        bytes(8) + b"\1\0\0\0" + b"\xff" * 8,
        bytes(8) + b"\2\0\0\0" + bytes(8),
        bytes(8) + table_of([b"x"]) + b"y",
    ],
)
def test_a_place_that_is_none_is_an_error(sides: tuple[Exchange, Exchange], body: bytes) -> None:
    with pytest.raises(FrameError):
        sides[0].open(body)


def test_a_range_that_was_not_lent_is_an_error(sides: tuple[Exchange, Exchange]) -> None:
    with pytest.raises(FrameError):
        sides[0].give_back([0])


def test_a_message_without_a_segment_lies_in_its_frame() -> None:
    parts = parts_of(PARCEL)
    body = table_of(parts) + b"".join(parts)
    assert contents(parcel_apart(body)) == contents(PARCEL)
    for cut in (body[:-1], body + b"x"):
        with pytest.raises(FrameError):
            parcel_apart(cut)


def test_tables_and_lists_survive() -> None:
    sizes, rest = read_table(memoryview(table_of([b"", b"xy"]) + b"rest"))
    assert (sizes, bytes(rest)) == ((0, 2), b"rest")
    assert starts_in(starts_as_body([0, 1 << 61])) == (0, 1 << 61)
