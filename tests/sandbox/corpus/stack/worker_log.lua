-- expect: FAILED
-- why: recursion through the worker's own interface
local t = {}
local function down()
  worker.log("info", t)
  worker.progress(0, t)
  return ""
end
setmetatable(t, { __tostring = down })
function Run() return down() end
