"""The codec against the MessagePack specification, byte for byte."""

import struct

import msgpack
import pytest
from conftest import StartMachine

from engine_tasks.lua.vm import BAD_PAYLOAD, LuaError

#: Bytes of every type and width, and what a script sees, as a Lua expression on `v`.
WIRE_FORMS = [
    ("c0", "v == nil"),
    ("c2", "v == false"),
    ("c3", "v == true"),
    ("00", "v == 0"),
    ("7f", "v == 127"),
    ("ff", "v == -1"),
    ("e0", "v == -32"),
    ("cc80", "v == 128"),
    ("ccff", "v == 255"),
    ("cd0100", "v == 256"),
    ("cdffff", "v == 65535"),
    ("ce00010000", "v == 65536"),
    ("ceffffffff", "v == 4294967295"),
    ("cf0000000100000000", "v == 4294967296"),
    ("cf001fffffffffffff", "v == 9007199254740991"),
    ("d0df", "v == -33"),
    ("d080", "v == -128"),
    ("d1ff7f", "v == -129"),
    ("d18000", "v == -32768"),
    ("d2ffff7fff", "v == -32769"),
    ("d280000000", "v == -2147483648"),
    ("d3ffffffff7fffffff", "v == -2147483649"),
    ("d3ffe0000000000001", "v == -9007199254740991"),
    ("cb3ff8000000000000", "v == 1.5"),
    ("cb8000000000000000", "v == 0 and 1 / v < 0"),
    ("cb7ff0000000000000", "v == math.huge"),
    ("cbfff0000000000000", "v == -math.huge"),
    ("cb7ff8000000000000", "v ~= v"),
    ("a0", "v == ''"),
    ("a3616263", "v == 'abc'"),
    ("bf" + "61" * 31, "v == ('a'):rep(31)"),
    ("d920" + "61" * 32, "v == ('a'):rep(32)"),
    ("d9ff" + "61" * 255, "v == ('a'):rep(255)"),
    ("da0100" + "61" * 256, "v == ('a'):rep(256)"),
    ("db00010000" + "61" * 65536, "v == ('a'):rep(65536)"),
    ("c400", "v.data == ''"),
    ("c403ff00fe", "v.data == '\\255\\0\\254'"),
    ("c50100" + "ff" * 256, "v.data == ('\\255'):rep(256)"),
    ("c600010000" + "ff" * 65536, "v.data == ('\\255'):rep(65536)"),
    ("90", "next(v) == nil"),
    ("9301c0c3", "v[1] == 1 and v[2] == nil and v[3] == true"),
    ("dc0010" + "01" * 16, "#v == 16"),
    ("dd00010000" + "01" * 65536, "#v == 65536"),
    ("80", "next(v) == nil"),
    ("81a16101", "v.a == 1"),
    ("810105", "v[1] == 5"),
    ("81a161c0", "v.a == nil"),
    ("d4057f", "v.code == 5 and v.data == '\\127'"),
    ("d5050102", "v.code == 5 and #v.data == 2"),
    ("d60501020304", "v.code == 5 and #v.data == 4"),
    ("d705" + "01" * 8, "v.code == 5 and #v.data == 8"),
    ("d880" + "01" * 16, "v.code == -128 and #v.data == 16"),
    ("c70005", "v.code == 5 and v.data == ''"),
    ("c70305010203", "v.code == 5 and v.data == '\\1\\2\\3'"),
    ("c8010005" + "01" * 256, "v.code == 5 and #v.data == 256"),
    ("c90001000005" + "01" * 65536, "v.code == 5 and #v.data == 65536"),
    ("d6ff00000001", "v.seconds == 1 and v.nanoseconds == 0"),
    ("d7ff0000000500000001", "v.seconds == 4294967297 and v.nanoseconds == 1"),
    ("c70cff00000005ffffffffffffffff", "v.seconds == -1 and v.nanoseconds == 5"),
    ("c70a02" + b"2024-05-01".hex(), "v.iso == '2024-05-01'"),
]

#: Wider than needed: decoded all the same, and written in the shortest form.
LONGER_FORMS = [
    ("cc05", "05"),
    ("cd0005", "05"),
    ("ce00000005", "05"),
    ("cf0000000000000005", "05"),
    ("d005", "05"),
    ("d0ff", "ff"),
    ("d10005", "05"),
    ("d1ffff", "ff"),
    ("d200000005", "05"),
    ("d3ffffffffffffffff", "ff"),
    ("d30020000000000000", "cf0020000000000000"),
    ("d37fffffffffffffff", "cf7fffffffffffffff"),
    ("ca3fc00000", "cb3ff8000000000000"),
    ("ca7f800000", "cb7ff0000000000000"),
    ("d90161", "a161"),
    ("da000161", "a161"),
    ("db0000000161", "a161"),
    ("c5000161", "c40161"),
    ("c60000000161", "c40161"),
    ("dc000105", "9105"),
    ("dd0000000105", "9105"),
    ("de0001a16105", "81a16105"),
    ("df00000001a16105", "81a16105"),
    ("c7010561", "d40561"),
    ("c7080500112233445566ff", "d70500112233445566ff"),
    ("c70cff000000000000000000000001", "d6ff00000001"),
]

