--- Validates a Lua pattern. `string.find` reports a malformed pattern only if
-- matching reaches the malformed part; until then an expectation with it would
-- pass or fail for the wrong reason.
-- @module pop3.verify.pattern
-- @local

-- The index after the character class at `at`; nil, message when it is
-- malformed.
local function after_class(p, at)
  local c = p:sub(at, at)
  at = at + 1
  if c == "%" then
    if at > #p then return nil, "malformed pattern (ends with '%')" end
    return at + 1
  elseif c ~= "[" then return at end
  if p:sub(at, at) == "^" then at = at + 1 end
  repeat  -- a "]" in the first place belongs to the set
    if at > #p then return nil, "malformed pattern (missing ']')" end
    at = at + (p:sub(at, at) == "%" and 2 or 1)
  until p:sub(at, at) == "]"
  return at + 1
end

local CAPTURES = 32  -- LUA_MAXCAPTURES

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

-- The index after "%b", "%f" or a back reference such as "%1".
local function after_escape(p, at, captures)
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
    return after_class(p, at + 2)
  elseif captures[tonumber(c)] ~= "closed" then
    return nil, ("invalid capture index %%%s"):format(c)
  end
  return at + 2
end

--- Validate a pattern.
-- @tparam string p
-- @treturn boolean true, or nil, message
return function(p)
  if not p:find "[%^$*+?.(%[%%-]" then return true end  -- find matches it as is
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
      at, err = after_escape(p, at, captures)
    else
      at, err = after_class(p, at)
      if at and p:find("^[*+?-]", at) then at = at + 1 end
    end
    if not at then return nil, err end
  end
  for _, state in ipairs(captures) do
    if state == "open" then return nil, "unfinished capture" end
  end
  return true
end
