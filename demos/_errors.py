"""What ends a scene with one line on stderr and exit status 2."""


class SceneError(Exception):
    """A scene cannot start or go on; the message is for whoever typed the command."""
