-- expect: ok FAILED
-- why: lupa looks for debug.traceback before each call, in the real globals
-- turns: 2
debug = { traceback = function() while true do end end }
python = setmetatable({}, { __index = function() while true do end end })
package = { loaded = { python = python, debug = debug } }
function Run(turn)
  if turn == 2 then error("for a traceback") end
  return turn
end
