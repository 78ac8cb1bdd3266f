"""All scenarios, in the order of the table; one file a kind."""

from typing import Final

from attrs import evolve

from engine_tasks.bench.scenario import Scenario
from engine_tasks.bench.scenarios import (
    assets,
    calls,
    checkout,
    children,
    codec,
    compute,
    confinement,
    echo,
    filling,
    frames,
    frames_results,
    idle,
    large,
    mailbox,
    memory,
    pathfinding,
    payload,
    round_trip,
    scaling,
    starts,
    waiting,
    worst,
)

#: What they are about: a part of the report each.
GROUPS: Final[dict[str, tuple[Scenario, ...]]] = {
    "Calls of the game": calls.SCENARIOS,
    "Tasks a second": echo.SCENARIOS,
    "Round trips": round_trip.SCENARIOS,
    "Large payloads": large.SCENARIOS,
    "Frames": (*frames.SCENARIOS, *frames_results.SCENARIOS, *assets.SCENARIOS),
    "Very many waiting tasks": (*waiting.SCENARIOS, *filling.SCENARIOS, *worst.SCENARIOS),
    "At rest": (*idle.SCENARIOS, *memory.SCENARIOS),
    "Starts and restarts": (*starts.SCENARIOS, *children.SCENARIOS, *scaling.SCENARIOS),
    "Paths": pathfinding.SCENARIOS,
    "Lua": (*compute.SCENARIOS, *codec.SCENARIOS, *confinement.SCENARIOS),
    "Parts": (*mailbox.SCENARIOS, *checkout.SCENARIOS, *payload.SCENARIOS),
}
ALL: Final[tuple[Scenario, ...]] = tuple(
    evolve(scenario, group=group) for group, scenarios in GROUPS.items() for scenario in scenarios
)
