"""Runs one scenario in this process: warm-up, then samples turn by turn."""

import gc
from collections.abc import Sequence
from contextlib import ExitStack

from attrs import evolve

from engine_tasks.bench.effort import Effort
from engine_tasks.bench.figures import Comparison, Figure, compare, figure_of
from engine_tasks.bench.report import MetricResult
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario

#: The samples of ours or of one peer, in the order they were taken.
Samples = tuple[Sequence[float], ...]


def measure(scenario: Scenario, effort: Effort) -> tuple[MetricResult, ...]:
    """Every metric of `scenario`, ours beside each peer that is there."""
    if scenario.long:
        effort = evolve(effort, repeats=min(effort.repeats, effort.long_repeats), warm_ups=0)
    peers = [peer for peer in scenario.peers if peer.is_there()]
    with ExitStack() as alive:
        set_ups = [scenario.ours, *(peer.set_up for peer in peers)]
        samplers = [alive.enter_context(set_up(effort)) for set_up in set_ups]
        # Collections then walk what the measured code made, not the modules; the
        # collector itself stays on, as it does in a game.
        gc.collect()
        gc.freeze()
        alive.callback(gc.unfreeze)
        sides = in_turns(samplers, effort)
    return tuple(_result(scenario, metric, peers, sides) for metric in scenario.metrics)


def in_turns(samplers: Sequence[Sampler], effort: Effort) -> list[Samples]:
    """Samples in the order A B A B..., so that what disturbs the machine disturbs all."""
    for _ in range(effort.warm_ups):
        for sampler in samplers:
            sampler()
    rounds = [[sampler() for sampler in samplers] for _ in range(effort.repeats)]
    return list(zip(*rounds, strict=True))


def _result(
    scenario: Scenario, metric: Metric, peers: Sequence[Peer], sides: Sequence[Samples]
) -> MetricResult:
    ours, *theirs = (figure_of(samples, metric.reduce) for samples in sides)
    against = tuple(
        _judged(scenario, metric, peer, ours, figure)
        for peer, figure in zip(peers, theirs, strict=True)
    )
    return MetricResult(metric.name, metric.unit, metric.better, ours, against)


def _judged(
    scenario: Scenario, metric: Metric, peer: Peer, ours: Figure, theirs: Figure
) -> Comparison:
    against = compare(peer.name, ours, theirs)
    aim = scenario.aim_for(metric, peer)
    if aim is None:
        return against
    return evolve(
        against,
        aim=aim.text,
        reached=aim.is_reached(ours, against),
        share=aim.share(ours, against),
        needed=aim.needed(ours, against),
    )
