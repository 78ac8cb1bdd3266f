-- expect: ok BAD_RESULT
-- why: shapes that multiply to nothing, overflow, or have more dimensions than any library knows
-- turns: 9
local MAX = 4294967295
local SHAPES = {
  { 0, MAX }, { 0, MAX, MAX, MAX }, { 65536, 65536, 65536, 65536 }, { MAX, MAX, 0 }, { 0 }, {},
  { 2 ^ 31, 2 ^ 33 }, { 1, -1 }, false,
}
function Run(turn)
  local shape = SHAPES[turn]
  if shape == false then
    shape = {}
    for i = 1, 255 do shape[i] = i == 255 and 0 or 1 end
  end
  local ok, array = pcall(worker.typed_array, "d", {}, shape)
  return ok and array or "refused"
end
