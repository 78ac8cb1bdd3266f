-- expect: refused
-- why: the chunk eats the memory
local kept = {}
while true do kept[#kept + 1] = { kept } end
