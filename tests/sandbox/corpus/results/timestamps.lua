-- expect: ok BAD_RESULT
-- why: instants that Python's calendar does not have
-- turns: 8
local SECONDS = { 2 ^ 62, -2 ^ 62, 2 ^ 40, -2 ^ 40, 253402300800, -62135596801, 0 / 0, math.huge }
function Run(turn)
  local ok, value = pcall(worker.timestamp, SECONDS[turn], 999999999)
  return ok and value or "refused"
end
