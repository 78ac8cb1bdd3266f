-- expect: FAILED
-- why: chunk names that imitate the engine's files, or are a megabyte long
function Run()
  for _, name in ipairs({ "@engine/script.lua", "=[C]", ("n"):rep(1000000), "@\n\27[31mx", "=\0", "" }) do
    pcall(load("error('x')", name))
    pcall(load("local x = nil + 1", name) or print)
  end
  load("error('x')", "@engine/script.lua" .. ("n"):rep(1000000))()
end
