"""Pools: a worker's instances and its ready queue."""
