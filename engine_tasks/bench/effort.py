"""How long a run of the benchmark measures."""

from typing import Final

from attrs import frozen


@frozen
class Effort:
    """How much measuring a scenario does.

    `sample_s` is the least seconds one sample lasts, `repeats` the samples of each side
    that count, `warm_ups` those before them that do not, `segment_frames` the frames of
    a sample of a frame loop. `waiting_tasks` wait where the cost of very many is measured;
    `long_repeats` are the samples of a scenario whose one sample takes seconds.
    """

    name: str
    sample_s: float
    repeats: int
    warm_ups: int
    segment_frames: int
    waiting_tasks: int
    long_repeats: int


#: A run to quote: 300 frames a side, a million tasks that wait: a quarter of an hour or so.
FULL: Final = Effort(
    "full",
    sample_s=0.25,
    repeats=7,
    warm_ups=1,
    segment_frames=45,
    waiting_tasks=1_000_000,
    long_repeats=2,
)
#: A run to see that every scenario works, for continuous integration: under two minutes.
QUICK: Final = Effort(
    "quick",
    sample_s=0.05,
    repeats=3,
    warm_ups=1,
    segment_frames=20,
    waiting_tasks=100_000,
    long_repeats=1,
)

EFFORTS: Final = {effort.name: effort for effort in (FULL, QUICK)}
