"""All scenarios, in the order of the table; one file a kind."""

from typing import Final

from attrs import evolve

from engine_tasks.bench.scenario import Scenario
from engine_tasks.bench.scenarios import (
    calls,
    checkout,
    children,
    codec,
    confinement,
    echo,
    filling,
    frames,
    mailbox,
    payload,
    round_trip,
    scaling,
    waiting,
    worst,
)

#: What they are about: a part of the report each.
GROUPS: Final[dict[str, tuple[Scenario, ...]]] = {
    "Calls of the game": calls.SCENARIOS,
    "Tasks a second": echo.SCENARIOS,
    "Round trips": round_trip.SCENARIOS,
    "Frames": frames.SCENARIOS,
    "Very many waiting tasks": (*waiting.SCENARIOS, *filling.SCENARIOS, *worst.SCENARIOS),
    "Starts and restarts": (*children.SCENARIOS, *scaling.SCENARIOS),
    "Lua": (*codec.SCENARIOS, *confinement.SCENARIOS),
    "Parts": (*mailbox.SCENARIOS, *checkout.SCENARIOS, *payload.SCENARIOS),
}
ALL: Final[tuple[Scenario, ...]] = tuple(
    evolve(scenario, group=group) for group, scenarios in GROUPS.items() for scenario in scenarios
)
