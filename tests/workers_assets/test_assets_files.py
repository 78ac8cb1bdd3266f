"""What may be read, and how it is refused."""

import os
import sys
from pathlib import Path

import pytest
from asset_files import loaded, problem

LINKS = pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="needs links")
PIPES = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")


@pytest.fixture
def mod(tmp_path: Path) -> Path:
    """A mod's folder, beside a file that is none of its business."""
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "mod" / "art").mkdir(parents=True)
    (tmp_path / "mod" / "art" / "hero.txt").write_text("hero")
    (tmp_path / "modern").mkdir()
    (tmp_path / "modern" / "other.txt").write_text("other")
    return tmp_path / "mod"


def test_a_path_within_the_root_is_read(mod: Path) -> None:
    for path in ("art/hero.txt", "art/../art/hero.txt", mod / "art" / "hero.txt"):
        assert loaded(path, "bytes", root=str(mod)) == b"hero"


@pytest.mark.parametrize(
    "path", ["../secret.txt", "art/../../secret.txt", "../modern/other.txt", "..", "../missing.txt"]
)
def test_a_path_that_leads_out_of_the_root_is_refused(mod: Path, path: str) -> None:
    kind, reason = problem(path, "bytes", root=str(mod))
    assert (kind, reason) == ("OUTSIDE", f"leads out of its root folder {mod}")


def test_an_absolute_path_out_of_the_root_is_refused(mod: Path) -> None:
    assert problem(mod.parent / "secret.txt", "bytes", root=str(mod))[0] == "OUTSIDE"


@LINKS
def test_a_link_that_leads_out_of_the_root_is_refused(mod: Path) -> None:
    (mod / "innocent.txt").symlink_to(mod.parent / "secret.txt")
    (mod / "folder").symlink_to(mod.parent)
    assert problem("innocent.txt", "bytes", root=str(mod))[0] == "OUTSIDE"
    assert problem("folder/secret.txt", "bytes", root=str(mod))[0] == "OUTSIDE"
    assert problem("folder/missing.txt", "bytes", root=str(mod))[0] == "OUTSIDE"


@LINKS
def test_a_root_may_be_a_link_itself(mod: Path) -> None:
    link = mod.parent / "link"
    link.symlink_to(mod)
    assert loaded("art/hero.txt", "bytes", root=str(link)) == b"hero"


def test_what_is_missing_is_said_to_be(mod: Path) -> None:
    assert problem(mod / "none.png", "image") == ("MISSING", "does not exist")
    assert problem(mod, "bytes") == ("MISSING", "is a folder, not a file")
    assert problem(mod / "art" / "hero.txt" / "x", "bytes")[0] == "MISSING"
    assert problem(mod / ("x" * 5000), "bytes")[0] == "MISSING"
    assert problem("a\0b", "bytes")[0] == "MISSING"
    assert problem("a\0b", "bytes", root=str(mod))[0] == "MISSING"


@PIPES
def test_a_pipe_does_not_hold_the_worker(mod: Path) -> None:
    os.mkfifo(mod / "pipe")
    assert problem(mod / "pipe", "bytes") == (
        "UNREADABLE",
        "is a device or a pipe, not a file",
    )


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device")
def test_a_device_without_an_end_is_refused() -> None:
    assert problem("/dev/zero", "bytes")[0] == "UNREADABLE"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_a_file_that_says_it_is_empty_and_is_not_is_read_within_the_limit() -> None:
    assert len(loaded("/proc/self/status", "bytes")) > 100
    assert problem("/proc/self/status", "bytes", file_bytes=100)[0] == "TOO_LARGE"


def test_a_file_over_the_limit_is_not_read(mod: Path) -> None:
    with (mod / "large").open("wb") as file:
        file.truncate(10_000_000_000)  # a hole: it takes no room
    kind, reason = problem(mod / "large", "bytes")
    assert (kind, reason) == (
        "TOO_LARGE",
        "has 10,000,000,000 bytes; the limit is 16,777,216 bytes",
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_what_another_attempt_may_mend_is_raised() -> None:
    with pytest.raises(OSError, match="Input/output error"):  # nothing is mapped at 0
        problem("/proc/self/mem", "bytes")
