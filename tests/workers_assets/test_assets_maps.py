"""Tiled maps: what they hold, and what they may not do."""

import array
import base64
import json
import sys
import tracemalloc
import zlib
from pathlib import Path

import pytest
from asset_files import loaded, problem

from engine_tasks.workers.assets import TiledMap
from engine_tasks.workers.assets.tile_maps import FLIPPED_HORIZONTALLY, GID_MASK

TILES = [1, 2, 3, 4, 0, FLIPPED_HORIZONTALLY | 5]

HEAD = (
    '<map version="1.10" tiledversion="1.10.2" orientation="orthogonal" renderorder="right-down" '
    'width="3" height="2" tilewidth="16" tileheight="8" infinite="0" nextlayerid="9" '
    'nextobjectid="9">'
)
TSX = (
    '<tileset version="1.10" name="rocks" tilewidth="16" tileheight="8" tilecount="6" columns="3">'
    '<image source="rocks.png" width="48" height="16"/>'
    '<tile id="2"><properties><property name="solid" type="bool" value="true"/></properties></tile>'
    "</tileset>"
)
SETS = '<tileset firstgid="1" source="sets/rocks.tsx"/>'


def _layer(text: str, how: str = 'encoding="csv"', name: str = "ground") -> str:
    return f'<layer id="1" name="{name}" width="3" height="2"><data {how}>{text}</data></layer>'


def _packed(tiles: list[int], compress: bool = True) -> str:
    raw = array.array("I", tiles).tobytes()
    return base64.b64encode(zlib.compress(raw) if compress else raw).decode()


CSV = _layer(",".join(map(str, TILES)))
OBJECTS = (
    '<objectgroup id="2" name="things"><object id="7" name="door" type="exit" x="8" y="4" '
    'width="16" height="8"><properties><property name="to" value="cave"/></properties></object>'
    '<object id="8" x="1" y="2"><polygon points="0,0 4,0 4,4"/></object></objectgroup>'
)


def _map(folder: Path, body: str, name: str = "a.tmx") -> Path:
    (folder / "sets").mkdir(exist_ok=True)
    (folder / "sets" / "rocks.tsx").write_text(TSX)
    path = folder / name
    path.write_text(f'<?xml version="1.0"?>\n{HEAD}{body}</map>')
    return path


def _read(path: Path, **changes: object) -> TiledMap:
    return TiledMap.of(loaded(path, "tiled", **changes))


@pytest.mark.parametrize(
    "ground",
    [
        CSV,
        _layer(_packed(TILES), 'encoding="base64" compression="zlib"'),
        _layer(f"\n  {_packed(TILES, compress=False)}\n", 'encoding="base64"'),
    ],
)
def test_a_map_has_its_layers_and_tile_sets(tmp_path: Path, ground: str) -> None:
    found = _read(_map(tmp_path, SETS + ground + f'<group name="g">{OBJECTS}</group>'))
    assert (found.width, found.height, found.tile_width, found.tile_height) == (3, 2, 16, 8)
    layer = found.layer("ground")
    assert layer is not None
    assert list(layer.blocks[0].gids) == TILES
    assert (layer.gid_at(2, 0), layer.gid_at(3, 0)) == (3, 0)
    assert layer.gid_at(2, 1) & GID_MASK == 5
    rocks = found.tile_set_of(layer.gid_at(2, 1))
    assert rocks is not None
    assert (rocks.name, rocks.image) == ("rocks", str(tmp_path / "sets" / "rocks.png"))
    assert rocks.tiles[2]["properties"] == {"solid": True}
    things = found.layer("things")
    assert things is not None
    door, corner = things.objects
    assert (door.name, door.class_name, door.position, door.size) == (
        "door",
        "exit",
        (8.0, 4.0),
        (16.0, 8.0),
    )
    assert door.properties == {"to": "cave"}
    assert (corner.shape, corner.points) == ("polygon", ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0)))


