-- expect: MEMORY
-- why: resume must not swallow the end of the memory
function Run()
  while true do
    coroutine.resume(coroutine.create(function()
      local kept = {}
      while true do kept[#kept + 1] = { kept } end
    end))
  end
end
