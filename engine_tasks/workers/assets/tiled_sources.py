"""Looks through a Tiled map before it is parsed: the files it names, and what it unpacks to.

The library that parses maps opens every file that a map names, and unpacks whatever is in it.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import zlib
from xml.etree import ElementTree as ET

from engine_tasks.workers.assets.files import located, read_file
from engine_tasks.workers.assets.kinds import AssetProblem, FileProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Final

    from engine_tasks.workers.assets.kinds import Request

#: Tiles in all layers of a map. The library takes about 100 bytes of the child for each.
MOST_TILES: Final = 1 << 22

#: Bytes of a tile in a layer that is base64.
_TILE_BYTES: Final = 4

#: Tells zlib to find out whether it is zlib's own format or gzip's.
_ANY_FORMAT: Final = zlib.MAX_WBITS | 32

#: Parts that name a file to be read too, and the attribute of XML that does.
_READ_TOO: Final = {"tileset": "source", "object": "template"}


class MapSources:
    """The files of one map. Raises `FileProblem` for what is not to be parsed."""

    def __init__(self, request: Request) -> None:
        self._root = request["root"]
        self._most_bytes = request["file_bytes"]
        self._seen: set[str] = set()
        self._tiles = 0

    def check(self, path: str, content: bytearray) -> None:
        """Look through a file, and through those that it names."""
        self._seen.add(path)
        try:
            if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
                self._check_xml(path, ET.fromstring(bytes(content)))
            else:
                self._check_json(path, json.loads(bytes(content)))
        except ET.ParseError as error:
            raise _broken(f"is no valid XML: {error}") from error
        except (ValueError, RecursionError) as error:
            raise _broken(f"is neither TMX nor Tiled's JSON: {error}") from error

    def _check_xml(self, path: str, tree: ET.Element) -> None:
        for part in tree.iter():
            follow = part.get(_READ_TOO.get(part.tag, ""))
            if follow:
                self._follow(path, part.tag, follow)
            if part.tag == "image" and part.get("source"):
                self._place(path, str(part.get("source")))
            if part.tag == "layer":
                self._check_layer(part)

    def _check_layer(self, layer: ET.Element) -> None:
        for blob in layer.iter("data"):
            how = (blob.get("encoding"), blob.get("compression"))
            for block in blob.findall("chunk") or [blob]:
                size = (layer if block is blob else block).attrib
                tiles = _tiles(size.get("width"), size.get("height"))
                self._check_tiles(layer.get("name", ""), tiles, how, block.text or "")

    def _check_json(self, path: str, document: object) -> None:
        for part in _dicts(document):
            for name, attribute in (("tileset", "source"), ("object", "template")):
                if isinstance(part.get(attribute), str):
                    self._follow(path, name, part[attribute])
            if isinstance(part.get("image"), str):
                self._place(path, part["image"])
            for block in (part, *(part.get("chunks") or ())):
                if isinstance(block, dict) and isinstance(block.get("data"), str | list):
                    how = (part.get("encoding"), part.get("compression"))
                    tiles = _tiles(block.get("width"), block.get("height"))
                    self._check_tiles(str(part.get("name", "")), tiles, how, block["data"])

    def _follow(self, path: str, name: str, source: str) -> None:
        found = self._place(path, source)
        if found in self._seen:
            return
        try:
            content = read_file(found, self._most_bytes)
            self.check(found, content)
        except FileProblem as problem:
            what = f"names the {name} {source!r}, which {problem.reason}"
            raise FileProblem(problem.problem, what) from problem

    def _place(self, path: str, source: str) -> str:
        try:
            return located(_beside(path, source), self._root)
        except FileProblem as problem:
            raise FileProblem(
                problem.problem, f"names {source!r}, which {problem.reason}"
            ) from None

    def _check_tiles(
        self, layer: str, tiles: int, how: tuple[str | None, str | None], text: str | list[object]
    ) -> None:
        self._tiles += tiles
        if self._tiles > MOST_TILES:
            reason = f"has over {MOST_TILES:,} tiles; that is the limit"
            raise FileProblem(AssetProblem.TOO_LARGE, reason)
        count = _count(layer, text, tiles, *how)
        if count != tiles:
            there = "more" if count > tiles else f"{count:,}"
            raise _broken(f"its layer {layer!r} holds {there} of {tiles:,} tiles")


def _beside(path: str, source: str) -> str:
    return os.path.join(os.path.dirname(path), source)  # noqa: PTH118, PTH120 - as in `kinds`


def _tiles(width: object, height: object) -> int:
    try:
        sides = int(str(width)), int(str(height))
    except ValueError:
        raise _broken("has a layer without a width and a height") from None
    if min(sides) <= 0:
        raise _broken(f"has a layer of {sides[0]} x {sides[1]} tiles")
    return sides[0] * sides[1]


def _count(
    layer: str, text: str | list[object], tiles: int, encoding: str | None, compression: str | None
) -> int:
    """How many tiles are in a layer; unpacks one too many at most."""
    if isinstance(text, list):
        return len(text)
    if encoding != "base64":
        return text.count(",") + 1
    if compression not in (None, "", "zlib", "gzip"):
        reason = f"its layer {layer!r} is compressed by {compression}: let Tiled use zlib"
        raise FileProblem(AssetProblem.UNSUPPORTED, reason)
    try:
        packed = base64.b64decode(text)
        if compression:
            packed = zlib.decompressobj(_ANY_FORMAT).decompress(packed, (tiles + 1) * _TILE_BYTES)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise _broken(f"its layer {layer!r} cannot be unpacked: {error}") from error
    return len(packed) // _TILE_BYTES


def _dicts(document: object) -> Iterator[dict[str, Any]]:
    """The objects within a JSON value."""
    pending = [document]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            yield part
            pending += part.values()
        elif isinstance(part, list):
            pending += part


def _broken(reason: str) -> FileProblem:
    return FileProblem(AssetProblem.BROKEN, reason)
