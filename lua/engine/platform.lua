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
  M.new_table = require("engine.compat.new_table_lua54").new
  M.clear_table = function(list)
    for key in next, list do
      list[key] = nil
    end
  end
  M.raw_length = rawlen
end

---Whether Lua code is compiled.
---@type boolean
M.is_compiled = type(jit) == "table" and jit.status()

---The suffix of the codec's writer. LuaJIT's interpreter takes half as long again
---through ffi as with a list of strings: 7.5 µs for a small table, not 4.7.
---@return "luajit"|"lua54"|"lua51"
function M.writer()
  return M.name == "luajit" and not M.is_compiled and "lua51" or M.name
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
  return M.is_compiled and load(string.dump(make)) or make
end

return M