#: 64-bit integers, which LuaJIT has no number for: they come back bit by bit.
WIDE_INTEGERS = [
    (2**53, "9007199254740992"),
    (2**53 + 1, "9007199254740993"),
    (2**63 - 1, "9223372036854775807"),
    (2**63, "9223372036854775808"),
    (2**64 - 1, "18446744073709551615"),
    (-(2**53), "-9007199254740992"),
    (-(2**53) - 1, "-9007199254740993"),
    (-(2**63), "-9223372036854775808"),
]

MALFORMED = [
    ("", "cut short"),
    ("c1", "0xC1"),
    ("cc", "cut short"),
    ("cb3ff800000000", "cut short"),
    ("ca3f", "cut short"),
    ("a361", "cut short"),
    ("d9ff61", "cut short"),
    ("dbffffffff61", "cut short"),
    ("c6ffffffff61", "cut short"),
    ("93" + "01", "more than the payload holds"),
    ("ddffffffff", "more than the payload holds"),
    ("dfffffffff", "more than the payload holds"),
    ("81a161", "cut short"),
    ("d405", "cut short"),
    ("c9ffffffff05", "cut short"),
    ("c7ff", "cut short"),
    ("0101", "more bytes than one value"),
    ("81c001", "a map key is nil"),
    ("81cb7ff800000000000001", "a map key is NaN"),
    ("819001", "a map key is an array"),
    ("c701ff00", "a timestamp"),
    ("d7ffffffffff00000000", "a timestamp"),
    ("c70301640100", "typed array"),
    ("c7030164007f", "typed array"),
    ("c70701640102000000ff", "typed array"),
    ("c70601780100000000", "typed array"),
]


@pytest.mark.parametrize(("wire", "meaning"), WIRE_FORMS, ids=lambda value: value[:24])
def test_every_type_and_width_is_seen_and_goes_back_as_it_came(
    start: StartMachine, wire: str, meaning: str
) -> None:
    script = f"function Run(v) assert({meaning}); return v end"
    machine = start(script, result_values=100_000)
    payload = bytes.fromhex(wire)
    assert machine.vm.run(payload) == payload


@pytest.mark.parametrize(("longer", "shortest"), LONGER_FORMS)
def test_numbers_and_lengths_are_written_in_their_shortest_form(
    start: StartMachine, longer: str, shortest: str
) -> None:
    assert start().vm.run(bytes.fromhex(longer)).hex() == shortest


@pytest.mark.parametrize(("number", "digits"), WIDE_INTEGERS)
def test_a_wide_integer_survives_and_prints_its_digits(
    start: StartMachine, number: int, digits: str
) -> None:
    machine = start("function Run(v) worker.log('info', tostring(v)); return v end")
    payload = msgpack.packb(number)
    assert machine.vm.run(payload) == payload
    assert machine.host.logs == [("info", digits)]


@pytest.mark.parametrize(("wire", "problem"), MALFORMED)
def test_malformed_bytes_are_a_bad_payload_that_says_why(
    start: StartMachine, wire: str, problem: str
) -> None:
    machine = start()
    with pytest.raises(LuaError, match=problem) as caught:
        machine.vm.run(bytes.fromhex(wire))
    assert caught.value.kind == BAD_PAYLOAD
    assert machine.run(1) == 1


def test_nested_headers_that_lie_allocate_nothing(start: StartMachine) -> None:
    machine = start(memory_bytes=8 * 1024 * 1024)
    lying = (b"\xdd" + struct.pack(">I", 1_000_000)) * 90 + b"\xc0" * 1_000_000
    with pytest.raises(LuaError) as caught:
        machine.vm.run(lying)
    assert caught.value.kind == BAD_PAYLOAD


def test_depth_is_limited_both_ways(start: StartMachine) -> None:
    machine = start(
        """function Run(levels)
             if type(levels) ~= "number" then return levels end
             local value = {}
             for _ = 2, levels do value = { value } end
             return value
           end""",
        depth=10,
    )
    ten, eleven = b"\x91" * 9 + b"\x90", b"\x91" * 10 + b"\x90"
    assert machine.vm.run(ten) == ten
    assert machine.vm.run(b"\x0a") == ten
    with pytest.raises(LuaError, match="nested deeper than 10 levels"):
        machine.vm.run(eleven)
    with pytest.raises(LuaError, match=r"result\[1\].*nested deeper than 10 levels"):
        machine.vm.run(b"\x0b")
