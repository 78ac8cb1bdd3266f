"""Frames survive the pipe whole; bytes that are no frames are a `FrameError`, never more."""

import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_tasks.child import frames
from engine_tasks.child.frames import (
    HEADER,
    RESULT,
    WORKED,
    FrameError,
    FrameReader,
    pack_texts,
    split_text,
    unpack_f64,
    unpack_texts,
    write_all,
    write_frame,
)

LIMIT = 1 << 24
FRAMES = st.lists(
    st.tuples(
        st.sampled_from([RESULT, WORKED]) | st.integers(0, 255),
        st.integers(0, 3) | st.integers(0, 2**64 - 1),
        st.binary(max_size=300),
    ),
    max_size=12,
)


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)


@contextmanager
def _bytes_in_a_pipe(pieces: list[bytes]) -> Iterator[int]:
    """A pipe into which a thread writes each piece by itself, then closes."""
    reading, writing = os.pipe()

    def write() -> None:
        for piece in pieces:
            write_all(writing, piece)
        os.close(writing)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield reading
    finally:
        while os.read(reading, 1 << 20):
            pass
        writer.join()
        os.close(reading)


def _read_all(reader: FrameReader) -> list[tuple[int, int, bytes]]:
    return list(iter(reader.read, None))


def _wire(sent: list[tuple[int, int, bytes]]) -> bytes:
    return b"".join(HEADER.pack(len(body), kind, task) + body for kind, task, body in sent)


@settings(deadline=None)
@given(sent=FRAMES)
def test_frames_come_out_as_they_went_in(sent: list[tuple[int, int, bytes]]) -> None:
    reading, writing = os.pipe()
    try:
        for kind, task_id, body in sent:
            write_frame(writing, kind, task_id, body[:2], body[2:])
        os.close(writing)
        assert _read_all(FrameReader(reading, LIMIT)) == sent
    finally:
        os.close(reading)


@settings(deadline=None)
@given(sent=FRAMES, cuts=st.lists(st.integers(0, 4000), max_size=20))
def test_it_does_not_matter_where_the_pipe_cuts(
    sent: list[tuple[int, int, bytes]], cuts: list[int]
) -> None:
    wire = _wire(sent)
    edges = sorted({0, len(wire), *(cut for cut in cuts if cut < len(wire))})
    pieces = [wire[a:b] for a, b in pairwise(edges)]
    with _bytes_in_a_pipe(pieces) as reading:
        assert _read_all(FrameReader(reading, LIMIT)) == sent


@settings(deadline=None)
@given(sent=FRAMES, guesses=st.lists(st.integers(0, 3), max_size=10))
def test_results_that_are_here_are_read_as_by_one(
    sent: list[tuple[int, int, bytes]], guesses: list[int]
) -> None:
    with _bytes_in_a_pipe([_wire(sent)]) as reading:
        reader, left = FrameReader(reading, LIMIT), list(sent)
        while left:
            assert reader.read() == left.pop(0)
            ids = [task_id for _, task_id, _ in left[: len(guesses)]] + guesses
            results, worked = reader.results_here(ids)
            here = [(RESULT, *both) for both in zip(ids, results, strict=False)]
            if worked is not None:
                before, body = worked
                assert before < len(results)
                here.insert(before, (WORKED, left[before][1], body))
            assert here == left[: len(here)]
            del left[: len(here)]
        assert reader.read() is None


@settings(deadline=None)
@given(sent=FRAMES.filter(bool))
def test_what_is_here_is_read_as_by_one(sent: list[tuple[int, int, bytes]]) -> None:
    with _bytes_in_a_pipe([_wire(sent)]) as reading:
        reader = FrameReader(reading, LIMIT)
        assert [reader.read(), *reader.read_here()] == sent
        assert reader.read_here() == []
        assert reader.read() is None


def test_a_frame_that_is_cut_off_or_too_long_is_left_to_who_says_so() -> None:
    wire = _wire([(1, 1, b"x"), (2, 2, b"y"), (3, 3, b"z" * 101)])
    with _bytes_in_a_pipe([wire]) as reading:
        reader = FrameReader(reading, 100)
        assert reader.read() == (1, 1, b"x")
        assert reader.read_here() == [(2, 2, b"y")]
        with pytest.raises(FrameError, match="101 bytes"):
            reader.read()
    for cut in range(1, HEADER.size + 101):
        with _bytes_in_a_pipe([wire[:-cut]]) as reading:
            reader = FrameReader(reading, LIMIT)
            assert reader.read() == (1, 1, b"x")
            assert reader.read_here() == [(2, 2, b"y")]


def test_a_result_over_its_limit_is_left_to_who_says_so() -> None:
    with _bytes_in_a_pipe([_wire([(RESULT, 1, b"x"), (RESULT, 2, b"x" * 101)])]) as reading:
        reader = FrameReader(reading, 1000, 100)
        assert reader.read() == (RESULT, 1, b"x")
        assert reader.results_here([2]) == ([], None)
        with pytest.raises(FrameError, match="101 bytes"):
            reader.read()


@settings(deadline=None)
@given(sent=FRAMES.filter(bool))
def test_frames_read_byte_by_byte_are_the_same(sent: list[tuple[int, int, bytes]]) -> None:
    with _bytes_in_a_pipe([bytes([byte]) for byte in _wire(sent[:2])]) as reading:
        assert _read_all(FrameReader(reading, LIMIT)) == sent[:2]


