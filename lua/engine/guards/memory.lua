---The memory of a script where a hook can watch it.
---
---LuaJIT neither collects garbage before it gives up on an allocation, nor survives every
---failed one: in string.sub, string.char and tostring it leaves a broken stack. So where
---there is a hook it ends a script that holds too much, and the limit of the allocator,
---which lies higher, is met only by a single large allocation.

local M = {}

local collectgarbage, error = collectgarbage, error

---What both machines throw when an allocation fails; no message handler is called then.
M.MESSAGE = "not enough memory"

-- A script whose live values fill more than this share of its memory is out of it: the
-- collector would run without end for the little that is left.
local FULL = 0.9

local most_kib = nil ---@type number?

---@param bytes integer of the whole machine
function M.setup(bytes)
  most_kib = bytes / 1024
end

---@return boolean # whether the hook is to watch
function M.is_watched()
  return most_kib ~= nil
end

---Collects what earlier tasks have left, once it is half of what a script may hold: LuaJIT
---gives up on an allocation without collecting garbage first.
---@param bytes integer that a script may hold
function M.tidy(bytes)
  if collectgarbage("count") > bytes / 2048 then
    collectgarbage("collect")
  end
end

---Throws if the script holds too much.
function M.check()
  if most_kib and collectgarbage("count") > most_kib then
    collectgarbage("collect")
    if collectgarbage("count") > most_kib * FULL then
      error(M.MESSAGE, 0)
    end
  end
end

return M
