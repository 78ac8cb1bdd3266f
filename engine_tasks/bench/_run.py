"""One scenario in a process of its own: `python -m engine_tasks.bench._run NAME`.

Prints the result as one line of JSON and nothing else; the exit status is 1 when the
scenario raised.
"""

import argparse
import os
import sys
import traceback
from time import perf_counter

from attrs import evolve

from engine_tasks.bench.effort import EFFORTS, Effort
from engine_tasks.bench.measuring import measure
from engine_tasks.bench.report import ScenarioResult, result_to_json
from engine_tasks.bench.scenario import Scenario
from engine_tasks.bench.scenarios import ALL


def main() -> int:
    """Measures the scenario named on the command line."""
    options = _arguments()
    effort = EFFORTS[options.effort]
    effort = evolve(effort, repeats=options.repeats or effort.repeats)
    # What children and libraries print goes to stderr: stdout carries the JSON alone.
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    result = result_of({scenario.name: scenario for scenario in ALL}[options.name], effort)
    with os.fdopen(out, "w", encoding="utf-8") as pipe:
        print(result_to_json(result), file=pipe)
    return 0 if result.error is None else 1


def result_of(scenario: Scenario, effort: Effort) -> ScenarioResult:
    """Measures `scenario` here and now; what it raises becomes the result's error."""
    begin_s = perf_counter()
    try:
        metrics = measure(scenario, effort)
    except Exception as error:  # the others go on, whatever this one met
        trace = traceback.format_exc()
        message = "".join(traceback.format_exception_only(error)).strip()
        duration_s = perf_counter() - begin_s
        return ScenarioResult(
            scenario.name, scenario.title, duration_s, (), message, trace, group=scenario.group
        )
    absent = tuple(peer.name for peer in scenario.peers if not peer.is_there())
    duration_s = perf_counter() - begin_s
    return ScenarioResult(
        scenario.name, scenario.title, duration_s, metrics, absent=absent, group=scenario.group
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine_tasks.bench._run")
    parser.add_argument("name", choices=[scenario.name for scenario in ALL])
    parser.add_argument("--effort", choices=sorted(EFFORTS), default="quick")
    parser.add_argument("--repeats", type=int, help="samples a side")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
