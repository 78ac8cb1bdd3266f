---What every reader of MessagePack bytes needs: lengths checked against what is left, and
---errors that name the byte.

local M = {}

local error, sub = error, string.sub

---@param at integer
---@param what string
function M.malformed(at, what)
  error("malformed MessagePack at byte " .. at .. ": " .. what, 0)
end

local malformed = M.malformed

---@param at integer
function M.cut_short(at)
  malformed(at, "the payload is cut short")
end

local cut_short = M.cut_short

---`count` bytes, and the position after them.
---@param text string
---@param from integer
---@param count integer
---@param size integer
---@return string
---@return integer
function M.take(text, from, count, size)
  local last = from + count - 1
  if last > size then
    cut_short(from)
  end
  return sub(text, from, last), last + 1
end

---A reader of something whose length, a number of `width` bytes, comes first.
function M.counted(width, convert, body)
  return function(text, at, depth, size)
    if at + width - 1 > size then
      cut_short(at)
    end
    return body(text, at + width, convert(text, at), depth, size)
  end
end

return M
