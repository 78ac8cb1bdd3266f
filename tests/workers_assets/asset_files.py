"""Files to load, made on the spot."""

import io
import math
import struct
import wave
from pathlib import Path
from typing import Any

from PIL import Image

from engine_tasks.workers.assets.loading import load

PIXELS = bytes(range(48))  # 4 x 3 RGBA, each byte another


def request(path: Path | str, kind: str, **changes: Any) -> dict[str, Any]:
    """What a loader asks of the child."""
    return {
        "kind": kind,
        "path": str(path),
        "root": None,
        "file_bytes": 1 << 24,
        "pixels": 1 << 22,
        "sound_bytes": 1 << 24,
        "values": 1000,
        "pixel_format": "RGBA",
        "flip": False,
        "rate_hz": None,
        "channels": None,
        **changes,
    }


def loaded(path: Path | str, kind: str, **changes: Any) -> Any:
    """The value that the child's function gives for a file."""
    answer: Any = load(request(path, kind, **changes))
    assert "problem" not in answer, answer
    return answer["value"]


def problem(path: Path | str, kind: str, **changes: Any) -> tuple[str, str]:
    """What the child's function finds wrong with a file."""
    answer: Any = load(request(path, kind, **changes))
    return answer["problem"], answer["reason"]


def png(size: tuple[int, int] = (4, 3), mode: str = "RGBA", content: bytes = PIXELS) -> bytes:
    """A PNG of these pixels."""
    out = io.BytesIO()
    Image.frombytes(mode, size, content).save(out, "PNG")
    return out.getvalue()


def wav(frames: int = 100, rate_hz: int = 22_050, channels: int = 1, width: int = 2) -> bytes:
    """A WAV file of a ramp: in 16 bits its samples are 0, 256, 512 and so on."""
    out = io.BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate_hz)
        for frame in range(frames):
            level = frame % 100
            sample = bytes([level + 128]) if width == 1 else bytes(width - 1) + bytes([level])
            writer.writeframes(sample * channels)
    return out.getvalue()


def float_wav(frames: int = 2_000, rate_hz: int = 22_050) -> bytes:
    """A WAV file of floating-point samples, which the standard library does not read."""
    samples = b"".join(struct.pack("<f", math.sin(n / 10)) for n in range(frames))
    head = struct.pack("<HHIIHH", 3, 1, rate_hz, 4 * rate_hz, 4, 32)
    chunks = b"fmt " + struct.pack("<I", 16) + head
    chunks += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def font(table: bytes = b"some table") -> bytes:
    """An OpenType font of one table: enough to be told from a part of one."""
    head = b"OTTO" + struct.pack(">HHHH", 1, 16, 0, 0)
    return head + struct.pack(">4sIII", b"CFF ", 0, 28, len(table)) + table
