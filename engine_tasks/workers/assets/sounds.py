"""Decodes a sound to 16-bit samples: WAV by the standard library, the rest by miniaudio."""

from __future__ import annotations

import array
import io
import sys
import wave

from engine_tasks.workers.assets.kinds import AssetProblem, FileProblem, needs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from engine_tasks.workers.assets.kinds import Request

#: Bytes of a sample that a game is given: signed 16 bits, as its mixer wants them.
SAMPLE_BYTES: Final = 2

_UNSIGNED_TO_SIGNED: Final = bytes(level ^ 0x80 for level in range(256))

#: The flag of an Ogg page that is the last one.
_LAST_PAGE: Final = 4


def decode_sound(content: bytearray, request: Request) -> dict[str, object]:
    """The samples of a sound, in the rate and channels asked for. Raises `FileProblem`."""
    if content[:4] == b"RIFF":
        sound = _plain_wave(content, request)
        if sound is not None:
            return sound
    elif content[:4] == b"OggS":
        _check_ogg_ends(content)
    return _by_miniaudio(content, request)


# --- WAV, where nothing is to be converted but the width of samples ----------------------


def _plain_wave(content: bytearray, request: Request) -> dict[str, object] | None:
    """None for what the standard library cannot read or convert."""
    try:
        reader = wave.open(io.BytesIO(content))  # noqa: SIM115 - of memory
    except EOFError as error:
        raise FileProblem(AssetProblem.BROKEN, "is a truncated WAV file") from error
    except wave.Error as error:
        if "unknown format" in str(error):
            return None
        raise FileProblem(AssetProblem.BROKEN, f"is a broken WAV file: {error}") from error
    rate_hz, channels = reader.getframerate(), reader.getnchannels()
    wanted = request["channels"] or channels
    if request["rate_hz"] not in (None, rate_hz) or channels not in (wanted, 1):
        return None
    count = reader.getnframes()
    _check_size(count, wanted, request)
    raw = reader.readframes(count)
    width = reader.getsampwidth()
    if len(raw) < count * channels * width:
        there = len(raw) // (channels * width)
        reason = f"is a truncated WAV file: it ends after {there:,} of {count:,} frames"
        raise FileProblem(AssetProblem.BROKEN, reason)
    samples = _repeated(_as_16_bit(raw, width), wanted // channels)
    return {"rate_hz": rate_hz, "channels": wanted, "samples": samples}


def _as_16_bit(raw: bytes, width: int) -> bytes | bytearray:
    """Little-endian samples of `width` bytes, of which the upper two are kept."""
    if width == SAMPLE_BYTES:
        return raw
    samples = bytearray(len(raw) // width * SAMPLE_BYTES)
    if width == 1:
        samples[1::2] = raw.translate(_UNSIGNED_TO_SIGNED)
    else:
        samples[0::2] = raw[width - 2 :: width]
        samples[1::2] = raw[width - 1 :: width]
    return samples


def _repeated(samples: bytes | bytearray, times: int) -> bytes | bytearray:
    """Each sample so many times, in this machine's order of bytes."""
    if times == 1 and sys.byteorder == "little":
        return samples
    one = array.array("h", bytes(samples))
    if sys.byteorder == "big":
        one.byteswap()
    every = array.array("h", bytes(len(samples) * times))
    for place in range(times):
        every[place::times] = one
    return every.tobytes()


# --- all else -----------------------------------------------------------------------------


def _by_miniaudio(content: bytearray, request: Request) -> dict[str, object]:
    miniaudio = _miniaudio()
    try:
        info = _info(miniaudio, content)
        rate_hz = request["rate_hz"] or info.sample_rate
        channels = request["channels"] or info.nchannels
        _check_size(info.num_frames * rate_hz // max(info.sample_rate, 1), channels, request)
        decoded = miniaudio.decode(bytes(content), nchannels=channels, sample_rate=rate_hz)
    except (miniaudio.MiniaudioError, ValueError) as error:
        raise FileProblem(AssetProblem.BROKEN, f"is a broken sound: {error}") from error
    _check_whole(len(decoded.samples) // channels, info, rate_hz)
    return {"rate_hz": rate_hz, "channels": channels, "samples": decoded.samples.tobytes()}


def _miniaudio() -> Any:
    try:
        import miniaudio  # noqa: PLC0415 - 100 ms, for a child that loads such sounds
    except ImportError as error:
        raise needs("miniaudio", "a sound that is no plain WAV, or is to be resampled,") from error
    return miniaudio


def _info(miniaudio: Any, content: bytearray) -> Any:
    """The length, rate and channels of a sound, before it is decoded."""
    whole = bytes(content)
    if whole[:4] == b"RIFF":
        return miniaudio.wav_get_info(whole)
    if whole[:4] == b"OggS":
        return miniaudio.vorbis_get_info(whole)
    if whole[:4] == b"fLaC":
        return miniaudio.flac_get_info(whole)
    if whole[:3] == b"ID3" or (len(whole) > 1 and whole[0] == 0xFF and whole[1] & 0xE0 == 0xE0):
        return miniaudio.mp3_get_info(whole)
    raise FileProblem(
        AssetProblem.BROKEN, "is no sound of a format known here: WAV, OGG, MP3, FLAC"
    )


def _check_whole(came: int, info: Any, rate_hz: int) -> None:
    expected = info.num_frames * rate_hz // max(info.sample_rate, 1)
    # A resampler may keep back some frames at the end.
    if came < expected * 0.99 - 1024:
        reason = f"is a truncated sound: it ends after {came:,} of {expected:,} frames"
        raise FileProblem(AssetProblem.BROKEN, reason)


def _check_ogg_ends(content: bytearray) -> None:
    """Ogg says nowhere how long it is, but marks its last page."""
    page = content.rfind(b"OggS")
    flags = content[page + 5] if page + 5 < len(content) else 0
    if not flags & _LAST_PAGE:
        reason = "is a truncated Ogg file: its last page is missing"
        raise FileProblem(AssetProblem.BROKEN, reason)


def _check_size(frames: int, channels: int, request: Request) -> None:
    size = frames * channels * SAMPLE_BYTES
    if size > request["sound_bytes"]:
        reason = f"has {size:,} bytes of samples; the limit is {request['sound_bytes']:,} bytes"
        raise FileProblem(AssetProblem.TOO_LARGE, reason)
