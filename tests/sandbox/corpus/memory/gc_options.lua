-- expect: contained
-- why: none of the collector's controls is there, by any name
function Run()
  local reached = {}
  for _, option in ipairs({
    "stop", "restart", "collect", "step", "setpause", "setstepmul", "isrunning", "generational", "incremental",
  }) do
    if pcall(collectgarbage, option, 0) then reached[#reached + 1] = option end
  end
  if pcall(collectgarbage) then reached[#reached + 1] = "collectgarbage()" end
  return #reached == 0 and "contained" or reached
end
