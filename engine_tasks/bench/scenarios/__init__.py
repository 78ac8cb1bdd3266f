"""All scenarios, in the order of the table; one file a group."""

from typing import Final

from engine_tasks.bench.scenario import Scenario
from engine_tasks.bench.scenarios import calls, frames, mailbox, round_trip, throughput

ALL: Final[tuple[Scenario, ...]] = (
    *calls.SCENARIOS,
    *mailbox.SCENARIOS,
    *throughput.SCENARIOS,
    *round_trip.SCENARIOS,
    *frames.SCENARIOS,
)
