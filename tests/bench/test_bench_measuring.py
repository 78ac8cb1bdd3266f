"""The order of samples, what counts, and what becomes of a scenario that raises."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine_tasks.bench._run import result_of
from engine_tasks.bench.aims import at_most_times
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.measuring import in_turns, measure
from engine_tasks.bench.report import result_from_json, result_to_json
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario

EFFORT = Effort(
    "test",
    sample_s=0.0,
    repeats=3,
    warm_ups=2,
    segment_frames=1,
    waiting_tasks=1,
    long_repeats=1,
)
COUNT = Metric("", "turns", "lower")


class Sides:
    """Samplers that note the order in which they are asked, set up and cleared away."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def side(self, name: str, *values: float):
        @contextmanager
        def set_up(_: Effort) -> Iterator[Sampler]:
            left = iter(values * 10)

            def sample() -> list[float]:
                self.events.append(name)
                return [next(left)]

            self.events.append(f"{name} up")
            try:
                yield sample
            finally:
                self.events.append(f"{name} down")

        return set_up

    def scenario(self, **changes) -> Scenario:
        peers = (Peer("b", self.side("b", 1)), Peer("c", self.side("c", 4)))
        given = {"ours": self.side("a", 2), "peers": peers, "metrics": (COUNT,)}
        return Scenario("name", "title", **{**given, **changes})


def test_sides_take_turns_and_all_are_cleared_away() -> None:
    sides = Sides()
    measure(sides.scenario(), EFFORT)
    turns = ["a", "b", "c"] * (EFFORT.warm_ups + EFFORT.repeats)
    assert sides.events == ["a up", "b up", "c up", *turns, "c down", "b down", "a down"]


def test_warm_ups_do_not_count() -> None:
    values = iter([99.0, 98.0, 1.0, 2.0, 3.0])
    assert in_turns([lambda: [next(values)]], EFFORT) == [([1.0], [2.0], [3.0])]


def test_every_metric_stands_beside_every_peer() -> None:
    metrics = (Metric("low", "ms", "lower", min), Metric("high", "ms", "lower", max))
    aims = (at_most_times(2), at_most_times(0.4, peer="c", metric="high"))
    low, high = measure(Sides().scenario(metrics=metrics, aims=aims), EFFORT)
    assert [(peer.peer, peer.ratio, peer.reached) for peer in low.peers] == [
        ("b", 2, True),
        ("c", 0.5, None),
    ]
    assert [(peer.peer, peer.aim, peer.reached) for peer in high.peers] == [
        ("b", None, None),
        ("c", "≤ 0.4x", False),
    ]


def test_a_peer_that_is_not_installed_is_left_out_and_named() -> None:
    sides = Sides()
    absent = Peer("absent", sides.side("absent", 1), needs="no_such_module")
    gone = Peer("gone", sides.side("gone", 1), program="no-such-program")
    there = Peer("there", sides.side("there", 1), needs="json", program=sys.executable)
    result = result_of(sides.scenario(peers=(absent, gone, there)), EFFORT)
    assert result.absent == ("absent", "gone")
    assert [peer.peer for peer in result.metrics[0].peers] == ["there"]
    assert not {"absent up", "gone up"} & set(sides.events)


def test_an_aim_for_a_peer_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no peer 'd'"):
        Sides().scenario(aims=(at_most_times(1, peer="d"),))


def test_the_collector_is_left_as_it_was() -> None:
    measure(Sides().scenario(), EFFORT)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_scenario_that_raises_is_a_result_with_its_name_and_error() -> None:
    @contextmanager
    def broken(_: Effort) -> Iterator[Sampler]:
        raise OSError("no such port")
        yield

    sides = Sides()
    result = result_of(sides.scenario(peers=(Peer("b", broken),)), EFFORT)
    assert result.name == "name"
    assert result.error == "OSError: no such port"
    assert "in broken" in result.trace
    assert sides.events == ["a up", "a down"]


def test_a_result_survives_the_pipe() -> None:
    result = result_of(Sides().scenario(aims=(at_most_times(2),)), EFFORT)
    assert result_from_json(result_to_json(result)) == result
