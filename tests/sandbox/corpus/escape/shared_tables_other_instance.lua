-- expect: contained
-- why: what one instance writes, no other instance sees
-- turns: 8
-- instances: 2
local mine = worker.instance
function Run()
  local reached = {}
  for _, library in ipairs({ string, table, math, os, coroutine, utf8, bit, worker, WorkerFunction, _G }) do
    if library.owner ~= nil and library.owner ~= mine then reached[#reached + 1] = tostring(library.owner) end
    library.owner = mine
  end
  if worker.instance ~= mine then reached[#reached + 1] = "another's worker table" end
  return #reached == 0 and "contained" or reached
end
