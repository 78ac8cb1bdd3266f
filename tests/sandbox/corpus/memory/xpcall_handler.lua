-- expect: MEMORY
-- why: the handler of a memory error asks for more
function Run()
  while true do
    xpcall(function()
      local kept = {}
      while true do kept[#kept + 1] = { kept } end
    end, function() return ("x"):rep(1000000) end)
  end
end
