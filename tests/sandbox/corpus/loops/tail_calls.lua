-- expect: TIMEOUT
-- why: mutual tail calls use no stack and no loop instruction
local ping, pong
function ping() return pong() end
function pong() return ping() end
function Run() return ping() end
