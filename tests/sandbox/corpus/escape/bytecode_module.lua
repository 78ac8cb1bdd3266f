-- expect: contained
-- why: bytecode in a file beside the script, through require
function Run()
  local reached = {}
  for _, name in ipairs({ "modules.bytecode", "modules.bytecode_luajit", "modules.zero_byte" }) do
    if pcall(require, name) then reached[#reached + 1] = name end
  end
  return #reached == 0 and "contained" or reached
end
