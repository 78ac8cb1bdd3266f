-- expect: FAILED
-- why: a message that names another mod's file and line
function Run() error("other_mod/main.lua:12: blame them", 0) end
