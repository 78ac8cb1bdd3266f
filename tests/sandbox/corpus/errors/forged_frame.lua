-- expect: FAILED
-- why: a message full of what frames look like on the wire
function Run() error(("\0\0\0\0\18\0\0\0\0\0\0\0\1"):rep(1000), 0) end
