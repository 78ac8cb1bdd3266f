-- expect: MEMORY
-- why: pcall must not swallow the end of the memory
function Run()
  while true do
    pcall(function()
      local kept = {}
      while true do kept[#kept + 1] = { kept } end
    end)
  end
end
