-- expect: FAILED
-- why: a __tostring that gives a table, or is no function
function Run(turn)
  error(setmetatable({}, { __tostring = turn == 1 and function() return {} end or 5 }))
end
