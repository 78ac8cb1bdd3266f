-- expect: TIMEOUT
-- why: the deadline's error, raised inside pcall, must get through
function Run()
  while true do
    pcall(function() while true do end end)
  end
end
