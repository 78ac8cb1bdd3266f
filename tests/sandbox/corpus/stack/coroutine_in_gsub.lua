-- expect: FAILED
-- why: two kinds of C call take turns, so that a limit of each alone is not enough
local function down()
  return (("x"):gsub("x", function() return (coroutine.wrap(down)()) end))
end
function Run() return down() end
