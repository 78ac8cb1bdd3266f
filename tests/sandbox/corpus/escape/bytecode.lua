-- expect: contained
-- why: the head of every kind of bytecode, with and without a mode, whole and in pieces
local HEADS = {
  "\27Lua", "\27LJ\2", "\27LJ\1", "\27LJ", "\27LuaS\0\25\147\r\n\26\n", "\27LuaT\0\25\147\r\n\26\n",
  "\27LuaQ\0\1\4\8\4\8\0", "\27LuaR", "\27", "\27L", "\27\0\0\0",
}
function Run()
  local reached = {}
  local function try(name, ...)
    local ok, chunk = pcall(...)
    if ok and type(chunk) == "function" then reached[#reached + 1] = name end
  end
  for _, head in ipairs(HEADS) do
    for _, body in ipairs({ "", "\0\0\0\0\0\0\0\0", ("\255"):rep(100) }) do
      local code = head .. body
      try("load", load, code)
      try("mode b", load, code, "x", "b")
      try("mode bt", load, code, "x", "bt", {})
      try("loadstring", loadstring, code)
      local place = 0
      try("reader", load, function()
        place = place + 1
        return place <= #code and code:sub(place, place) or nil
      end)
      try("bytes", load, worker.bytes(code))
      try("after a comment", load, "#\n" .. code)
      try("after a mark", load, "\239\187\191" .. code)
    end
  end
  return #reached == 0 and "contained" or reached
end
