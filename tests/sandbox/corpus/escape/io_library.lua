-- expect: contained
-- why: io reads and writes files
function Run()
  local reached = {}
  if io then reached[#reached + 1] = "io" end
  if pcall(require, "io") then reached[#reached + 1] = "require" end
  if pcall(function() return io.open("/etc/passwd") end) then reached[#reached + 1] = "open" end
  return #reached == 0 and "contained" or reached
end
