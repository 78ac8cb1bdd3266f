-- expect: ok
-- why: yields through C functions, metamethods and pcall, and one outside any coroutine
function Run()
  local function yielding() return coroutine.yield("inside") end
  local m = { __index = yielding, __tostring = yielding, __lt = yielding, __concat = yielding }
  local ways = {
    function() return ("x"):gsub("x", yielding) end,
    function() table.sort({ 3, 2, 1 }, yielding) end,
    function() return setmetatable({}, m).x end,
    function() return tostring(setmetatable({}, m)) end,
    function() return setmetatable({}, m) < setmetatable({}, m) end,
    function() return setmetatable({}, m) .. "x" end,
    function() return pcall(yielding) end,
    function() return xpcall(yielding, yielding) end,
    function() return xpcall(error, yielding) end,
    function() return load(yielding) end,
    function() print(setmetatable({}, m)) end,
    function() for _ in yielding do break end end,
  }
  for _, way in ipairs(ways) do
    local thread = coroutine.create(way)
    for _ = 1, 5 do coroutine.resume(thread, "x") end
  end
  assert(not pcall(coroutine.yield, "outside"))
  return "ended"
end
