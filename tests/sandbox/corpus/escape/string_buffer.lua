-- expect: contained
-- why: string.buffer gives raw pointers without ffi
function Run()
  local reached = {}
  if string.buffer then reached[#reached + 1] = "string.buffer" end
  if pcall(require, "string.buffer") then reached[#reached + 1] = "require" end
  for name in pairs(string) do
    if name == "buffer" or name == "encode" then reached[#reached + 1] = name end
  end
  return #reached == 0 and "contained" or reached
end
