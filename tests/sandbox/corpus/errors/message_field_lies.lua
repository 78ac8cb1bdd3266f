-- expect: FAILED
-- why: the field message through __index, and one that is no text
function Run()
  error(setmetatable({ message = print }, { __index = function() while true do end end }))
end
