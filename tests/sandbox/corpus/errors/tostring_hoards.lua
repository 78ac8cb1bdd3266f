-- expect: FAILED MEMORY
-- why: an error object that eats the memory when it is shown
function Run()
  error(setmetatable({}, { __tostring = function()
    local kept = {}
    while true do kept[#kept + 1] = { kept } end
  end }))
end
