"""Coverage-guided fuzzing of what the game makes of a child's bytes.

    pip install atheris
    python tests/fuzz/fuzz_conversation.py -max_total_time=60

The fuzzer writes the bytes of the pipe; anything but a result, an error or the end of the
child is a finding.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "executors"))

with atheris.instrument_imports(include=["engine_tasks"]):
    from hostile_child import hear


def one_input(said: bytes) -> None:
    hear(said)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
