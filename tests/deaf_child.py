"""A module that closes the pipe of the child that imports it: nothing can be read from it."""

import os
import sys
from typing import Any

if sys.argv[0].endswith("main.py"):  # in a child
    os.close(3)


def echo(data: Any) -> Any:
    """Gives back its payload, could it but read one."""
    return data
