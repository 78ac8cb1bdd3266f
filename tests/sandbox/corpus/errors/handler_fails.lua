-- expect: ok
-- why: an error in the error handler, in its handler, and so on
function Run()
  local function bad() error("in the handler") end
  for _ = 1, 100 do xpcall(error, bad, "x") end
  xpcall(function() xpcall(error, bad) error("x") end, function() xpcall(error, bad) bad() end)
  return "ended"
end
