"""The tiles of `lua/workers/terrain.lua` in plain Python: what a game has without Lua.

The same request gives the same tile, so the terrain scene compares what makes a tile, not two
landscapes. The Lua sources say what each formula is and where it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import cos, floor, pi, sin
from typing import Any, Final

from engine_tasks import this_task

_DIRECTIONS: Final = 64
_GRADIENTS: Final = [
    (cos(2 * pi * i / _DIRECTIONS), sin(2 * pi * i / _DIRECTIONS)) for i in range(_DIRECTIONS)
]
_LACUNARITY: Final = 1.97
_TURN_COS, _TURN_SIN = cos(0.6), sin(0.6)

_CONTINENT, _RANGE, _CLIMATE, _WARP = 420, 190, 560, 340

#: A row a height: the colour in a dry climate, in a wet one.
_STOPS: Final = (
    (-0.55, (12, 32, 66), (12, 32, 66)),
    (-0.18, (20, 66, 108), (20, 66, 108)),
    (-0.03, (44, 122, 150), (44, 122, 150)),
    (0.0, (96, 176, 178), (96, 176, 178)),
    (0.004, (226, 208, 158), (214, 200, 150)),
    (0.028, (212, 190, 134), (156, 176, 98)),
    (0.07, (186, 168, 100), (98, 146, 74)),
    (0.22, (164, 136, 84), (50, 106, 62)),
    (0.4, (140, 112, 82), (58, 94, 64)),
    (0.58, (118, 102, 92), (104, 104, 100)),
    (0.8, (146, 138, 134), (142, 144, 148)),
    (0.92, (236, 240, 247), (236, 240, 247)),
    (1.5, (255, 255, 255), (255, 255, 255)),
)
_STEEPNESS: Final = 7


@lru_cache(maxsize=1)
def _permutation(seed: int) -> list[int]:
    state = seed % 2147483646 + 1
    values = list(range(256))
    for i in range(255, 0, -1):
        state = state * 16807 % 2147483647
        other = state % (i + 1)
        values[i], values[other] = values[other], values[i]
    return values * 2


def _noise(permutation: Sequence[int], x: float, y: float) -> float:
    left, top = floor(x), floor(y)
    dx, dy = x - left, y - top
    left, top = left & 255, top & 255
    here, beside = permutation[left] + top, permutation[left + 1] + top
    ax, ay = _GRADIENTS[permutation[here] & 63]
    bx, by = _GRADIENTS[permutation[beside] & 63]
    cx, cy = _GRADIENTS[permutation[here + 1] & 63]
    ex, ey = _GRADIENTS[permutation[beside + 1] & 63]
    u = dx * dx * dx * (dx * (dx * 6 - 15) + 10)
    v = dy * dy * dy * (dy * (dy * 6 - 15) + 10)
    at_a, at_b = ax * dx + ay * dy, bx * (dx - 1) + by * dy
    at_c, at_d = cx * dx + cy * (dy - 1), ex * (dx - 1) + ey * (dy - 1)
    upper, lower = at_a + u * (at_b - at_a), at_c + u * (at_d - at_c)
    return upper + v * (lower - upper)


def _fbm(permutation: Sequence[int], x: float, y: float, octaves: int) -> float:
    total, height = 0.0, 1.0
    for _ in range(octaves):
        total += height * _noise(permutation, x, y)
        x, y = x * _TURN_COS - y * _TURN_SIN, x * _TURN_SIN + y * _TURN_COS
        x, y, height = x * _LACUNARITY + 17.3, y * _LACUNARITY - 9.1, height * 0.5
    return total


def _ridges(permutation: Sequence[int], x: float, y: float, octaves: int) -> float:
    total, height, weight = 0.0, 1.0, 1.0
    for _ in range(octaves):
        value = 1 - 2.2 * abs(_noise(permutation, x, y))
        value = value * value * weight if value > 0 else 0.0
        weight = 1.0 if value > 0.5 else 2 * value
        total += height * value
        x, y = x * _TURN_COS - y * _TURN_SIN, x * _TURN_SIN + y * _TURN_COS
        x, y, height = x * _LACUNARITY - 5.7, y * _LACUNARITY + 12.9, height * 0.5
    return total


def _height(permutation: Sequence[int], x: float, y: float) -> float:
    east = _fbm(permutation, x / _WARP + 5.2, y / _WARP + 1.3, 2)
    south = _fbm(permutation, x / _WARP - 8.1, y / _WARP + 7.7, 2)
    warped_x, warped_y = x + 90 * east, y + 90 * south
    ground = _fbm(permutation, warped_x / _CONTINENT, warped_y / _CONTINENT, 7) + 0.06
    inland = min(1.0, ground * 3.2)
    if inland <= 0:
        return ground
    peaks = _ridges(permutation, warped_x / _RANGE + 31, warped_y / _RANGE - 12, 5)
    return ground * 0.62 + 0.5 * inland * inland * peaks


def _moisture(permutation: Sequence[int], x: float, y: float) -> float:
    wet = 0.5 + 0.9 * _fbm(permutation, x / _CLIMATE + 91, y / _CLIMATE + 47, 3)
    return min(1.0, max(0.0, wet))


def _colour(height: float, wetness: float, light: float) -> list[int]:
    above = next((i for i in range(1, len(_STOPS)) if _STOPS[i][0] >= height), len(_STOPS) - 1)
    (low, dry_0, wet_0), (high, dry_1, wet_1) = _STOPS[above - 1], _STOPS[above]
    share = min(1.0, max(0.0, (height - low) / (high - low)))
    channels = []
    for from_dry, from_wet, to_dry, to_wet in zip(dry_0, wet_0, dry_1, wet_1, strict=True):
        dry = from_dry + share * (to_dry - from_dry)
        wet = from_wet + share * (to_wet - from_wet)
        channels.append(min(255, floor(light * (dry + wetness * (wet - dry)))))
    return channels


def _light(height: float, left: float, above: float, step: int) -> float:
    if height <= 0:
        return 1.0
    light = 1 + _STEEPNESS / step * (2 * height - max(left, 0.0) - max(above, 0.0))
    return min(1.4, max(0.45, light))


def _heights(permutation: Sequence[int], columns: Sequence[int], y: int) -> list[float]:
    return [_height(permutation, x, y) for x in columns]


def paint_tile(request: dict[str, Any]) -> dict[str, Any] | None:
    """Paint the tile of a request {seed, x, y, size, step}; None for one that was cancelled."""
    x, y, size, step = request["x"], request["y"], request["size"], request["step"]
    permutation = _permutation(request["seed"])
    columns = range(x - step, x + step * size, step)
    pixels = bytearray()
    above = _heights(permutation, columns, y - step)
    for row in range(size):
        if this_task.cancelled():
            return None
        here = _heights(permutation, columns, y + step * row)
        for i in range(1, size + 1):
            wetness = _moisture(permutation, columns[i], y + step * row)
            light = _light(here[i], here[i - 1], above[i], step)
            pixels += bytes(_colour(here[i], wetness, light))
        above = here
    count = size * size
    return {"pixels": bytes(pixels), "tone": [sum(pixels[i::3]) // count for i in range(3)]}
