-- expect: contained
-- why: every function of the environment with odd arguments in every place
function Run()
  local reached = {}
  local odd = {
    0, -1, 1.5, 2 ^ 31, -2 ^ 31, 0 / 0, math.huge, "", "x", "%", "\0", true, false, {}, { 1, 2, 3 },
    function() end, coroutine.create(function() end), worker.bytes("x"), setmetatable({}, { __index = function() return 1 end }),
  }
  local libraries = { base = _G, string = string, table = table, math = math, os = os, utf8 = utf8, bit = bit, worker = worker }
  libraries.coroutine = { create = coroutine.create, wrap = coroutine.wrap, resume = coroutine.resume,
    status = coroutine.status, running = coroutine.running, close = coroutine.close, isyieldable = coroutine.isyieldable }
  local skipped = { require = true, print = true, log = true, Run = true, rep = true,
    insert = true } -- see loops/c_insert_far_below
  for name, library in pairs(libraries) do
    for member, f in pairs(library) do
      if type(f) == "function" and not skipped[member] then
        for _, a in ipairs(odd) do
          pcall(f, a)
          for _, b in ipairs(odd) do
            local ok, value = pcall(f, a, b)
            if type(value) == "userdata" then reached[#reached + 1] = name .. "." .. member end
            pcall(f, a, b, a)
            pcall(f, b, a, a, b)
          end
        end
      end
    end
  end
  return #reached == 0 and "contained" or reached
end
