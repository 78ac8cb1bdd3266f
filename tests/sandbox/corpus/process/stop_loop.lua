-- expect: ok
-- why: a loop in stop: the end of the worker is bounded all the same
return {
  run = function() return 1 end,
  stop = function() while true do pcall(function() while true do end end) end end,
}
