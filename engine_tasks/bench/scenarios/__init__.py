"""All scenarios, in the order of the table; one file a group."""

from typing import Final

from engine_tasks.bench.scenario import Scenario
from engine_tasks.bench.scenarios import (
    calls,
    children,
    codec,
    confinement,
    echo,
    frames,
    mailbox,
    payload,
    round_trip,
)

ALL: Final[tuple[Scenario, ...]] = (
    *calls.SCENARIOS,
    *mailbox.SCENARIOS,
    *payload.SCENARIOS,
    *codec.SCENARIOS,
    *echo.SCENARIOS,
    *round_trip.SCENARIOS,
    *children.SCENARIOS,
    *confinement.SCENARIOS,
    *frames.SCENARIOS,
)
