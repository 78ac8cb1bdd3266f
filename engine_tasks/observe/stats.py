"""What a worker has to do at one moment."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from engine_tasks.policies import Priority


@attrs.frozen(kw_only=True)
class WorkerStats:
    """How many instances, tasks and results a worker had when it was asked."""

    instances: Mapping[str, int]
    """Instances by the name of their state: `stats.instances["IDLE"]`."""

    waiting: Mapping[Priority, int]
    """Tasks that could run as soon as an instance is free, by their priority."""

    delayed: int
    """Tasks that wait for their time: sent with a delay, or between two attempts."""

    in_progress: int
    """Tasks that an instance has taken."""

    ready: int
    """Results that the game has not taken yet."""

    spare_resources: int
    """Executors that are kept for `run_task`, each with its resource."""

    @property
    def waiting_total(self) -> int:
        """Executions that wait, for an instance or for their time.

        `tasks_waiting` counts tasks: several where they share an execution by their key.
        """
        return sum(self.waiting.values()) + self.delayed
