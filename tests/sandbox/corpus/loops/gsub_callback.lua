-- expect: TIMEOUT
-- why: Lua called from the C function string.gsub
function Run()
  while true do
    pcall(string.gsub, "x", "x", function() while true do end end)
  end
end
