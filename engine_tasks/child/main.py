"""What a child process runs: `python -I -S main.py PARENT_PID NICE`.

Python compiles a script each time it runs it, so there is no more here than must be.
"""

import os
import sys

sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # noqa: PTH100, PTH120 - pathlib takes 6 ms

from engine_tasks.child.start import start

start(int(sys.argv[1]), int(sys.argv[2]))
