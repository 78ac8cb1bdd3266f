-- expect: FAILED ok
-- why: values of the engine's own types, made and printed where the stack ends
local function use()
  tostring(worker.bytes("x"))
  tostring(worker.int("18446744073709551615"))
  worker.typed_array("d", { 1 })
end
local function down()
  if not pcall(down) then use() end -- at the brink, then again wherever that fails
  return 1
end
function Run() return down() end
