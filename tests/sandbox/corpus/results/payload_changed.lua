-- expect: ok
-- why: the payload itself, bent before it goes back
-- turns: 2
function Run(payload)
  local t = setmetatable({ payload }, { __index = function() error("x") end, __len = function() return -1 end })
  t[3] = t[1]
  return t
end
