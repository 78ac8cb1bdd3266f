-- expect: contained
-- why: ffi calls any C function; LuaJIT's literal 1LL loads it by itself
function Run()
  local reached = {}
  local literal = load("return 1LL, 2ULL, 3i")
  local wide = literal and literal() or 0
  if ffi or (package and package.loaded) then reached[#reached + 1] = "global" end
  if pcall(require, "ffi") then reached[#reached + 1] = "require" end
  if pcall(require, "jit.util") or pcall(require, "bit") then reached[#reached + 1] = "require jit.util" end
  local ok, metatable = pcall(getmetatable, wide)
  if ok and type(metatable) == "table" then reached[#reached + 1] = "metatable of cdata" end
  if type(wide) == "cdata" then
    for _, key in ipairs({ "new", "cast", "C", "__index", "ptr" }) do
      local found, value = pcall(function() return wide[key] end)
      if found and value ~= nil then reached[#reached + 1] = "member " .. key end
    end
    if pcall(function() wide.x = 1 end) then reached[#reached + 1] = "write to cdata" end
    if pcall(function() return wide() end) then reached[#reached + 1] = "call of cdata" end
  end
  return #reached == 0 and "contained" or reached
end
