-- The open list of a search: a ring of buckets of cells whose estimate is alike, each a stack.
--
-- Within a bucket cells come in no order. That is what a heap would cost most of the time for;
-- search.lua says why its paths are the shortest all the same.

local floor, max = math.floor, math.max
local band = bit.band

-- Entries of the stacks: a cell as it was reached, and the entry below it. They live as long as
-- the VM and are overwritten.
local head, entry_cell, entry_reached, entry_below = {}, {}, {}, {}
local entries, queued = 0, 0
local scale, mask = 0, 0
local lowest = 0 -- the bucket that is emptied now

local M = {}

--- Empties the list. Estimates of new cells exceed those of the cell that was taken last by
--- `widest` at most.
---@param buckets_a_unit number of estimates
---@param widest number
function M.clear(buckets_a_unit, widest)
  scale, entries, queued = buckets_a_unit, 0, 0
  local buckets = 2
  while buckets < widest * scale + 2 do -- a ring of as many is enough
    buckets = buckets * 2
  end
  mask = buckets - 1
  for bucket = 0, mask do
    head[bucket] = 0
  end
end

--- Says that no estimate is below this one.
function M.begin_at(estimate)
  lowest = floor(estimate * scale)
end

function M.push(cell, reached, estimate)
  -- Rounding may put it a hair below its parent, into a bucket that was left behind.
  local bucket, entry = band(max(floor(estimate * scale), lowest), mask), entries + 1
  entries, queued = entry, queued + 1
  entry_cell[entry], entry_reached[entry], entry_below[entry] = cell, reached, head[bucket]
  head[bucket] = entry
end

--- Takes a cell of the lowest bucket, as it was reached when it was pushed.
---@param limit number of estimates; a bucket all of which is beyond it is left alone
---@return integer? cell nil when there is none
---@return number reached
function M.pop(limit)
  if queued == 0 then
    return nil, 0
  end
  local bucket = band(lowest, mask)
  while head[bucket] == 0 do
    lowest = lowest + 1
    if lowest >= limit * scale then
      return nil, 0
    end
    bucket = band(lowest, mask)
  end
  local entry = head[bucket]
  head[bucket] = entry_below[entry]
  queued = queued - 1
  return entry_cell[entry], entry_reached[entry]
end

return M
