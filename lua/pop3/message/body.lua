-- Which parts are the body, and which are attachments.

local choose = {}

-- The part of a multipart/related that is shown (RFC 2387 3.2): the one that
-- "start" names, or the first.
local function related_root(part)
  local start = part.params.start
  if start then
    start = start:match("<(.-)>") or start
    for child in part:_parts() do
      if child.cid == start then return child end
    end
  end
  return part:_child()
end

-- The first 'want' that is no attachment: in multipart/alternative of the
-- last branch that has one, in multipart/related of its root alone. Embedded
-- messages have bodies of their own.
local function find(part, want, root)
  if part.disposition == "attachment" and part ~= root then return nil end
  local kind = part:_kind()
  if kind == "leaf" then
    if part.type == want and part.disposition ~= "attachment" then
      return part
    end
    return nil
  elseif kind ~= "multipart" then
    return nil
  end
  if part.type == "multipart/alternative" then
    local children = {}
    for child in part:_parts() do children[#children + 1] = child end
    for i = #children, 1, -1 do
      local found = find(children[i], want, root)
      if found then return found end
    end
  elseif part.type == "multipart/related" then
    local shown = related_root(part)
    return shown and find(shown, want, root)
  else
    for child in part:_parts() do
      local found = find(child, want, root)
      if found then return found end
    end
  end
  return nil
end

--- The part of type 'want' that is the body of 'root', or nil.
function choose.body(root, want)
  return find(root, want, root)
end

local function is_attachment(part, related)
  local disposition = part.disposition
  if disposition == "inline" then return false end
  if disposition then return true end       -- unknown ones too, RFC 2183 2.8
  if related and part.cid then return false end
  return part.filename ~= nil or part.type:sub(1, 5) ~= "text/"
end

--- What 'root' carries beside its body: attachments by their disposition,
-- and parts without one that have a name or are no text.
function choose.attachments(root)
  local list = {}
  local text, html = root:text_part(), root:html_part()
  local function add(part, related)
    if part:_kind() == "multipart" then
      local inside = part.type == "multipart/related"
      for child in part:_parts() do add(child, inside) end
    elseif part ~= text and part ~= html and is_attachment(part, related) then
      list[#list + 1] = part
    end
  end
  add(root, false)
  return list
end

return choose
