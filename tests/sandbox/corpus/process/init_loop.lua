-- expect: refused
-- why: a loop in init
return {
  run = function() return 1 end,
  init = function() while true do pcall(function() while true do end end) end end,
}
