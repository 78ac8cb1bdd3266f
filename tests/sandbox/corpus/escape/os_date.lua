-- expect: contained
-- why: conversions that crash some C libraries, and instants outside every calendar
function Run()
  local reached = {}
  for _, form in ipairs({ "%", "%Q", "%E", "%O", "%Ez", "%5000000d", "%-", "%\0", "%%%", "!%", "*t%", "!*t%Q" }) do
    local ok, text = pcall(os.date, form)
    if ok and type(text) == "string" and #text > 1000 then reached[#reached + 1] = form end
  end
  for _, time in ipairs({ 1e300, -1e300, 2 ^ 63, -2 ^ 63, 2 ^ 55, -2 ^ 55, 0 / 0, math.huge }) do
    pcall(os.date, "%c", time)
    pcall(os.date, "*t", time)
    pcall(os.date, "!*t", time)
  end
  for _, field in ipairs({ 1e300, -2 ^ 31, 2 ^ 31, 2 ^ 63, "x", {}, 0 / 0 }) do
    pcall(os.time, { year = field, month = field, day = field, hour = field, min = field, sec = field })
    pcall(os.time, { year = 2000, month = field, day = 1 })
    pcall(os.difftime, field, field)
  end
  return #reached == 0 and "contained" or reached
end
