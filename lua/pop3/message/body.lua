--- Which parts of a message are its body, and which are its attachments.
--
-- Used by the methods `text`, `html` and `attachments`. Together they return every leaf
-- and every embedded message, except for branches of a multipart/alternative that are
-- another form of the body, and parts that the HTML shows.
-- @engine pop3.message.body
-- @local

local cid_of = require "pop3.message.cid"
local core = require "pop3.core"

local body = {}

-- The part of a multipart/related that is shown (RFC 2387 3.2): the one that
-- "start" names, or the first.
local function related_root(part)
  local start = part.params.start
  if start then
    local from = start:find("<", 1, true)
    local to = from and start:find(">", from, true)
    if to then start = start:sub(from + 1, to - 1) end
    for child in part:_parts() do
      if child.cid == start then return child end
    end
  end
  return part:_child()
end

local function children(part)
  local list = {}
  for child in part:_parts() do list[#list + 1] = child end
  return list
end

local offers, is_blank = core.message.offers, core.message.blank

local function is_text(part)
  return part.type == "text/plain" or part.type == "text/html"
end

-- Is there a text in 'part' that is not an attachment?
local function has_text(part)
  local kind = part:_kind()
  if kind == "leaf" then
    return offers(part, "text/plain") or offers(part, "text/html")
  elseif kind == "multipart" and part.disposition ~= "attachment" then
    for child in part:_parts() do
      if has_text(child) then return true end
    end
  end
  return false
end

-- The first part of type 'want' in 'part' that is not an attachment: in
-- multipart/alternative in the last branch that has one, in multipart/related in the
-- root, or if that has no text at all in any other part. Embedded messages are not
-- searched. 'named' is 1 if parts with a file name do not count, else 2; 'full' if
-- parts of white space alone do not count. 'inside' is false for the root.
local function find(part, want, named, full, inside)
  local kind = part:_kind()
  if kind == "leaf" then
    local offer = offers(part, want)
    if offer and offer <= named and not (full and is_blank(part)) then
      return part
    end
    return nil
  elseif kind ~= "multipart"
         or inside and part.disposition == "attachment" then
    return nil
  end
  local type = part.type
  if type == "multipart/alternative" then
    local list = children(part)
    for i = #list, 1, -1 do
      local found = find(list[i], want, named, full, true)
      if found then return found end
    end
    return nil
  elseif type == "multipart/related" then
    local shown = related_root(part)
    local found = shown and find(shown, want, named, full, true)
    if found or not shown or has_text(shown) then return found end
  end
  local child = part:_child()
  while child do
    local found = find(child, want, named, full, true)
    if found then return found end
    child = child:_next()
  end
  return nil
end

-- A part with a file name is a body only if no part without a file name is one.
local function first(root, want, full)
  return find(root, want, 1, full) or find(root, want, 2, full)
end

--- The HTML body of `root`.
-- @tparam part root
-- @treturn part|nil
function body.html(root)
  return first(root, "text/html", false)
end

--- The text body of `root`. A text of white space alone is not a body if there
-- is HTML.
-- @tparam part root
-- @treturn part|nil
function body.text(root)
  local found = first(root, "text/plain", false)
  if found and is_blank(found) and root:html_part() then
    return first(root, "text/plain", true)
  end
  return found
end

-- The multiparts around 'part', up to 'root', innermost first.
local function around(part, root)
  local list = {}
  local function search(at)
    if at == part then return true end
    if at:_kind() == "multipart" then
      for child in at:_parts() do
        if search(child) then
          list[#list + 1] = at
          return true
        end
      end
    end
    return false
  end
  search(root)
  return list
end

--- Does the HTML body come before the text body, without being another form of it?
-- Then the text is a remark, such as the footer of a mailing list.
function body.html_first(root, html, text)
  if core.message.ground(html) > core.message.ground(text) then return false end
  local above = around(text, root)
  for _, multipart in ipairs(around(html, root)) do
    for _, other in ipairs(above) do
      if multipart == other then
        return multipart.type ~= "multipart/alternative"
      end
    end
  end
  return true
end

-- ------------------------------------------------------------ attachments

-- The set of URLs that the HTML loads, and of its content-ids after "cid:".
local function loaded(html)
  local text = core.message.text(html)
  local urls, set = core.decode.urls(text), {}
  for i = 1, #urls, 2 do
    local url = text:sub(urls[i], urls[i + 1])
    set[url] = true
    local id = cid_of(url)
    if id then set["cid:" .. id] = true end
  end
  return set
end

-- Whether the HTML shows a part itself.
local function is_loaded(part, html, state)
  if not html then return false end
  local cid, location = part.cid, part:header "content-location"
  if not (cid or location) then return false end
  state.loaded = state.loaded or loaded(html)
  return cid and state.loaded["cid:" .. cid]
         or location and state.loaded[location] or false
end

-- Is 'part', or a part in it, one of 'shown'?
local function contains(part, shown)
  if rawequal(part, shown[1]) or rawequal(part, shown[2]) then return true end
  if part:_kind() ~= "multipart" then return false end
  for child in part:_parts() do
    if contains(child, shown) then return true end
  end
  return false
end

-- Which branches of a multipart/alternative are in use: those of the body, or else
-- the last one with a text.
local function in_use(branches, shown)
  local used, any, last = {}, false, nil
  for i, branch in ipairs(branches) do
    used[i] = contains(branch, shown)
    any = any or used[i]
    if not any and has_text(branch) then last = i end
  end
  if not any and last then used[last] = true end
  return used, any or last ~= nil
end

local function says_the_same(part)
  return is_text(part) and part.disposition ~= "attachment" and not part.filename
end

--- The leaves and embedded messages of `root` that its text and HTML do not show.
-- @tparam part root
-- @tparam part|nil text its body
-- @tparam part|nil html its HTML body
-- @treturn {part,...}
function body.attachments(root, text, html)
  local list, state = {}, {}
  local shown = { text or html, html }
  local function add(part, unused)
    if part:_kind() ~= "multipart" then
      -- There is one userdata for each part.
      if not rawequal(part, text) and not rawequal(part, html)
         and not (unused and says_the_same(part))
         and not is_loaded(part, html, state) then
        list[#list + 1] = part
      end
    elseif part.type == "multipart/alternative" then
      local branches = children(part)
      local used, any = in_use(branches, shown)
      for i, branch in ipairs(branches) do
        add(branch, unused or any and not used[i])
      end
    else
      local child = part:_child()
      while child do
        add(child, unused)
        child = child:_next()
      end
    end
  end
  add(root, false)
  return list
end

return body
