-- expect: ok
-- why: stop eats the memory
return {
  run = function() return 1 end,
  stop = function() local kept = {} while true do kept[#kept + 1] = { kept } end end,
}
