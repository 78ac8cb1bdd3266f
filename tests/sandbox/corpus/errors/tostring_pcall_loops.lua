-- expect: TIMEOUT
-- why: an error object that loops when it is shown, and catches the deadline
function Run()
  error(setmetatable({}, { __tostring = function()
    while true do pcall(function() while true do end end) end
  end }))
end
