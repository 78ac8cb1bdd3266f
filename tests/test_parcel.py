"""Parcels: a value arrives as it was sent, its large buffers beside the MessagePack."""

from __future__ import annotations

import array
import collections
from typing import Any

import attrs
import numpy as np
import ormsgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_tasks import PayloadError
from engine_tasks.extensions import REFERENCE, TYPED_ARRAY
from engine_tasks.parcel import Packer, Parcel, joined, unpack
from engine_tasks.payload import Encoded, decode, encode

LARGE = 16


@attrs.frozen
class Chunk:
    name: str
    pixels: bytes


def pack(value: object, *, copies: bool = False, **asked: Any) -> bytes | Parcel:
    return Packer(copies=copies, large_bytes=LARGE).pack(value, **asked)


def packed_apart(value: object, *, copies: bool = False) -> Parcel:
    message = pack(value, copies=copies)
    assert isinstance(message, Parcel)
    return message


# --- what arrives ----------------------------------------------------------------

TYPED = st.sampled_from("bBhHiIqQfd").flatmap(
    lambda code: st.binary(max_size=40).map(
        lambda raw: array.array(code, raw[: len(raw) - len(raw) % array.array(code).itemsize])
    )
)
GRIDS = st.sampled_from(["u1", "<i4", "<f8", ">f4"]).flatmap(
    lambda kind: st.integers(0, 8).map(lambda n: np.arange(3 * n).reshape(3, n).astype(kind))
)
LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])) | st.binary(max_size=64)
)  # fmt: skip
VALUES = st.recursive(
    LEAVES | TYPED | GRIDS,
    lambda parts: st.lists(parts) | st.dictionaries(st.text("ab") | st.binary(max_size=20), parts),
    max_leaves=12,
)


def plain(value: Any) -> Any:
    """The value with comparable things in place of arrays and views."""
    if isinstance(value, np.ndarray):
        return ("grid", value.dtype.newbyteorder("<").str, value.tolist())
    if isinstance(value, array.array):
        return ("array", value.typecode, value.tobytes())
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, memoryview):
        whole = ("array", value.format, value.tobytes())
        return value.tobytes() if value.format == "B" else whole
    return value


@given(st.lists(VALUES, max_size=4), st.booleans())
def test_a_value_arrives_as_by_messagepack_alone(values: list[Any], copies: bool) -> None:
    packer = Packer(copies=copies, large_bytes=LARGE)  # what it met before makes no difference
    for value in values:
        message = packer.pack(value)
        expected = plain(decode(encode(value)))
        assert plain(unpack(message)) == expected
        assert plain(decode(joined(message))) == expected


@given(VALUES.filter(lambda value: "'B'" not in repr(value)))  # such an array looks like bytes
def test_views_show_the_same(value: Any) -> None:
    assert plain(unpack(pack(value), views=True)) == plain(decode(encode(value)))


def test_large_bytes_are_not_copied() -> None:
    pixels = bytes(LARGE)
    for copies in (False, True):
        assert packed_apart(pixels, copies=copies).buffers[0] is pixels
    assert unpack(packed_apart(pixels)) is pixels


def test_bytes_within_a_class_and_within_collections_are_found() -> None:
    for value in (
        Chunk("a", bytes(LARGE)),
        {"chunks": [Chunk("a", bytes(LARGE))]},
        (1, {"b": [bytes(LARGE)]}),
        {"deque": collections.deque([bytes(LARGE)])},
        [0] * 10_000 + [bytes(LARGE)],
    ):
        message = packed_apart(value)
        assert len(message.buffers) == 1
        assert len(message) == len(message.skeleton) + LARGE


def test_what_is_one_byte_too_small_stays() -> None:
    assert pack(bytes(LARGE - 1)) == encode(bytes(LARGE - 1))
    assert pack(np.zeros(LARGE - 1, np.uint8)) == encode(np.zeros(LARGE - 1, np.uint8))


