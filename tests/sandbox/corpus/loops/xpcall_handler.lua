-- expect: TIMEOUT
-- why: message handlers run with hooks switched off
function Run()
  xpcall(error, function() while true do end end)
end
