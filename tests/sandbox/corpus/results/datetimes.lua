-- expect: ok BAD_RESULT
-- why: texts that are no datetime
-- turns: 6
local TEXTS = { "x", "", "99999-99-99T99:99:99", ("1"):rep(100000), "\255", "2020-01-01T00:00:00+99:99" }
function Run(turn)
  local ok, value = pcall(worker.datetime, TEXTS[turn])
  return ok and value or "refused"
end
