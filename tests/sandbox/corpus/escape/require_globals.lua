-- expect: contained
-- why: a module runs in the script's environment and no other
function Run()
  local found = require("modules.globals")
  return found == _G and "contained" or { "a module has other globals" }
end
