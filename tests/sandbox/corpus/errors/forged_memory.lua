-- expect: MEMORY FAILED
-- why: the words of the allocator; at worst the script ends its own instance
function Run() error("not enough memory", 0) end
