-- expect: TIMEOUT
-- why: strings built and dropped, most of the time inside the allocator
function Run()
  while true do
    local s = ""
    for i = 1, 1000 do s = s .. i end
  end
end
