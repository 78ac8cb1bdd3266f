-- expect: ok
-- why: a script that overwrites every library, then needs the engine to run on
-- turns: 3
local keep_pairs, keep_type, keep_worker = pairs, type, worker
function Run(turn)
  for name, library in keep_pairs(_G) do
    if keep_type(library) == "table" and library ~= _G and library ~= keep_worker then
      for member in keep_pairs(library) do library[member] = function() return "hijacked" end end
    end
  end
  for name in keep_pairs(_G) do
    if name ~= "_G" and name ~= "Run" then _G[name] = nil end
  end
  return { turn = turn, list = { 1, 2, { 3 } }, text = "plain" }
end
