---The bytes of one value as a list of strings, for machines without a buffer to write into.

local M = {}

local concat, error = table.concat, error

-- Parts are joined when there are this many, so that a list of a million numbers does
-- not hold a million strings.
local JOINED_PARTS = 4096

local chunks = {}
local parts, used = {}, 0
local size = 0
local limit = 0

---Bytes as they are.
---@param data string
function M.raw(data)
  size = size + #data
  if size > limit then
    error("result: larger than the limit of " .. limit .. " bytes", 0)
  end
  if used == JOINED_PARTS then
    chunks[#chunks + 1] = concat(parts, "", 1, used)
    used = 0
  end
  used = used + 1
  parts[used] = data
end

---@param limit_bytes integer a larger value is an error
function M.reset(limit_bytes)
  chunks, used, size, limit = {}, 0, 0, limit_bytes
end

---@return string
function M.finish()
  chunks[#chunks + 1] = concat(parts, "", 1, used)
  return concat(chunks)
end

return M
