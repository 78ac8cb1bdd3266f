"""A Lua machine without walls around it: `python -I -S unconfined.py LUPA_FOLDER SCRIPT`.

With the arguments of the machine, a Python literal, as the first line of standard input.
Each further line is a payload in hexadecimal, and each line of output its result.
"""

import ast
import os
import sys


def main() -> None:
    """Run the script on each payload until there is none."""
    sys.path += [sys.argv[1], os.path.abspath(os.path.join(__file__, *[os.pardir] * 3))]  # noqa: PTH100, PTH118 - as bare as a child
    from engine_tasks.bench.silent_host import SilentHost  # noqa: PLC0415 - only now on the path
    from engine_tasks.lua.vm import LuaVm  # noqa: PLC0415

    vm = LuaVm(SilentHost(), **ast.literal_eval(sys.stdin.readline()))
    with open(sys.argv[2], "rb") as script:  # noqa: PTH123
        vm.load(script.read(), os.path.basename(sys.argv[2]))  # noqa: PTH119
    for line in sys.stdin:
        print(vm.run(bytes.fromhex(line)).hex(), flush=True)


if __name__ == "__main__":
    main()
