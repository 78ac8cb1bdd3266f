"""How long a run of the benchmark measures."""

from typing import Final

from attrs import frozen


@frozen
class Effort:
    """How much measuring a scenario does.

    `sample_s` is the least seconds one sample lasts, `repeats` the samples of each side
    that count, `warm_ups` those before them that do not, `segment_frames` the frames of
    a sample of a frame loop.
    """

    name: str
    sample_s: float
    repeats: int
    warm_ups: int
    segment_frames: int


#: A run to quote: 300 frames a side, a few minutes in all.
FULL: Final = Effort("full", sample_s=0.25, repeats=7, warm_ups=1, segment_frames=45)
#: A run to see that every scenario works, for continuous integration: under a minute.
QUICK: Final = Effort("quick", sample_s=0.05, repeats=3, warm_ups=1, segment_frames=20)

EFFORTS: Final = {effort.name: effort for effort in (FULL, QUICK)}
