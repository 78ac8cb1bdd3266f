"""A flock that the game keeps and workers move: a step is sent in parts, and shown smoothly.

Each step goes out as soon as the last one is back, so that workers have the time of a whole
step for it. What is drawn lies between the last two steps; when steps take longer than they
should, the flock flies slower, evenly, and no frame waits.
"""

from __future__ import annotations

from array import array
from hashlib import blake2b
from itertools import pairwise
from random import Random
from typing import Any, Final

from attrs import define, field

from engine_tasks import TaskQueue, TaskResult

#: Seconds of the flock's own time in a step.
STEP_S: Final = 1 / 30

#: Parts of a step: two for each instance, so that the faster one takes more.
PARTS: Final = 4

#: Numbers a boid: x, y, vx, vy as sent; those and its glow as they come back.
_SENT, _RETURNED = 4, 5

#: How much the pace follows the time of the last step.
_PACE_SHARE: Final = 0.15

_LONGEST_STEP_S: Final = 0.5

#: Steps after which a digest of the flock is taken, for runs to be compared.
_DIGEST_AFTER: Final = 10


@define
class Flock:
    """The boids before and after the step that is shown."""

    count: int
    size: tuple[int, int]  # of the world in pixels
    seed: int
    before: array[float] = field(init=False)  # x, y, vx, vy of each
    after: array[float] = field(init=False)
    glow: array[float] = field(init=False)  # 0 to 1, a boid
    steps: int = 0
    lost_parts: int = 0  # that no worker moved
    error: str = ""  # why the last one was lost
    share: float = 0.0  # of the way from before to after
    step_s: float = STEP_S  # from one step to the next, smoothed
    danger: tuple[float, float] | None = None
    digests: dict[int, str] = field(factory=dict)  # of the flock after some steps
    _random: Random = field(init=False)
    _parts: dict[int, array[float] | None] = field(factory=dict)  # of the step under way
    _missing: int = 0
    _since_s: float = 0.0  # the step under way was sent

    def __attrs_post_init__(self) -> None:
        self._random = Random(self.seed)
        self.glow = array("f", bytes(4 * self.count))
        self.after = self._anywhere()
        self.before = self.after

    def scatter(self) -> None:
        """Put each boid somewhere else."""
        self.after = self._anywhere()

    def _anywhere(self) -> array[float]:
        width, height = self.size
        somewhere = self._random.uniform
        boids = array("f")
        for _ in range(self.count):
            boids.extend((somewhere(0, width), somewhere(0, height)))
            boids.extend((somewhere(-99, 99), somewhere(-99, 99)))
        return boids

    def update(self, queue: TaskQueue, worker_id: int, dt_s: float) -> bool:
        """Let `dt_s` seconds pass; whether a new step is shown from now on."""
        self._since_s += dt_s
        self.share = min(1.0, self.share + dt_s / max(STEP_S, self.step_s))
        is_new = self.share >= 1.0 and self._missing == 0 and bool(self._parts)
        if is_new:
            self._show_next()
        if self._missing == 0 and not self._parts:
            self._send(queue, worker_id)
        return is_new

    def payload(self, first: int, count: int) -> dict[str, Any]:
        """What a worker needs for the boids from `first` on."""
        width, height = self.size
        return {
            "flock": self.after,
            "first": first,
            "count": count,
            "dt_s": STEP_S,
            "width": width,
            "height": height,
            "danger": self.danger,
        }

    def fits(self, moved: object, count: int) -> bool:
        """Whether a worker's answer is what the rules are to return: five numbers a boid."""
        return isinstance(moved, array) and len(moved) == _RETURNED * count

    def _bounds(self) -> list[int]:
        return [part * self.count // PARTS for part in range(PARTS + 1)]

    def _send(self, queue: TaskQueue, worker_id: int) -> None:
        self._since_s = 0.0
        bounds = self._bounds()
        for part, (first, stop) in enumerate(pairwise(bounds)):
            self._parts[part] = None
            take = _Taker(self, part)
            payload = self.payload(first, stop - first)
            if queue.send_task(worker_id, payload, on_result=take.take) is None:
                self._lose(str(queue.last_error))
            else:
                self._missing += 1

    def _lose(self, error: str) -> None:
        self.lost_parts += 1
        self.error = error

    def take_part(self, part: int, result: TaskResult) -> None:
        """Keep what came back of a part, or why nothing did."""
        self._missing -= 1
        first, stop = self._bounds()[part : part + 2]
        if not result.ok:
            self._lose(str(result.error))
        elif not self.fits(result.payload, stop - first):
            self._lose(f"expected a typed array of {_RETURNED} numbers a boid")
        else:
            self._parts[part] = result.payload
        if self._missing == 0:
            took_s = min(_LONGEST_STEP_S, self._since_s)
            self.step_s += _PACE_SHARE * (took_s - self.step_s)

    def _show_next(self) -> None:
        """Show the way to the step that is complete; boids that nobody moved glide."""
        self.before, self.after = self.after, array("f")
        for part, (first, stop) in enumerate(pairwise(self._bounds())):
            moved = self._parts[part]
            if moved is None:
                self.after.extend(_glide(self.before[_SENT * first : _SENT * stop]))
                continue
            whole = array("f", bytes(4 * _SENT * (stop - first)))
            for number in range(_SENT):
                whole[number::_SENT] = moved[number::_RETURNED]
            self.after.extend(whole)
            self.glow[first:stop] = moved[_SENT::_RETURNED]
        self._parts.clear()
        self.share = 0.0
        self.steps += 1
        if self.steps == _DIGEST_AFTER:
            self.digests[_DIGEST_AFTER] = blake2b(self.after.tobytes(), digest_size=8).hexdigest()


@define
class _Taker:
    """Knows which part a result is of."""

    flock: Flock
    part: int

    def take(self, result: TaskResult) -> None:
        self.flock.take_part(self.part, result)


def _glide(boids: array[float]) -> array[float]:
    glided = boids[:]
    for x in range(0, len(boids), _SENT):
        glided[x] += boids[x + 2] * STEP_S
        glided[x + 1] += boids[x + 3] * STEP_S
    return glided
