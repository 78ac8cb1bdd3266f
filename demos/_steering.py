"""A crowd in groups: each walks where its group's flow field leads, and gathers round a flag."""

from __future__ import annotations

from hashlib import blake2b
from math import cos, exp, hypot, sin, sqrt, tau
from random import Random
from typing import Final, Protocol

from attrs import define, field

from demos._maps import GridMap
from engine_tasks.workers.pathfinding import Cell, FlowField

#: Groups of walkers; each has a colour and a flag of its own.
GROUPS: Final = 6

#: Free cells of a map with the times and speeds below. On a larger one all go faster, and are
#: given more time.
_USUAL_CELLS: Final = 4000

#: Seconds after which a group is sent on, and when most of it has gathered.
_ORDER_S: Final = (7.0, 16.0)
_GATHERED_S: Final = 1.5
_MOST: Final = 0.9

#: Cells a second, slowest and fastest.
_SPEED: Final = (4.5, 7.0)

#: A walker runs after a point on its way and closes this share of the distance a second:
#: that rounds the corners.
_FOLLOW_PER_S: Final = 10.0
_TURN_PER_S: Final = 9.0

_DIAGONAL: Final = sqrt(2)
_CLOCKWISE: Final = ((0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1))

#: How much closer to the flag a step beside the shortest way must lead.
_CLOSER: Final = 0.35


class Guide(Protocol):
    """Who knows the map and the ways on it."""

    def field(self, group: int) -> FlowField | None:
        """Return a group's latest field, and ask for another one where the map has changed."""

    def is_free(self, x: int, y: int) -> bool:
        """Whether somebody can stand on a cell now."""


@define
class Walker:
    """One of the crowd. Positions are in cells, `x` to the right and `y` down."""

    group: int
    cell: Cell  # that it comes from
    speed: float  # cells a second
    offset: tuple[float, float]  # its own way beside the middle of the cells
    place: float  # 0 to 1: how far from the flag it stops, as a share of the gathering
    x: float
    y: float
    heading: tuple[float, float]
    step: Cell = (0, 0)  # to the next cell
    share: float = 0.0  # of that step
    waits: bool = False  # for a way
    gathered: bool = False

    def follow(self, dt_s: float) -> None:
        """Run after the point where it should be, and turn that way."""
        share, (dx, dy) = self.share, self.step
        closing = 1.0 - exp(-_FOLLOW_PER_S * dt_s)
        move_x = (self.cell[0] + dx * share + self.offset[0] - self.x) * closing
        move_y = (self.cell[1] + dy * share + self.offset[1] - self.y) * closing
        length, longest = hypot(move_x, move_y), 1.7 * self.speed * dt_s
        if length > longest:
            move_x, move_y, length = move_x * longest / length, move_y * longest / length, longest
        self.x += move_x
        self.y += move_y
        if length > 0.2 * self.speed * dt_s > 0:
            turning = 1.0 - exp(-_TURN_PER_S * dt_s)
            hx, hy = self.heading
            self.heading = (
                hx + (move_x / length - hx) * turning,
                hy + (move_y / length - hy) * turning,
            )


@define
class Group:
    """Where a group is sent, since when, and how many of it are there."""

    flag: Cell
    since_s: float
    lasts_s: float
    gathered: int = 0
    full_s: float = field(default=0.0)  # how long most of it has been there


