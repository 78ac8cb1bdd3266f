-- expect: refused
-- why: init eats the memory
return {
  run = function() return 1 end,
  init = function() local kept = {} while true do kept[#kept + 1] = { kept } end end,
}
