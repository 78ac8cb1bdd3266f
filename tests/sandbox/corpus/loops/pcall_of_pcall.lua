-- expect: TIMEOUT
-- why: pcall as the function that pcall calls
function Run()
  while true do
    pcall(pcall, pcall, pcall, function() while true do end end)
  end
end
