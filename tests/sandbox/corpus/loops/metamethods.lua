-- expect: TIMEOUT
-- why: a loop inside each of __index, __newindex, __call, __concat and __eq
function Run()
  local function loop() while true do end end
  local m = { __index = loop, __newindex = loop, __call = loop, __concat = loop, __eq = loop }
  local function new() return setmetatable({}, m) end
  while true do
    pcall(function() return new().x end)
    pcall(function() new().x = 1 end)
    pcall(function() new()() end)
    pcall(function() return new() .. "x" end)
    pcall(function() return new() == new() end)
  end
end