def test_a_frame_larger_than_every_buffer_arrives_whole_with_what_follows() -> None:
    large = os.urandom(5_000_000)
    with _bytes_in_a_pipe([_wire([(RESULT, 1, large), (RESULT, 2, b"next")])]) as reading:
        reader = FrameReader(reading, LIMIT)
        assert _read_all(reader) == [(RESULT, 1, large), (RESULT, 2, b"next")]


def test_a_large_frame_is_written_however_small_the_pipe() -> None:
    reading, writing = os.pipe()
    parts = [os.urandom(700_000), memoryview(os.urandom(700_000)), b""]
    received: list[tuple[int, int, bytes] | None] = []
    reader = FrameReader(reading, LIMIT)
    thread = threading.Thread(target=lambda: received.append(reader.read()))
    thread.start()
    write_frame(writing, RESULT, 9, *parts)
    thread.join()
    os.close(writing)
    os.close(reading)
    assert received == [(RESULT, 9, b"".join(parts))]


@given(noise=st.binary(max_size=400), limit=st.integers(0, 400))
@settings(max_examples=300, deadline=None)
def test_arbitrary_bytes_are_frames_or_a_frame_error(noise: bytes, limit: int) -> None:
    with _bytes_in_a_pipe([noise]) as reading:
        reader = FrameReader(reading, limit)
        try:
            read = _read_all(reader)
        except FrameError:
            return
        assert _wire(read) == noise
        assert all(len(body) <= limit for _, _, body in read)


def test_a_frame_over_the_limit_is_refused_before_its_body_is_read() -> None:
    with _pipe() as (reading, writing):
        os.write(writing, HEADER.pack(101, RESULT, 1))
        with pytest.raises(FrameError, match="a frame of 101 bytes; the limit is 100"):
            FrameReader(reading, 100).read()


def test_the_longest_length_asks_for_no_memory() -> None:
    with _pipe() as (reading, writing):
        os.write(writing, HEADER.pack(2**32 - 1, RESULT, 1) + b"x" * 100)
        with pytest.raises(FrameError, match="the limit is 1,000"):
            FrameReader(reading, 1000).read()


@pytest.mark.parametrize("kept", range(1, HEADER.size))
def test_a_header_that_is_cut_off_is_an_error(kept: int) -> None:
    with (
        _bytes_in_a_pipe([HEADER.pack(0, RESULT, 1)[:kept]]) as reading,
        pytest.raises(FrameError, match="within a header"),
    ):
        FrameReader(reading, LIMIT).read()


def test_a_body_that_is_cut_off_is_an_error() -> None:
    with (
        _bytes_in_a_pipe([HEADER.pack(10, RESULT, 1) + b"123456789"]) as reading,
        pytest.raises(FrameError, match="within a frame"),
    ):
        FrameReader(reading, LIMIT).read()


def test_a_closed_pipe_between_frames_is_the_end() -> None:
    with _bytes_in_a_pipe([HEADER.pack(1, RESULT, 1) + b"x"]) as reading:
        reader = FrameReader(reading, LIMIT)
        assert reader.read() == (RESULT, 1, b"x")
        assert reader.read() is None


def test_a_reader_knows_whether_bytes_are_here_already() -> None:
    with _pipe() as (reading, writing):
        reader = FrameReader(reading, LIMIT)
        os.write(writing, _wire([(1, 1, b"a"), (2, 2, b"b")]))
        assert not reader.has_buffered()
        reader.read()
        assert reader.has_buffered()
        reader.read()
        assert not reader.has_buffered()


def test_writing_to_nobody_is_an_os_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(OSError, match="Broken pipe"):
        write_frame(writing, RESULT, 1, b"x")
    os.close(writing)


# --- bodies -----------------------------------------------------------------


@settings(deadline=None)
@given(texts=st.lists(st.text(), max_size=6))
def test_texts_come_out_as_they_went_in(texts: list[str]) -> None:
    assert unpack_texts(pack_texts(*texts), len(texts)) == texts


def test_a_text_that_is_no_utf_8_is_still_a_text() -> None:
    assert unpack_texts(pack_texts("a\ud800"), 1) == ["a?"]
    assert unpack_texts(struct.pack("<I", 2) + b"a\xff", 1) == ["a\N{REPLACEMENT CHARACTER}"]


@settings(deadline=None)
@given(noise=st.binary(max_size=60), count=st.integers(0, 5))
def test_arbitrary_bytes_are_texts_or_a_frame_error(noise: bytes, count: int) -> None:
    with suppress(FrameError):
        assert len(unpack_texts(noise, count)) == count
    with suppress(FrameError):
        text, rest = split_text(noise)
        assert noise.endswith(rest)
        assert isinstance(text, str)
    try:
        number, rest = unpack_f64(noise)
        assert rest == noise[8:]
        assert isinstance(number, float)
    except FrameError:
        assert len(noise) < 8


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "without a length"),
        (b"\x01\x00\x00", "without a length"),
        (b"\x05\x00\x00\x00abcd", "cut off"),
        (b"\xff\xff\xff\xff", "cut off"),
        (b"\x01\x00\x00\x00ab", "behind the last"),
    ],
)
def test_a_body_that_lies_about_its_length_is_named(body: bytes, reason: str) -> None:
    with pytest.raises(FrameError, match=reason):
        unpack_texts(body, 1)


def test_every_kind_of_frame_has_a_number_of_its_own() -> None:
    kinds = {
        name: value
        for name, value in vars(frames).items()
        if name.isupper() and type(value) is int and not name.startswith("_")
    }
    assert len(kinds) == 22
    assert len(set(kinds.values())) == len(kinds)
    assert all(0 < kind < 256 for kind in kinds.values())
