-- Hostile: asks for memory until there is none.

function Run()
  local hoard = {}
  while true do
    hoard[#hoard + 1] = ("gold "):rep(200000) .. #hoard
  end
end
