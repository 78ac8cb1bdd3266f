"""`python -m engine_tasks.cli`: the command line without its console script."""

from engine_tasks.cli import main

if __name__ == "__main__":
    main()
