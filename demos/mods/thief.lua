-- Hostile: wants to read the player's files, by every way that Lua knows.

local function try(name, way)
  local ok, loot = pcall(way)
  worker.log("warning", ("%s: %s"):format(name, ok and type(loot) or tostring(loot)))
end

function Run()
  try("dofile", function() return dofile("/etc/passwd") end)
  try("loadfile", function() return loadfile("/etc/passwd") end)
  try("require", function() return require("../../../../etc/passwd") end)
  try("package", function() return package.loadlib("libc.so.6", "*") end)
  local file = io.open("/etc/passwd")
  return file:read("*a")
end
