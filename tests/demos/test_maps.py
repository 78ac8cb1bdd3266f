"""Map files are read as they are in the wild, and refused with file and line."""

from pathlib import Path

import pytest

from demos._mapgen import built_in_map
from demos._maps import GridMap, MapError, read_map

HEADER = "type octile\nheight 2\nwidth 3\nmap\n"


def _read(tmp_path: Path, content: str | bytes) -> GridMap:
    path = tmp_path / "a.map"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_map(path)


def test_every_letter_is_free_or_a_wall(tmp_path: Path) -> None:
    grid_map = _read(tmp_path, "type octile\nheight 2\nwidth 4\nmap\n.GS.\n@OTW\n")
    assert (grid_map.name, grid_map.width, grid_map.height) == ("a.map", 4, 2)
    assert grid_map.cells == "....@@@@"
    assert grid_map.is_free(3, 0)
    assert not grid_map.is_free(3, 1)
    assert not grid_map.is_free(-1, 0)
    assert not grid_map.is_free(4, 0)


@pytest.mark.parametrize(
    "content",
    [
        HEADER + "...\n@@@",
        HEADER + "...\n@@@\n\n\n",
        (HEADER + "...\n@@@\n").replace("\n", "\r\n"),
        "width 3\nheight 2\nmap\n...\n@@@\n",  # some real files have no type
    ],
)
def test_line_ends_and_headers_of_real_files_are_taken(tmp_path: Path, content: str) -> None:
    assert _read(tmp_path, content).cells == "...@@@"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"a\.map:1: expected 'type octile', .* got ''"),
        (b"\x89PNG\r\n\x1a\n\0\0", r"a\.map:1: expected 'type octile', .* got '\\x89PNG'"),
        ("type hex\n", r"a\.map:1: expected 'type octile', .* got 'type hex'"),
        (
            "type octile\nheight two\n",
            r"a\.map:2: height: expected a number from 1 to 65535, got 'two'",
        ),
        ("height 0\n", r"a\.map:1: height: expected a number from 1 to 65535, got '0'"),
        ("height -4\n", r"a\.map:1: height: expected a number from 1 to 65535, got '-4'"),
        ("height 2\nmap\n..\n..\n", r"a\.map:2: no width before the map"),
        ("height 2\nwidth 3\n", r"a\.map:2: the map ends before its line 'map'"),
        ("height 9999\nwidth 9999\nmap\n", r"a\.map:3: more than 4194304 cells"),
        (HEADER + "...\n", r"a\.map:5: the map ends after 1 of 2 rows"),
        (HEADER + "...\n..\n", r"a\.map:6: expected 3 cells, got 2"),
        (HEADER + "...\n....\n", r"a\.map:6: expected 3 cells, got 4"),
        (HEADER + "...\n.#.\n", r"a\.map:6: unknown cell '#' in column 2"),
        (HEADER + "...\n...\n...\n", r"a\.map:7: more rows than the height of 2"),
    ],
)
def test_a_broken_map_is_refused_with_file_and_line(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    with pytest.raises(MapError, match=message):
        _read(tmp_path, content)


def test_a_missing_map_and_a_folder_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(MapError, match=r"nowhere\.map: No such file"):
        read_map(tmp_path / "nowhere.map")
    with pytest.raises(MapError, match=f"{tmp_path.name}: "):
        read_map(tmp_path)


def test_a_map_is_handed_on_as_costs_also_finer() -> None:
    grid_map = GridMap("a corner", 2, 2, ".@..")
    assert grid_map.costs().cells == b"\1\0\1\1"
    finer = grid_map.finer(2)
    assert (finer.width, finer.height) == (4, 4)
    assert finer.cells == b"\1\1\0\0" * 2 + b"\1\1\1\1" * 2


def test_the_largest_region_is_what_one_can_walk_to() -> None:
    grid_map = GridMap("two rooms", 6, 2, "..@..." + "..@..@")
    assert grid_map.largest_region() == [(3, 0), (4, 0), (5, 0), (3, 1), (4, 1)]


def test_cells_that_touch_at_a_corner_only_do_not_hang_together() -> None:
    assert GridMap("corner", 2, 2, ".@@.").largest_region() in ([(0, 0)], [(1, 1)])


def test_the_built_in_map_is_one_region_and_the_same_each_time() -> None:
    grid_map = built_in_map()
    assert grid_map == built_in_map()
    assert grid_map.cells != built_in_map(seed=5).cells
    assert len(grid_map.cells) == grid_map.width * grid_map.height
    assert len(grid_map.largest_region()) == grid_map.cells.count(".") > 3000
