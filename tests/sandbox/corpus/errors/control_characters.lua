-- expect: FAILED
-- why: bells, colours, carriage returns and forged lines for the terminal that shows them
function Run() error("\27[2J\27]0;title\7\8\8\rERROR another.mod: forged\nERROR another.mod: forged\0\127\194\155", 0) end
