-- expect: TIMEOUT FAILED ok
-- why: the stack's end is caught at every level, which goes down again
local function down()
  pcall(string.gsub, "x", "x", down)
  pcall(string.gsub, "x", "x", down)
end
function Run() down() return "ended" end
