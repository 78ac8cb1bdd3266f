-- expect: ok BAD_RESULT
-- why: a byte on the wire, sixty-four in the game's memory, as often as a result allows
function Run()
  local list, empty = {}, worker.map({})
  for i = 1, 900000 do list[i] = empty end
  return list
end
