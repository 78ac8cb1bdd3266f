"""Each kind of file becomes what a game's own libraries take, or an error that says why not."""

import array
import io
import struct
import sys
import zlib
from pathlib import Path
from random import Random

import pytest
from asset_files import PIXELS, float_wav, font, loaded, png, problem, wav
from PIL import Image

from engine_tasks.workers.assets import kind_of

#: A PNG whose pixels cannot be compressed.
NOISE = png((64, 64), "RGB", Random(1).randbytes(64 * 64 * 3))


def _written(folder: Path, name: str, content: bytes | bytearray | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- images ---------------------------------------------------------------------------------


def test_an_image_becomes_its_pixels(tmp_path: Path) -> None:
    path = _written(tmp_path, "a.png", png())
    assert loaded(path, "image") == {"width": 4, "height": 3, "format": "RGBA", "pixels": PIXELS}


def test_pixels_come_in_the_order_asked_for(tmp_path: Path) -> None:
    path = _written(tmp_path, "a.png", png())
    assert loaded(path, "image", pixel_format="BGRA")["pixels"][:4] == bytes([2, 1, 0, 3])
    assert loaded(path, "image", pixel_format="RGB")["pixels"][:6] == bytes([0, 1, 2, 4, 5, 6])


def test_a_flipped_image_begins_with_its_bottom_row(tmp_path: Path) -> None:
    path = _written(tmp_path, "a.png", png())
    assert loaded(path, "image", flip=True)["pixels"] == PIXELS[32:] + PIXELS[16:32] + PIXELS[:16]


@pytest.mark.parametrize("name", ["a.jpg", "a.webp", "a.bmp", "a.gif", "a.tga", "a.tif", "a.qoi"])
def test_what_games_draw_with_is_read(tmp_path: Path, name: str) -> None:
    Image.new("RGB", (5, 4), (200, 40, 10)).save(tmp_path / name)
    image = loaded(tmp_path / name, "image")
    assert (image["width"], image["height"], len(image["pixels"])) == (5, 4, 80)
    assert abs(image["pixels"][0] - 200) < 9
    assert image["pixels"][3] == 255


def test_sixteen_bits_a_pixel_keep_their_upper_eight(tmp_path: Path) -> None:
    Image.frombytes("I;16", (2, 1), struct.pack("<HH", 0x8000, 0x40FF)).save(tmp_path / "a.png")
    assert loaded(tmp_path / "a.png", "image")["pixels"] == bytes(
        [128] * 3 + [255] + [64] * 3 + [255]
    )


@pytest.mark.parametrize("keep", [20, 45, 1000, len(NOISE) - 100])
def test_a_truncated_image_is_an_error(tmp_path: Path, keep: int) -> None:
    assert problem(_written(tmp_path, "a.png", NOISE[:keep]), "image")[0] == "BROKEN"


def test_a_damaged_image_is_an_error(tmp_path: Path) -> None:
    damaged = bytearray(NOISE)
    damaged[-40] ^= 0xFF
    kind, reason = problem(_written(tmp_path, "a.png", damaged), "image")
    assert (kind, reason.startswith("is a truncated or broken image: ")) == ("BROKEN", True)


def test_what_is_no_image_is_said_to_be_none(tmp_path: Path) -> None:
    kind, reason = problem(_written(tmp_path, "a.png", "hello"), "image")
    assert (kind, "no image of a format that is known here: PNG" in reason) == ("BROKEN", True)


def test_a_format_that_runs_programs_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.eps")
    kind, reason = problem(tmp_path / "a.eps", "image")
    assert (kind, "no image of a format that is known here" in reason) == ("BROKEN", True)


def _bomb(side: int) -> bytes:
    """A PNG that claims to be large: its pixels are not even there."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [2049, 3000, 60_000])
def test_an_image_bomb_is_an_error_before_it_is_decoded(tmp_path: Path, side: int) -> None:
    kind, reason = problem(_written(tmp_path, "a.png", _bomb(side)), "image")
    assert kind == "TOO_LARGE"
    assert "the limit is 4,194,304 pixels" in reason


def test_without_pillow_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _written(tmp_path, "a.png", png())
    monkeypatch.setitem(sys.modules, "PIL", None)
    kind, reason = problem(path, "image")
    assert kind == "NEEDS_LIBRARY"
    assert "needs Pillow" in reason
    assert "pip install 'engine-tasks[assets]'" in reason


# --- sounds ---------------------------------------------------------------------------------


def test_a_wav_becomes_its_samples(tmp_path: Path) -> None:
    sound = loaded(_written(tmp_path, "a.wav", wav(100)), "sound")
    assert (sound["rate_hz"], sound["channels"]) == (22_050, 1)
    assert list(array.array("h", sound["samples"])) == [256 * level for level in range(100)]


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_samples_of_any_width_become_sixteen_bits(tmp_path: Path, width: int) -> None:
    sound = loaded(_written(tmp_path, "a.wav", wav(50, width=width)), "sound")
    assert list(array.array("h", sound["samples"])) == [256 * level for level in range(50)]


def test_one_channel_becomes_two_without_a_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    sound = loaded(_written(tmp_path, "a.wav", wav(3)), "sound", channels=2, rate_hz=22_050)
    assert list(array.array("h", sound["samples"])) == [0, 0, 256, 256, 512, 512]


def test_a_sound_is_resampled_to_the_rate_asked_for(tmp_path: Path) -> None:
    sound = loaded(_written(tmp_path, "a.wav", wav(2205)), "sound", channels=2, rate_hz=44_100)
    assert (sound["rate_hz"], sound["channels"]) == (44_100, 2)
    assert abs(len(sound["samples"]) // 4 - 4410) < 20


def test_floating_point_samples_are_read(tmp_path: Path) -> None:
    sound = loaded(_written(tmp_path, "a.wav", float_wav(2000)), "sound")
    assert len(sound["samples"]) == 4000
    assert max(array.array("h", sound["samples"])) > 32_000


@pytest.mark.parametrize("keep", [13, 30, 60, 200])
def test_a_truncated_wav_is_an_error(tmp_path: Path, keep: int) -> None:
    kind, reason = problem(_written(tmp_path, "a.wav", wav(1000)[:keep]), "sound")
    assert (kind, "WAV file" in reason) == ("BROKEN", True)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"OggS" + bytes(100), b"fLaC" + bytes(100), b"ID3" + bytes(100), b"\xff\xfb"],
)
def test_what_is_no_sound_is_an_error(tmp_path: Path, content: bytes) -> None:
    assert problem(_written(tmp_path, "a.ogg", content), "sound")[0] == "BROKEN"


def test_a_sound_that_becomes_too_large_is_an_error_before_it_is_decoded(tmp_path: Path) -> None:
    path = _written(tmp_path, "a.wav", wav(1000))
    kind, reason = problem(path, "sound", channels=2, sound_bytes=3999)
    assert (kind, reason) == (
        "TOO_LARGE",
        "has 4,000 bytes of samples; the limit is 3,999 bytes",
    )
    assert problem(path, "sound", rate_hz=44_100, sound_bytes=3999)[0] == "TOO_LARGE"


def test_without_miniaudio_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    path = _written(tmp_path, "a.wav", wav())
    kind, reason = problem(path, "sound", rate_hz=48_000)
    assert (kind, "needs miniaudio" in reason) == ("NEEDS_LIBRARY", True)


# --- fonts, documents, bytes ------------------------------------------------------------------


def test_a_font_comes_as_its_bytes(tmp_path: Path) -> None:
    assert loaded(_written(tmp_path, "a.otf", font()), "font") == font()


@pytest.mark.parametrize("content", [b"", b"OTTO", font()[:20], font()[:-1], b"not a font at all"])
def test_a_part_of_a_font_is_an_error(tmp_path: Path, content: bytes) -> None:
    assert problem(_written(tmp_path, "a.otf", content), "font")[0] == "BROKEN"


def test_json_and_toml_come_as_values(tmp_path: Path) -> None:
    path = _written(tmp_path, "a.json", '\ufeff{"waves": [1, 2.5, null, "ü"]}'[1:])
    assert loaded(path, "json") == {"waves": [1, 2.5, None, "ü"]}
    path = _written(tmp_path, "a.toml", "name = 'x'\r\nborn = 2024-05-06\nat = 07:08:09\n")
    assert loaded(path, "toml") == {"name": "x", "born": "2024-05-06", "at": "07:08:09"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"a": 1,\n "b": }', "is no valid JSON: line 2, column 7: Expecting value"),
        ("", "is no valid JSON: line 1, column 1: Expecting value"),
        ("[" * 100_000, "is no valid JSON: it is nested too deeply"),
        (b'"\xff"', "is no valid JSON: byte 1 is no UTF-8"),
    ],
)
def test_a_mistake_in_json_is_named_with_its_place(
    tmp_path: Path, content: str | bytes, says: str
) -> None:
    assert problem(_written(tmp_path, "a.json", content), "json") == ("BROKEN", says)


def test_a_mistake_in_toml_is_named_with_its_place(tmp_path: Path) -> None:
    kind, reason = problem(_written(tmp_path, "a.toml", "a = 1\nb = = 2\n"), "toml")
    assert (kind, "at line 2, column 5" in reason) == ("BROKEN", True)


def test_a_document_of_too_many_values_is_an_error(tmp_path: Path) -> None:
    path = _written(tmp_path, "a.json", f"[{','.join(['[1]'] * 500)}]")
    kind, reason = problem(path, "json")
    assert (kind, reason) == ("TOO_LARGE", "holds 1,001 values; the limit is 1,000")
    assert len(loaded(path, "json", values=1001)) == 500


def test_bytes_are_left_as_they_are(tmp_path: Path) -> None:
    content = io.BytesIO(bytes(range(256)) * 9000).getvalue()
    assert loaded(_written(tmp_path, "a.dat", content), "bytes") == content


def test_the_end_of_a_name_says_what_a_file_is() -> None:
    names = ("a.PNG", "b.ogg", "c.ttf", "d.json", "e.toml", "f.tmx", "g.lua", ".png", "h")
    kinds = [str(kind_of(name)) for name in names]
    assert kinds == ["image", "sound", "font", "json", "toml", "tiled", "bytes", "bytes", "bytes"]
