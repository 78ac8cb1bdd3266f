-- expect: ok
-- why: stop floods the log
return {
  run = function() return 1 end,
  stop = function() for i = 1, 1e6 do print("still here", i) end end,
}
