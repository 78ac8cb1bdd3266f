-- expect: TIMEOUT
-- why: the script calls its own Run for ever
function Run()
  while true do pcall(function() Run = Run end) if Run then pcall(next, {}) end end
end
