-- Hostile: buries the game in log lines, in progress, and in its result.

function Run()
  for i = 1, 20000 do
    print("spam", i)
    worker.progress(i / 20000, "spam " .. i)
  end
  local heap = {}
  for i = 1, 200000 do
    heap[i] = i
  end
  return heap
end
