"""What a measured Lua machine has for a game: nobody.

Imported by a process that must stay as bare as a child: nothing heavy here.
"""


class SilentHost:
    """Takes what a script says, and has nothing for it: a machine's `Host`."""

    def log(self, level: str, message: str) -> None:
        """Nothing."""

    def progress(self, share: float, note: str) -> None:
        """Nothing."""

    def cancelled(self) -> bool:
        """Never."""
        return False

    def module_source(self, _name: str) -> tuple[str, bytes] | None:
        """There is none."""
        return None
