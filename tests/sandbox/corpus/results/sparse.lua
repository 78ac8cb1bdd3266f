-- expect: ok
-- why: a list whose second place is number 2^40
function Run() return { 1, [2 ^ 40] = 2, [-5] = 3 } end
