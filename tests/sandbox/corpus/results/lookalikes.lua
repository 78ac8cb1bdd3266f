-- expect: ok
-- why: tables that only look like the engine's own values are plain tables
function Run()
  return { { kind = "integer", wire = "\207" }, { code = 1, data = "d" }, { seconds = 1, nanoseconds = -1 }, { iso = "x" } }
end
