-- expect: TIMEOUT
-- why: the handler gets the deadline's own error and loops on
function Run()
  while true do
    xpcall(function() while true do end end, function() while true do end end)
  end
end
