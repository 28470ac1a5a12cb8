--- Comments in structured fields (RFC 5322 3.2.2).
-- @engine pop3.message.comment
-- @local

local comment = {}

--- The place after the comment that begins at `at`.
-- @tparam string text
-- @tparam integer at where its "(" is
-- @treturn integer|nil nil if the comment is not closed
function comment.skip(text, at)
  local depth = 0
  while true do
    local found = text:find("[()\\]", at)
    if not found then return nil end
    local c = text:byte(found)
    at = found + 1
    if c == 92 then at = at + 1
    elseif c == 40 then depth = depth + 1
    else
      depth = depth - 1
      if depth == 0 then return at end
    end
  end
end

return comment