def test_a_copying_packer_keeps_what_is_changed_afterwards() -> None:
    grid, row = np.zeros(LARGE), bytearray(LARGE)
    message = packed_apart([grid, row], copies=True)
    grid += 1
    row[0] = 1
    assert [part.any() if isinstance(part, np.ndarray) else any(part)
            for part in unpack(message)] == [False, False]  # fmt: skip


def test_a_referring_packer_copies_nothing() -> None:
    grid = np.zeros(LARGE)
    (buffer,) = packed_apart(grid).buffers
    grid[0] = 1
    assert isinstance(buffer, memoryview)
    assert buffer.readonly
    assert bytes(buffer) == grid.tobytes()


def test_parts_of_an_array_are_packed_in_order() -> None:
    grid = np.arange(100).reshape(10, 10)[::2, ::3]
    assert unpack(packed_apart(grid)).tolist() == grid.tolist()


def test_a_copying_packer_expects_bytes_after_it_met_them() -> None:
    packer = Packer(copies=True, large_bytes=LARGE)
    value = {"pixels": bytes(LARGE)}
    assert isinstance(packer.pack(value), bytes)
    assert isinstance(packer.pack(value), Parcel)


# --- views ----------------------------------------------------------------------


def test_views_are_read_only_and_of_the_buffers() -> None:
    pixels, heights, grid = bytes(LARGE), array.array("d", range(8)), np.arange(8.0)
    message = packed_apart([pixels, heights, grid])
    seen = unpack(message, views=True)
    assert [type(part) for part in seen] == [memoryview, memoryview, np.ndarray]
    assert seen[0].obj is pixels
    assert seen[1].tolist() == heights.tolist()
    assert [seen[0].readonly, seen[1].readonly, seen[2].flags.writeable] == [True, True, False]
    assert np.shares_memory(seen[2], grid)


def test_without_views_bytes_are_bytes() -> None:
    message = packed_apart([bytearray(LARGE), array.array("d", range(8))])
    assert [type(part) for part in unpack(message)] == [bytes, array.array]


# --- what is refused -----------------------------------------------------------


def test_the_limit_counts_the_buffers() -> None:
    with pytest.raises(PayloadError, match=r"result: takes 22 bytes; the limit is 20 bytes"):
        pack(bytes(LARGE), max_bytes=20, root="result")
    assert pack(bytes(LARGE), max_bytes=22)


@pytest.mark.parametrize("first", [bytes(LARGE), np.zeros(LARGE), 1])
def test_what_cannot_be_carried_is_named(first: object) -> None:
    with pytest.raises(PayloadError, match=r"payload\.b\[0\]: cannot carry a function named"):
        pack({"a": first, "b": [pack]})


@pytest.mark.parametrize("first", [bytes(LARGE), 1])
def test_a_value_that_contains_itself_is_named(first: object) -> None:
    circle: list[object] = [first]
    circle.append(circle)
    packer = Packer(copies=True, large_bytes=LARGE)
    packer.pack(bytes(LARGE))
    with pytest.raises(PayloadError, match="contains itself"):
        packer.pack(circle)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0\0", b"\1\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\0x", b"\0\0\0\0d\x01\xff\0\0\0"],
)
def test_a_forged_reference_is_an_error(content: bytes) -> None:
    skeleton = ormsgpack.packb(ormsgpack.Ext(REFERENCE, content))
    with pytest.raises(PayloadError, match="an extension of code 3 that cannot be read"):
        unpack(Parcel(skeleton, (bytes(LARGE),)), views=True)


def test_a_reference_means_nothing_outside_of_a_parcel() -> None:
    forged = ormsgpack.Ext(REFERENCE, b"\0\0\0\0")
    (kept,) = unpack(pack([forged]))
    assert encode(kept) == encode(forged)


def test_what_is_encoded_already_is_not_looked_through() -> None:
    content = encode(ormsgpack.Ext(TYPED_ARRAY, b"nonsense" * LARGE))
    assert pack(Encoded(content)) == content
