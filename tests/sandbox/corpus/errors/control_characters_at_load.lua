-- expect: refused
-- why: the same in the error of a script that does not load
error("\27[2J\27]0;title\7\8\8\rERROR another.mod: forged\nERROR another.mod: forged\0\127\194\155", 0)
