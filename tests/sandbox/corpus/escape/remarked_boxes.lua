-- expect: BAD_RESULT ok
-- why: the engine's own values, declared to be something else
function Run()
  local big, bytes = worker.int("18446744073709551615"), worker.bytes("x")
  worker.array(big, 3)
  worker.map(bytes)
  bytes.data = { print }
  local list = worker.typed_array("d", { 1, 2 }, { 1, 2 })
  worker.array(list, 9)
  return { big, list, bytes }
end
