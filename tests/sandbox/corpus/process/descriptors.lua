-- expect: contained
-- why: the pipes to the game are open in this process: nothing that writes may reach them
function Run()
  local reached = {}
  for descriptor = 0, 5 do
    for _, path in ipairs({ "/dev/fd/" .. descriptor, "/proc/self/fd/" .. descriptor }) do
      if pcall(function() io.open(path, "w"):write("x") end) then reached[#reached + 1] = path end
      if pcall(function() return loadfile(path) end) then reached[#reached + 1] = path end
    end
  end
  if pcall(function() io.write("x") end) or pcall(function() io.stderr:write("x") end) then reached[#reached + 1] = "write" end
  return #reached == 0 and "contained" or reached
end
