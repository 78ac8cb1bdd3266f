"""Executors: what runs a payload."""
