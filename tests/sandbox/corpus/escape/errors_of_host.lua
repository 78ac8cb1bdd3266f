-- expect: contained
-- why: exceptions of Python reach Lua as userdata, where a host function lets one through
local reached = {}
local function try(name, ...)
  local ok, problem = pcall(...)
  if not ok and type(problem) ~= "string" then reached[#reached + 1] = name .. ": " .. type(problem) end
end
function Run()
  local odd = { 0 / 0, math.huge, -math.huge, 2 ^ 1023, "x", "\255\254", {}, print, true, ("x"):rep(100000), worker.bytes("\255") }
  for _, value in ipairs(odd) do
    try("log", worker.log, value, value)
    try("log", worker.log, "info", value)
    try("progress", worker.progress, value, value)
    try("cancelled", worker.cancelled, value)
    try("now", worker.now, value)
    try("print", print, value)
    try("require", require, value)
    try("int", worker.int, value)
    try("bytes", worker.bytes, value)
    try("array", worker.array, value, value)
    try("map", worker.map, value)
    try("timestamp", worker.timestamp, value, value)
    try("datetime", worker.datetime, value)
    try("typed_array", worker.typed_array, value, value, value)
    try("shape", worker.shape, value)
    try("create", WorkerFunction.Create, value)
  end
  try("log", worker.log)
  try("progress", worker.progress)
  return #reached == 0 and "contained" or reached
end
