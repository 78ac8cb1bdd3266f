-- expect: refused
-- why: the same, with every error caught
while true do pcall(function() while true do end end) end
