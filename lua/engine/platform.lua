---The primitives that differ by virtual machine, captured before the sandbox closes.
---
---This folder's code runs in the machine's real globals, which a script never sees.

local M = {}

---Which machine this is: the suffix of the files written once for each.
---@type "luajit"|"lua54"
M.name = type(jit) == "table" and "luajit" or "lua54"

---@type fun(list: any[], first?: integer, last?: integer): ...any
M.unpack = table.unpack or unpack

---Largest magnitude below which every integer is a plain Lua number.
M.exact_integer = 2 ^ 53

if M.name == "luajit" then
  M.new_table = require("table.new")
  M.clear_table = require("table.clear")
  M.raw_length = function(list)
    return #list -- without 5.2 compatibility LuaJIT has no __len of tables
  end
else
  ---@param _places integer
  ---@param _fields integer
  ---@return table
  M.new_table = function(_places, _fields)
    return {}
  end
  M.clear_table = function(list)
    for key in next, list do
      list[key] = nil
    end
  end
  M.raw_length = rawlen
end

---A function to use in place of `make` a second time, with loops that are compiled apart.
---
---LuaJIT gives up for good on a loop that it often finds at its end: after many maps of
---two fields it would interpret the array of ten thousand floats. So short and long
---containers get loops of their own.
---@generic F: function
---@param make F without upvalues
---@return F
function M.recompiled(make)
  return M.name == "luajit" and load(string.dump(make)) or make
end

return M
