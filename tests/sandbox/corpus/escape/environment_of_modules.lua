-- expect: contained
-- why: what a module leaves in a shared table belongs to this instance alone
function Run()
  local first = require("modules.fine")
  first.secret = "mine"
  local again = require("modules.fine")
  return again.secret == "mine" and "contained" or { "modules are not kept" }
end
