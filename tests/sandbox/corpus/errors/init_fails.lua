-- expect: refused
-- why: an init that raises an object which loops when shown is cut off as well
return {
  run = function() return 1 end,
  init = function() error({ message = "init says no" }) end,
}
