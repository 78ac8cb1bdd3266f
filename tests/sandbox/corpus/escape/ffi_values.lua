-- expect: contained
-- why: cdata given to the engine's own functions, which work with ffi inside
function Run()
  local literal = load("return 1LL, 9223372036854775807LL, 18446744073709551615ULL, 3i")
  if not literal then return "contained" end
  local a, b, c, d = literal()
  for _, wide in ipairs({ a, b, c, d }) do
    pcall(worker.int, wide)
    pcall(worker.bytes, wide)
    pcall(worker.progress, wide, wide)
    pcall(worker.log, wide, wide)
    pcall(worker.timestamp, wide, wide)
    pcall(worker.array, { 1 }, wide)
    pcall(worker.typed_array, wide, { 1 })
    pcall(worker.typed_array, "q", { wide, wide })
    pcall(worker.typed_array, "d", { wide }, { wide })
    pcall(string.rep, "x", wide)
    pcall(string.rep, wide, 3)
    pcall(string.char, wide)
    pcall(table.new, wide, wide)
    pcall(table.move, { 1 }, wide, wide, wide)
    pcall(utf8.char, wide)
    pcall(utf8.offset, "x", wide)
    pcall(os.date, "%c", wide)
    pcall(bit.band, wide, wide)
    pcall(bit.tohex, wide, wide)
    pcall(error, wide)
    pcall(load, wide)
    pcall(require, wide)
    pcall(math.random, wide, wide)
  end
  return "contained"
end
