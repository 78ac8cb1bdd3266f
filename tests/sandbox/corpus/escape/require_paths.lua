-- expect: contained
-- why: names that lead out of the script's folder, or to what is no module
function Run()
  local reached = {}
  for _, name in ipairs({
    "..", "../conftest", "..loops.plain", ".plain", "/etc/passwd", "....etc.passwd", "~", "con", "nul", "C:\\x",
    "modules/../../loops/plain", "escape.modules..x", "", ".", "...", "x.", "x..y", "require_paths.lua",
    "engine.codec", "engine.sandbox", "engine.platform", "engine", "engine.codec.marks", "lupa", "engine_tasks",
    "modules\0", "modules.fine\0", ("x"):rep(10000), ("x."):rep(100) .. "x", "modules.fine\n", "%s%n",
  }) do
    local ok = pcall(require, name)
    if ok then reached[#reached + 1] = name end
  end
  for _, name in ipairs({ 1, true, print, {}, worker.bytes("modules.fine") }) do
    if pcall(require, name) then reached[#reached + 1] = type(name) end
  end
  if pcall(require) then reached[#reached + 1] = "nothing" end
  if not pcall(require, "modules.fine") then reached[#reached + 1] = "modules.fine is out of reach" end
  return #reached == 0 and "contained" or reached
end
