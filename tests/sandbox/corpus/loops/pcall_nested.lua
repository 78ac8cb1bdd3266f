-- expect: TIMEOUT
-- why: a hundred pcalls within each other, each of which goes on
local function nest(level)
  while true do
    pcall(function()
      if level > 0 then nest(level - 1) end
      while true do end
    end)
  end
end
function Run() nest(100) end
