-- expect: refused
-- why: an error in the chunk, with file and line
error({ "no text" })
