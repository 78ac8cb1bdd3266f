-- The open list of a search: a binary heap of cells by key, which knows where each cell is in
-- it. So a cheaper way to a cell moves it up in place; pushing it a second time instead doubles
-- the heap and halves the speed of the whole search on game maps.

local floor = math.floor

local keys, cells, size = {}, {}, 0 -- the heap, smallest key first
local slot = {} -- by cell: its place in the heap, meaningful while it is there

--- Moves the cell whose place is `i` up to where `key` belongs.
local function rise(i, key, cell)
  while i > 1 do
    local above = floor(i / 2)
    local above_key = keys[above]
    if above_key <= key then
      break
    end
    local moved = cells[above]
    keys[i], cells[i], slot[moved] = above_key, moved, i
    i = above
  end
  keys[i], cells[i], slot[cell] = key, cell, i
end

local M = {}

--- Empties the list and makes room for cells 1 to `cell_count`.
function M.clear(cell_count)
  size = 0
  for cell = #slot + 1, cell_count do
    slot[cell] = 0
  end
end

function M.is_empty()
  return size == 0
end

function M.push(key, cell)
  size = size + 1
  rise(size, key, cell)
end

--- Gives a cell of the list a smaller key.
function M.lower(key, cell)
  rise(slot[cell], key, cell)
end

--- Takes the cell with the smallest key out of the list.
function M.pop()
  local top = cells[1]
  local key, cell = keys[size], cells[size]
  size = size - 1
  local i, below = 1, 2
  while below <= size do
    local below_key = keys[below]
    if below < size and keys[below + 1] < below_key then
      below, below_key = below + 1, keys[below + 1]
    end
    if below_key >= key then
      break
    end
    local moved = cells[below]
    keys[i], cells[i], slot[moved] = below_key, moved, i
    i, below = below, below * 2
  end
  keys[i], cells[i], slot[cell] = key, cell, i
  return top
end

return M