def test_paths_of_a_map_within_a_root_are_for_a_loader_with_that_root(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    path = _map(tmp_path / "maps", SETS + CSV)
    found = _read(path, root=str(tmp_path))
    assert found.tile_sets[0].image == "maps/sets/rocks.png"


def test_an_infinite_map_has_blocks(tmp_path: Path) -> None:
    chunks = "".join(
        f'<chunk x="{x}" y="-4" width="2" height="1">{x + 10},0</chunk>' for x in (-2, 0)
    )
    layer = (
        f'<layer id="1" name="g" width="4" height="1"><data encoding="csv">{chunks}</data></layer>'
    )
    path = _map(tmp_path, SETS + layer)
    path.write_text(path.read_text().replace('infinite="0"', 'infinite="1"'))
    found = _read(path)
    assert found.infinite
    ground = found.layers[0]
    assert [ground.gid_at(x, -4) for x in (-2, -1, 0, 1, 2)] == [8, 0, 10, 0, 0]


def test_a_map_in_json_is_read(tmp_path: Path) -> None:
    sizes = {"width": 3, "height": 2, "tilewidth": 16, "tileheight": 8}
    layer = {"id": 1, "name": "ground", "type": "tilelayer", "opacity": 1, "visible": True}
    layer |= {"x": 0, "y": 0, "data": TILES, **sizes}
    document = {"version": "1.10", "tiledversion": "1.10.2", "type": "map", "infinite": False}
    document |= {"orientation": "orthogonal", "renderorder": "right-down", **sizes}
    document |= {"nextlayerid": 2, "nextobjectid": 1, "layers": [layer]}
    document |= {"tilesets": [{"firstgid": 1, "source": "sets/rocks.tsx"}]}
    path = _map(tmp_path, "", "a.tmj")
    path.write_text(json.dumps(document))
    found = _read(path)
    assert list(found.layers[0].blocks[0].gids) == TILES
    assert found.tile_sets[0].name == "rocks"


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        ("<layer", "BROKEN", "is no valid XML: "),
        (_layer("1,2,3"), "BROKEN", "its layer 'ground' holds 3 of 6 tiles"),
        (
            _layer(_packed([1] * 4000), 'encoding="base64" compression="zlib"'),
            "BROKEN",
            "its layer 'ground' holds more of 6 tiles",
        ),
        (
            _layer("AAAA", 'encoding="base64" compression="gzip"'),
            "BROKEN",
            "its layer 'ground' cannot be unpacked: ",
        ),
        (
            _layer("", 'encoding="base64" compression="zstd"'),
            "UNSUPPORTED",
            "its layer 'ground' is compressed by zstd",
        ),
        (
            CSV.replace('width="3"', 'width="90000"').replace('height="2"', 'height="90000"'),
            "TOO_LARGE",
            "has over 4,194,304 tiles",
        ),
        (CSV.replace('width="3"', 'width="0"'), "BROKEN", "has a layer of 0 x 2 tiles"),
        (CSV.replace('width="3"', ""), "BROKEN", "has a layer without a width and a height"),
        (
            '<tileset firstgid="1" source="none.tsx"/>',
            "MISSING",
            "names the tileset 'none.tsx', which does not exist",
        ),
        ('<imagelayer id="1" name="sky"/>', "BROKEN", "is a broken Tiled map: "),
    ],
)
def test_a_broken_map_is_an_error_that_says_what_is_wrong(
    tmp_path: Path, body: str, kind: str, says: str
) -> None:
    found, reason = problem(_map(tmp_path, body), "tiled")
    assert (found, says in reason) == (kind, True), reason


def test_a_layer_is_not_unpacked_beyond_its_size(tmp_path: Path) -> None:
    bomb = base64.b64encode(zlib.compress(bytes(64 << 20))).decode()
    path = _map(tmp_path, _layer(bomb, 'encoding="base64" compression="zlib"'))
    tracemalloc.start()
    try:
        assert problem(path, "tiled")[0] == "BROKEN"
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_map_of_an_old_tiled_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = _map(tmp_path, CSV)
    path.write_text(path.read_text().replace(' nextobjectid="9"', ""))
    assert problem(path, "tiled") == (
        "BROKEN",
        "lacks 'nextobjectid': save it again with a newer Tiled",
    )


def test_neither_json_nor_xml_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.tmj"
    path.write_text("{]")
    assert problem(path, "tiled")[0] == "BROKEN"


ESCAPES = {
    "a tile set": '<tileset firstgid="1" source="../out.tsx"/>',
    "a template": '<objectgroup id="1"><object id="1" template="../out.tx"/></objectgroup>',
    "an image": '<imagelayer id="1" name="a"><image source="../out.png"/></imagelayer>',
    "an absolute path": '<tileset firstgid="1" source="/etc/passwd"/>',
}


@pytest.mark.parametrize("body", ESCAPES.values(), ids=ESCAPES.keys())
def test_a_map_does_not_lead_out_of_its_root(tmp_path: Path, body: str) -> None:
    for name in ("out.tsx", "out.tx", "out.png"):
        (tmp_path / name).write_text(TSX)
    mod = tmp_path / "mod"
    mod.mkdir()
    assert problem(_map(mod, body), "tiled", root=str(mod))[0] == "OUTSIDE"


def test_a_tile_set_of_a_map_does_not_lead_out_of_its_root(tmp_path: Path) -> None:
    mod = tmp_path / "mod"
    mod.mkdir()
    path = _map(mod, SETS + CSV)
    (mod / "sets" / "rocks.tsx").write_text(TSX.replace("rocks.png", "../../secret.png"))
    kind, reason = problem(path, "tiled", root=str(mod))
    assert (
        kind,
        "names the tileset 'sets/rocks.tsx', which names '../../secret.png'" in reason,
    ) == (
        "OUTSIDE",
        True,
    )


def test_tile_sets_that_name_each_other_come_to_an_end(tmp_path: Path) -> None:
    path = _map(tmp_path, SETS + CSV)
    ring = TSX.replace("<image", '<tileset firstgid="9" source="rocks.tsx"/><image')
    (tmp_path / "sets" / "rocks.tsx").write_text(ring)
    assert _read(path).width == 3


def test_without_the_library_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pytiled_parser", None)
    kind, reason = problem(_map(tmp_path, CSV), "tiled")
    assert (kind, "needs pytiled-parser" in reason) == ("NEEDS_LIBRARY", True)
