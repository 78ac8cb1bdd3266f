"""Five bodies that draw each other, step by step; `nbody.lua` is the same in Lua.

The planets' problem of the Computer Language Benchmarks Game, in units of the day and the
distance of the Earth to the sun. Imports little: child processes load it.
"""

from itertools import combinations
from math import pi, sqrt
from time import process_time

SOLAR_MASS = 4 * pi * pi
DAYS = 365.24
#: Days a step.
STEP = 0.01

#: Place, velocity (a day), mass (of the sun): the sun, Jupiter, Saturn, Uranus, Neptune.
BODIES = (
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    (4.84143144246472090, -1.16032004402742839, -0.103622044471123109,
     0.00166007664274403694, 0.00769901118419740425, -0.0000690460016972063023,
     0.000954791938424326609),
    (8.34336671824457987, 4.12479856412430479, -0.403523417114321381,
     -0.00276742510726411, 0.00499852801234917238, 0.0000230417297573763929,
     0.000285885980666130812),
    (12.8943695621391310, -15.1111514016986312, -0.223307578892655734,
     0.00296460137564761618, 0.00237847173959480950, -0.0000296589568540237556,
     0.0000436624404335156298),
    (15.3796971148509165, -25.9193146099879641, 0.179258772950371181,
     0.00268067772490389322, 0.00162824170038242295, -0.0000951592254519715870,
     0.0000515138902046611451),
)  # fmt: skip


class Body:
    """A place, a velocity and a mass."""

    __slots__ = ("mass", "vx", "vy", "vz", "x", "y", "z")

    def __init__(self, given: tuple[float, ...]) -> None:
        self.x, self.y, self.z, vx, vy, vz, mass = given
        self.vx, self.vy, self.vz = vx * DAYS, vy * DAYS, vz * DAYS
        self.mass = mass * SOLAR_MASS


def nbody(steps: int) -> dict[str, float]:
    """Where the sun is after so many steps, and the seconds of processor time they took."""
    bodies = [Body(given) for given in BODIES]
    pairs = list(combinations(bodies, 2))
    begin_s = process_time()
    for _ in range(steps):
        _step(bodies, pairs)
    cpu_s = process_time() - begin_s
    sun = bodies[0]
    return {"x": sun.x, "y": sun.y, "z": sun.z, "cpu_s": cpu_s}


def _step(bodies: list[Body], pairs: list[tuple[Body, Body]]) -> None:
    for one, other in pairs:
        dx, dy, dz = one.x - other.x, one.y - other.y, one.z - other.z
        squared = dx * dx + dy * dy + dz * dz
        pull = STEP / (squared * sqrt(squared))
        to_one, to_other = other.mass * pull, one.mass * pull
        one.vx -= dx * to_one
        one.vy -= dy * to_one
        one.vz -= dz * to_one
        other.vx += dx * to_other
        other.vy += dy * to_other
        other.vz += dz * to_other
    for body in bodies:
        body.x += STEP * body.vx
        body.y += STEP * body.vy
        body.z += STEP * body.vz
