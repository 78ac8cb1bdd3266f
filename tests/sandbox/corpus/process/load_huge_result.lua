-- expect: ok
-- why: the chunk returns something enormous beside its run
local all = {}
for i = 1, 100000 do all[i] = { i } end
return { run = function() return 1 end, all = all }
