"""Maps as bytes, and the Moving AI Lab's files, with errors that name file and line."""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np
import pytest
from grid_oracle import SHARED_MAPS

from engine_tasks.workers.pathfinding import GridMap, MapFormatError, parse_map, read_map


@pytest.mark.parametrize(
    "cells",
    [
        b"\0\1\2\3\4\5",
        bytearray(b"\0\1\2\3\4\5"),
        array("B", range(6)),
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        memoryview(b"\0\1\2\3\4\5"),
    ],
    ids=lambda cells: type(cells).__name__,
)
def test_a_map_is_made_of_bytes_of_any_kind(cells: bytes) -> None:
    grid = GridMap(3, 2, cells)
    assert grid.cells == b"\0\1\2\3\4\5"
    assert (grid.cost(0, 0), grid.cost(2, 1), grid.cost(3, 0), grid.cost(0, -1)) == (0, 5, 0, 0)


@pytest.mark.parametrize(
    ("width", "height", "cells", "message"),
    [
        (3, 2, b"\1" * 5, "cells: expected 3 x 2 = 6 bytes, not 5"),
        (0, 2, b"", "width is 1 to 65,535 cells, not 0"),
        (1, 65_536, b"\1" * 65_536, "height is 1 to 65,535 cells, not 65536"),
        (3000, 3000, b"", "3000 x 3000 is over 4,194,304 cells"),
    ],
)
def test_a_map_that_does_not_fit_says_why(
    width: int, height: int, cells: bytes, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        GridMap(width, height, cells)


def test_a_map_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "yard.map"
    file.write_bytes(b"type octile\r\nheight 2\r\nwidth 3\r\nmap\r\n.G@\r\nSTW\r\n")
    assert read_map(file) == GridMap(3, 2, b"\1\1\0\1\0\0")


def test_rows_are_a_map_without_a_header() -> None:
    assert GridMap.of_rows((".@", "..")) == GridMap(2, 2, b"\1\0\1\1")
    with pytest.raises(MapFormatError, match="rows:2: expected 2 cells, got 1"):
        GridMap.of_rows((".@", "."))
    with pytest.raises(MapFormatError, match="rows:1: height: expected a number from 1"):
        GridMap.of_rows(())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x:1: expected 'type octile', 'width N', 'height N' or 'map', got ''"),
        ("width 3\nmap\n...", "x:2: no height before the map"),
        ("width three\n", "x:1: width: expected a number from 1 to 65535, got 'three'"),
        ("width 0\n", "x:1: width: expected a number from 1 to 65535, got '0'"),
        ("width 99999\n", "x:1: width: expected a number from 1 to 65535, got '99999'"),
        ("width 3000\nheight 3000\nmap\n", "x:3: more than 4194304 cells"),
        ("width 3\nheight 2\n", "x:2: the map ends before its line 'map'"),
        ("width 3\nheight 2\nmap\n...\n", "x:4: the map ends after 1 of 2 rows"),
        ("width 3\nheight 1\nmap\n...\n...\n", "x:5: more rows than the height of 1"),
        ("width 3\nheight 1\nmap\n....\n", "x:4: expected 3 cells, got 4"),
        ("width 3\nheight 1\nmap\n.x.\n", "x:4: unknown cell 'x' in column 2"),
    ],
)
def test_a_broken_map_names_its_line(text: str, message: str) -> None:
    with pytest.raises(MapFormatError) as caught:
        parse_map(text, "x")
    assert str(caught.value) == message


def test_a_missing_file_and_a_binary_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(MapFormatError, match=r"none\.map: No such file or directory"):
        read_map(tmp_path / "none.map")
    (tmp_path / "photo.map").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    with pytest.raises(MapFormatError, match=r"photo\.map:1: expected 'type octile'"):
        read_map(tmp_path / "photo.map")


@pytest.mark.skipif(not SHARED_MAPS.is_dir(), reason="the maps of games are not here")
def test_the_maps_of_games_are_read() -> None:
    grid = read_map(SHARED_MAPS / "brc202d.map")
    assert (grid.width, grid.height) == (530, 481)
    assert sum(cost > 0 for cost in grid.cells) == 43_151
