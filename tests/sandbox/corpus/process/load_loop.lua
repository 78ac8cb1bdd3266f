-- expect: refused
-- why: a loop in the chunk itself, before there is any task to time
while true do end
