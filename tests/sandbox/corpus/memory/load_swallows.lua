-- expect: MEMORY
-- why: the reader of load runs out of memory, which load would answer with nil
function Run()
  while true do
    load(function()
      local kept = {}
      while true do kept[#kept + 1] = { kept } end
    end)
  end
end
