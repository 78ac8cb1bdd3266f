"""Finds and reads a file, within its limits. Runs where the worker does, never in a frame."""

from __future__ import annotations

import errno
import os
import stat

from engine_tasks import this_task
from engine_tasks.workers.assets.kinds import AssetProblem, FileProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

#: Bytes read at once. Between two of them the game may cancel, and learns how far it is.
PART_BYTES: Final = 1 << 20

#: The share of a file's progress that reading is; the rest is decoding.
READING: Final = 0.5

#: A pipe without a writer must not hold the child: opened so, it answers at once.
_FLAGS: Final = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")
)

#: `ERROR_SHARING_VIOLATION` of Windows: another program writes the file just now.
_SHARING_VIOLATION: Final = 32


def located(path: str, root: str | None) -> str:
    """The real path of a file that has to lie within `root`, links followed.

    Without a `root` the path as it is. Raises `FileProblem` for one that leads out of it,
    whether there is such a file or not.
    """
    if root is None:
        return path
    try:
        real_root = os.path.realpath(root)
        real = os.path.realpath(os.path.join(real_root, path))  # noqa: PTH118 - as in `kinds`
    except ValueError as error:
        raise _no_name(error) from error
    if not _is_within(real, real_root):
        raise FileProblem(AssetProblem.OUTSIDE, f"leads out of its root folder {root}")
    return real


def _no_name(error: ValueError) -> FileProblem:
    return FileProblem(AssetProblem.MISSING, f"is no name of a file: {error}")


def _is_within(path: str, folder: str) -> bool:
    try:
        return os.path.commonpath([path, folder]) == folder
    except ValueError:  # on different drives
        return False


def read_file(path: str, most_bytes: int) -> bytearray:
    """The content of a regular file; tells the game how far it is.

    Raises `FileProblem` for what another attempt would not mend, `OSError` for the rest.
    """
    try:
        fd = os.open(path, _FLAGS)
        try:
            return _content(fd, most_bytes)
        finally:
            os.close(fd)
    except ValueError as error:  # a NUL in the name
        raise _no_name(error) from error
    except OSError as error:
        raise _final(error) or error from None


def _content(fd: int, most_bytes: int) -> bytearray:
    status = os.fstat(fd)
    if stat.S_ISDIR(status.st_mode):
        raise FileProblem(AssetProblem.MISSING, "is a folder, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise FileProblem(AssetProblem.UNREADABLE, "is a device or a pipe, not a file")
    content = bytearray()
    size = status.st_size
    while size <= most_bytes:
        part = os.read(fd, PART_BYTES)
        if not part:
            return content
        content += part
        size = max(size, len(content))
        if size > PART_BYTES:
            tell(READING * len(content) / size, "reading")
    raise FileProblem(
        AssetProblem.TOO_LARGE, f"has {size:,} bytes; the limit is {most_bytes:,} bytes"
    )


def tell(share: float, doing: str) -> None:
    """Say how far a file is. Raises `FileProblem` where the game does not want it any more."""
    if this_task.cancelled():
        raise FileProblem(AssetProblem.CANCELLED, "was taken back")
    this_task.progress(share, doing)


#: Errors that mean the same at each attempt.
_LASTING: Final = {
    errno.ENOENT: (AssetProblem.MISSING, "does not exist"),
    errno.ENOTDIR: (AssetProblem.MISSING, "does not exist: a part of the path is no folder"),
    errno.EISDIR: (AssetProblem.MISSING, "is a folder, not a file"),
    errno.ENAMETOOLONG: (AssetProblem.MISSING, "is too long for the name of a file"),
    errno.ELOOP: (AssetProblem.MISSING, "is a link that leads back to itself"),
    errno.EACCES: (AssetProblem.UNREADABLE, "may not be read: permission denied"),
    errno.EPERM: (AssetProblem.UNREADABLE, "may not be read: permission denied"),
    errno.ENXIO: (AssetProblem.UNREADABLE, "is a device or a pipe, not a file"),
}


def _final(error: OSError) -> FileProblem | None:
    if getattr(error, "winerror", None) == _SHARING_VIOLATION:
        return None
    is_denied_folder = os.name == "nt" and os.path.isdir(error.filename or "")  # noqa: PTH112
    if is_denied_folder:  # which Windows does not open at all
        return FileProblem(*_LASTING[errno.EISDIR])
    lasting = _LASTING.get(error.errno or 0)
    return None if lasting is None else FileProblem(*lasting)
