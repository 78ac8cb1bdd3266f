"""A crowd that walks: where agents want to go, and how they move along their paths, smoothly."""

from __future__ import annotations

from hashlib import blake2b
from math import cos, exp, hypot, inf, sin, sqrt, tau
from random import Random
from typing import Final

from attrs import define, field

from demos._maps import GridMap
from demos._paths import Cell

#: Groups of agents; each has a colour and a flag of its own.
GROUPS: Final = 8

#: Seconds from one order to a group to its next; the groups take turns.
_ORDER_S: Final = 4.8

#: Seconds after which a walker asks again, as games do because the world changes.
_REFRESH_S: Final = (2.0, 4.0)

#: Free cells of a map with those times. On a larger one, ways and times are longer.
_USUAL_CELLS: Final = 4000

#: Cells around a group's flag where its agents gather.
_GATHER_RADIUS: Final = 7

#: Cells a second, slowest and fastest.
_SPEED: Final = (4.5, 7.0)

#: Agents ask for their first path spread over this many seconds.
_START_S: Final = 1.0

#: An agent runs after a point on its path and closes this share of the distance a second:
#: that rounds the corners and smooths a change of path.
_FOLLOW_PER_S: Final = 11.0
_TURN_PER_S: Final = 9.0

_DIAGONAL: Final = sqrt(2)

NEVER: Final = inf


@define
class Agent:
    """One walker. Positions and directions are in cells, `x` to the right and `y` down."""

    group: int
    cell: Cell  # where its path has taken it
    goal: Cell  # where it is going
    speed: float  # cells a second
    offset: tuple[float, float]  # its own way beside the middle of the cells
    asks_at_s: float  # of the crowd's time; `NEVER` while it waits for a path
    x: float
    y: float
    heading: tuple[float, float]
    ticket: int | None = None  # of the path it waits for
    path: list[int] = field(factory=list)  # x1, y1, x2, y2, ...
    step: int = 0  # index in `path` of the cell it comes from
    share: float = 0.0  # how far it is to the next one, 0 to 1

    @property
    def walking(self) -> bool:
        return self.step + 3 < len(self.path)

    def take(self, path: list[int]) -> None:
        """Follow a path, from its cell nearest to where the agent has got in the meantime."""
        nearby = range(0, min(len(path), 24), 2)
        self.step = min(
            nearby, key=lambda i: hypot(path[i] - self.x, path[i + 1] - self.y), default=0
        )
        self.path, self.share, self.ticket = path, 0.0, None
        if path:
            self.cell = (path[self.step], path[self.step + 1])

    def move(self, dt_s: float) -> None:
        """Go on along the path for `dt_s` seconds."""
        path, step = self.path, self.step
        x, y = self.cell
        if step + 3 < len(path):
            dx, dy = path[step + 2] - x, path[step + 3] - y
            share = self.share + self.speed * dt_s / (_DIAGONAL if dx and dy else 1.0)
            if share >= 1.0:
                share -= 1.0
                self.step = step = step + 2
                self.cell = x, y = path[step], path[step + 1]
                if step + 3 < len(path):
                    dx, dy = path[step + 2] - x, path[step + 3] - y
                else:
                    dx = dy = 0
            self.share = share
            self._follow(x + dx * share, y + dy * share, dt_s)
        else:
            self._follow(x, y, dt_s)

    def _follow(self, x: float, y: float, dt_s: float) -> None:
        """Run after (x, y), not much faster than the agent walks, and turn that way."""
        closing = 1.0 - exp(-_FOLLOW_PER_S * dt_s)
        dx = (x + self.offset[0] - self.x) * closing
        dy = (y + self.offset[1] - self.y) * closing
        length = hypot(dx, dy)
        longest = 1.6 * self.speed * dt_s
        if length > longest:
            dx, dy, length = dx * longest / length, dy * longest / length, longest
        self.x += dx
        self.y += dy
        if length > 0.2 * self.speed * dt_s > 0:
            turning = 1.0 - exp(-_TURN_PER_S * dt_s)
            hx, hy = self.heading
            self.heading = (
                hx + (dx / length - hx) * turning,
                hy + (dy / length - hy) * turning,
            )


