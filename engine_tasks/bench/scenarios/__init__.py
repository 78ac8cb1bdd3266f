"""All scenarios, in the order of the table; one file a group."""

from typing import Final

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

ALL: Final[tuple[Scenario, ...]] = (
    *calls.SCENARIOS,
    *waiting.SCENARIOS,
    *filling.SCENARIOS,
    *worst.SCENARIOS,
    *mailbox.SCENARIOS,
    *checkout.SCENARIOS,
    *payload.SCENARIOS,
    *codec.SCENARIOS,
    *echo.SCENARIOS,
    *round_trip.SCENARIOS,
    *children.SCENARIOS,
    *scaling.SCENARIOS,
    *confinement.SCENARIOS,
    *frames.SCENARIOS,
)
