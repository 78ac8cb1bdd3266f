-- expect: contained
-- why: jit.on brings back compiled code, which no hook stops
function Run()
  local reached = {}
  if jit then reached[#reached + 1] = "jit" end
  for _, name in ipairs({ "jit", "jit.opt", "jit.util", "jit.profile", "jit.v", "table.new", "table.clear" }) do
    if pcall(require, name) then reached[#reached + 1] = "require " .. name end
  end
  return #reached == 0 and "contained" or reached
end
