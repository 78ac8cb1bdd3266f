-- expect: ok
-- why: a stop that raises when the worker ends
return {
  run = function() return 1 end,
  stop = function() error(setmetatable({}, { __tostring = error })) end,
}