class Crowd:
    """All walkers and their groups."""

    def __init__(self, grid_map: GridMap, count: int, random: Random, never: set[Cell]) -> None:
        """Place `count` walkers; flags are never put on the cells of `never`."""
        self.walkers: list[Walker] = []
        self.time_s = 0.0
        self.arrived = 0
        self._random = random
        self._cells = grid_map.largest_region()
        self._pace = sqrt(max(1.0, sqrt(len(self._cells) / _USUAL_CELLS)))
        self._flag_cells = [cell for cell in self._cells if cell not in never] or self._cells
        self.groups = [self._new_group(stagger=n / GROUPS) for n in range(GROUPS)]
        self.resize(count)

    def resize(self, count: int) -> None:
        """Add walkers, or take the latest away."""
        for walker in self.walkers[count:]:
            self.groups[walker.group].gathered -= walker.gathered
        del self.walkers[count:]
        while len(self.walkers) < count:
            self.walkers.append(self._new_walker(len(self.walkers)))

    def digest(self) -> str:
        """Return a fingerprint of where everybody is, and where the flags are."""
        state = [(round(walker.x, 6), round(walker.y, 6)) for walker in self.walkers]
        flags = [group.flag for group in self.groups]
        return blake2b(repr((flags, state)).encode(), digest_size=8).hexdigest()

    def send(self, group: int, flag: Cell) -> None:
        """Plant a group's flag somewhere else: all of it goes there."""
        sent = self._new_group()
        sent.flag = flag
        self.groups[group] = sent
        for walker in self.walkers:
            if walker.group == group:
                walker.gathered = False

    def update(self, dt_s: float, guide: Guide) -> None:
        self.time_s += dt_s
        sizes = [len(self.walkers) // GROUPS + 1] * GROUPS
        for number, group in enumerate(self.groups):
            if group.gathered >= _MOST * sizes[number]:
                group.full_s += dt_s
            if group.full_s > _GATHERED_S or self.time_s > group.since_s + group.lasts_s:
                self.send(number, self._random.choice(self._flag_cells))
        radius = 0.75 * sqrt(sizes[0])
        for walker in self.walkers:
            if walker.share <= 0.0 and not walker.gathered:
                self._choose_step(walker, guide, radius)
            elif walker.share > 0.0:
                self._walk(walker, dt_s)
            walker.follow(dt_s)

    def _choose_step(self, walker: Walker, guide: Guide, radius: float) -> None:
        x, y = walker.cell
        if not guide.is_free(x, y):  # a wall has slid over it
            self._flee(walker, guide)
            return
        found = guide.field(walker.group)
        step = found.step(x, y) if found is not None else None
        walker.waits = step is None
        if found is None or step is None:
            return
        group = self.groups[walker.group]
        left = found.costs[y * found.width + x] if found.costs is not None else 0.0
        if found.goals[0] == group.flag and left <= walker.place * radius:
            walker.gathered = True
            group.gathered += 1
            self.arrived += 1
        elif guide.is_free(x + step[0], y + step[1]):
            walker.step, walker.share = self._stray(walker, step, found, guide), 1e-6
        else:
            walker.waits = True  # the field is that of an older map

    def _stray(self, walker: Walker, step: Cell, found: FlowField, guide: Guide) -> Cell:
        """Return the step, or now and then one beside it that leads closer as well."""
        turn = self._random.randrange(6)
        if turn > 1 or found.costs is None:
            return step
        (x, y), around = walker.cell, _CLOCKWISE
        dx, dy = around[(around.index(step) + (1 if turn else -1)) % 8] if step in around else step
        here, there = y * found.width + x, (y + dy) * found.width + x + dx
        cells = ((x + dx, y + dy), (x + dx, y), (x, y + dy))
        if not all(guide.is_free(*cell) for cell in cells):
            return step
        return (dx, dy) if found.costs[there] < found.costs[here] - _CLOSER else step

    def _flee(self, walker: Walker, guide: Guide) -> None:
        x, y = walker.cell
        steps = [(dx, dy) for dx, dy in _CLOCKWISE if guide.is_free(x + dx, y + dy)]
        walker.waits = not steps
        if steps:
            walker.step, walker.share = steps[0], 1e-6

    def _walk(self, walker: Walker, dt_s: float) -> None:
        dx, dy = walker.step
        walker.share += walker.speed * dt_s / (_DIAGONAL if dx and dy else 1.0)
        if walker.share >= 1.0:
            walker.cell = (walker.cell[0] + dx, walker.cell[1] + dy)
            walker.step, walker.share = (0, 0), 0.0

    def _new_group(self, stagger: float = 1.0) -> Group:
        random = self._random
        lasts_s = self._pace * (stagger * random.uniform(*_ORDER_S) + (1.0 - stagger))
        return Group(random.choice(self._flag_cells), self.time_s, lasts_s)

    def _new_walker(self, index: int) -> Walker:
        random = self._random
        cell = random.choice(self._cells)
        offset = (random.uniform(-0.42, 0.42), random.uniform(-0.42, 0.42))
        angle = random.uniform(0, tau)
        return Walker(
            group=index % GROUPS,
            cell=cell,
            speed=self._pace * random.uniform(*_SPEED),
            offset=offset,
            place=sqrt(random.random()),
            x=cell[0] + offset[0],
            y=cell[1] + offset[1],
            heading=(cos(angle), sin(angle)),
        )
