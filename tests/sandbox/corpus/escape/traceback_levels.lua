-- expect: contained
-- why: error levels that point into the engine's own frames
function Run()
  local reached = {}
  for _, level in ipairs({ -1, 0, 1, 2, 3, 5, 10, 100, 2 ^ 31 - 1, -2 ^ 31, 1e9 }) do
    local ok, problem = pcall(error, "x", level)
    if ok or type(problem) ~= "string" or #problem > 200 then reached[#reached + 1] = tostring(level) end
  end
  return #reached == 0 and "contained" or reached
end
