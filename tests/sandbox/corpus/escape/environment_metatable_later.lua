-- expect: ok
-- why: traps in _G that wait for the next task
-- turns: 3
local function trap() error("trap") end
function Run(turn)
  setmetatable(_G, { __index = trap, __newindex = trap, __call = trap, __len = trap, __pairs = trap, __tostring = trap })
  rawset(_G, "debug", nil)
  rawset(_G, "python", { traceback = trap })
  return turn
end
