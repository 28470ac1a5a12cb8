--- Is it a pattern of Lua? `string.find` only tells when a subject leads it to what
-- is wrong; until then a check by such a pattern would hold, and mean nothing.
-- @module pop3.pattern
-- @local

-- The place behind the class of one character at `at`; nil, message when it is
-- none.
local function behind_class(p, at)
  local c = p:sub(at, at)
  at = at + 1
  if c == "%" then
    if at > #p then return nil, "malformed pattern (ends with '%')" end
    return at + 1
  elseif c ~= "[" then return at end
  if p:sub(at, at) == "^" then at = at + 1 end
  repeat  -- a "]" that comes first is one of the set
    if at > #p then return nil, "malformed pattern (missing ']')" end
    at = at + (p:sub(at, at) == "%" and 2 or 1)
  until p:sub(at, at) == "]"
  return at + 1
end

local CAPTURES = 32  -- as many as Lua takes

-- Begin or end a capture.
local function capture(captures, opens)
  if opens then
    captures[#captures + 1] = "open"
    return #captures <= CAPTURES, "too many captures"
  end
  for i = #captures, 1, -1 do
    if captures[i] == "open" then
      captures[i] = "closed"
      return true
    end
  end
  return nil, "invalid pattern capture"
end

-- The place behind what begins with "%" and is no class: "%b", "%f" and "%1".
local function behind_escape(p, at, captures)
  local c = p:sub(at + 1, at + 1)
  if c == "b" then
    if at + 3 > #p then
      return nil, "malformed pattern (missing arguments to '%b')"
    end
    return at + 4
  elseif c == "f" then
    if p:sub(at + 2, at + 2) ~= "[" then
      return nil, "missing '[' after '%f' in pattern"
    end
    return behind_class(p, at + 2)
  elseif captures[tonumber(c)] ~= "closed" then
    return nil, ("invalid capture index %%%s"):format(c)
  end
  return at + 2
end

--- Check a pattern.
-- @tparam string p
-- @treturn boolean true, or nil and what is wrong
return function(p)
  if not p:find "[%^$*+?.(%[%%-]" then return true end  -- looked for as it is
  local at, captures, err = p:sub(1, 1) == "^" and 2 or 1, {}, nil
  while at <= #p do
    local c = p:sub(at, at)
    if c == "(" and p:sub(at + 1, at + 1) == ")" then
      captures[#captures + 1] = "closed"
      if #captures > CAPTURES then return nil, "too many captures" end
      at = at + 2
    elseif c == "(" or c == ")" then
      local ok, why = capture(captures, c == "(")
      if not ok then return nil, why end
      at = at + 1
    elseif p:find("^%%[bf%d]", at) then
      at, err = behind_escape(p, at, captures)
    else
      at, err = behind_class(p, at)
      if at and p:find("^[*+?-]", at) then at = at + 1 end
    end
    if not at then return nil, err end
  end
  for _, state in ipairs(captures) do
    if state == "open" then return nil, "unfinished capture" end
  end
  return true
end