class Crowd:
    """Agents in groups. A group is called to its flag in turn; who arrives goes on anywhere.

    So requests come the two ways they do in games: a trickle, and a burst when an order is given.
    """

    def __init__(self, grid_map: GridMap, count: int, seed: int) -> None:
        """Place `count` agents; the same seed gives the same places and first goals."""
        self.agents: list[Agent] = []
        self.time_s = 0.0
        self._cells = grid_map.largest_region()
        self._reachable = frozenset(self._cells)
        self._pace = max(1.0, sqrt(len(self._cells) / _USUAL_CELLS))
        self._placing = Random(f"{seed} placing")
        self._choosing = Random(f"{seed} choosing")
        self._orders_given = 0
        self._waiting: dict[int, Agent] = {}  # by ticket
        self.flags = [self._placing.choice(self._cells) for _ in range(GROUPS)]
        self.resize(count)

    def resize(self, count: int) -> None:
        """Add agents, or take the latest away."""
        del self.agents[count:]
        while len(self.agents) < count:
            self.agents.append(self._new_agent(len(self.agents)))

    def digest(self) -> str:
        """Return a fingerprint of where the agents are and where they want to go."""
        state = [(agent.group, agent.cell, agent.goal) for agent in self.agents]
        return blake2b(repr((self.flags, state)).encode(), digest_size=8).hexdigest()

    def update(self, dt_s: float) -> list[Agent]:
        """Move everybody by `dt_s` seconds; return those that want a path from cell to goal."""
        self.time_s += dt_s
        if self.time_s >= (self._orders_given + 1) * self._pace * _ORDER_S / GROUPS:
            self._give_order(self._orders_given % GROUPS)
            self._orders_given += 1
        asking = []
        for agent in self.agents:
            agent.move(dt_s)
            if agent.path and not agent.walking and agent.ticket is None:
                self._send_on(agent)
            if self.time_s >= agent.asks_at_s:
                asking.append(agent)
        return asking

    def wait(self, agent: Agent, ticket: int) -> None:
        """Note that an agent has asked: the answer will bear the ticket."""
        agent.ticket = ticket
        agent.asks_at_s = NEVER
        self._waiting[ticket] = agent

    def answer(self, ticket: int, path: list[int], pause_s: float) -> None:
        """Give the agent that waits for it its path; without one it gives up for a while."""
        agent = self._waiting.pop(ticket)
        if path:
            agent.take(path)
            agent.asks_at_s = self.time_s + self._pace * self._choosing.uniform(*_REFRESH_S)
        else:
            self.give_up(agent, pause_s)

    def give_up(self, agent: Agent, pause_s: float) -> None:
        """Let an agent that got no path ask for another one after `pause_s` seconds."""
        agent.ticket = None
        agent.goal = self._choosing.choice(self._cells)
        agent.asks_at_s = self.time_s + pause_s

    def _send_on(self, agent: Agent) -> None:
        agent.path = []
        agent.goal = self._choosing.choice(self._cells)
        agent.asks_at_s = self.time_s

    def _give_order(self, group: int) -> None:
        """Move a group's flag and call everybody there who is not waiting for a path."""
        self.flags[group] = self._choosing.choice(self._cells)
        for agent in self.agents:
            if agent.group == group and agent.ticket is None:
                agent.goal = self._beside(self.flags[group], self._choosing)
                agent.asks_at_s = self.time_s

    def _beside(self, flag: Cell, random: Random) -> Cell:
        """Return a cell near a flag."""
        for _ in range(16):
            x = flag[0] + random.randint(-_GATHER_RADIUS, _GATHER_RADIUS)
            y = flag[1] + random.randint(-_GATHER_RADIUS, _GATHER_RADIUS)
            if (x, y) in self._reachable:
                return x, y
        return flag

    def _new_agent(self, index: int) -> Agent:
        placing, group = self._placing, index % GROUPS
        cell = placing.choice(self._cells)
        offset = (placing.uniform(-0.4, 0.4), placing.uniform(-0.4, 0.4))
        angle = placing.uniform(0, tau)
        return Agent(
            group=group,
            cell=cell,
            goal=self._beside(self.flags[group], placing),
            speed=placing.uniform(*_SPEED),
            offset=offset,
            asks_at_s=self.time_s + placing.uniform(0, _START_S),
            x=cell[0] + offset[0],
            y=cell[1] + offset[1],
            heading=(cos(angle), sin(angle)),
        )
