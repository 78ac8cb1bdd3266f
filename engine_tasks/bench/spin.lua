---Keeps a core busy: the Park-Miller generator of `work.spin`, exact in a double.
---@param steps integer
---@return integer
function Run(steps)
  local state = 1
  for _ = 1, steps do
    state = state * 16807 % 2147483647
  end
  return state
end
