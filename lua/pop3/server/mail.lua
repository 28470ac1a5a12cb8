--- The mail of a server, for tests and for the page of `pop3 serve`: the
-- maildrops, and each message as `pop3.message` reads it.
-- @submodule pop3.server

local addresses = require "pop3.message.addresses"
local argument = require "pop3.util.argument"
local core = require "pop3.core"

local methods = {}

-- The reader of messages, loaded when a message is read first.
local function parse(octets, limits)
  return require "pop3.message".parse(octets, limits)
end

local HEAD = 64 * 1024  -- octets of a message that list_messages reads
local PAGE = 100        -- messages that list_messages returns by default

-- Call f(drop) with the maildrop that a login would get now. Returns its
-- results; or nil, message, "io".
local function with_maildrop(server, user, f)
  local st, text = server:store_of(user)
  local drop = st
  if st then drop, text = st:open(user) end
  if not drop then return nil, tostring(text), "io" end
  local _ <close> = setmetatable({}, { __close = function()
    if drop.close then drop:close() end
  end })
  return f(drop)
end

-- The octets of a message in canonical form; or nil, message, "io".
local function octets_of(drop, n)
  local octets, err = drop:octets(n)
  if not octets then return nil, tostring(err), "io" end
  return drop.canonical and octets or core.canonical(octets)
end

-- Call f(octets, drop) with a message; or nil, message, code.
local function with_message(server, user, n, f)
  return with_maildrop(server, user, function(drop)
    if n > drop:count() then
      return nil, ("%s has no message %d"):format(user, n), "state"
    end
    local octets, err, code = octets_of(drop, n)
    if not octets then return nil, err, code end
    return f(octets, drop)
  end)
end

--- The messages in a user's maildrop now, whether or not a session has it.
-- @tparam string user
-- @treturn {string,...} messages as octets; or nil, message, code
function methods:mailbox(user)
  return with_maildrop(self, user, function(drop)
    local list = {}
    for n = 1, drop:count() do
      local octets, err, code = octets_of(drop, n)
      if not octets then return nil, err, code end
      list[n] = octets
    end
    return list
  end)
end

--- Deliver a message. It has the last number at the next login. With the option
-- `new_users`, a user who does not exist is added.
-- @tparam string user
-- @tparam string octets of the message
-- @treturn boolean true, or nil, message, code
-- @usage server:deliver("mrose", "Subject: new\r\n\r\nhi\r\n")
function methods:deliver(user, octets)
  argument.string(octets, "deliver: the message", 1)
  local st, text = self:store_of(user)
  if not st and self.new_users then
    self:user(user, { password = self.new_users, mail = {} })
    st, text = self:store_of(user)
  end
  if not st then return nil, tostring(text), "io" end
  if not st.deliver then
    return nil, "the store does not accept deliveries", "io"
  end
  return st:deliver(user, octets)
end

--- The maildrops of all users, sorted by name.
-- @treturn {table,...} of `user`; `messages`, their number now, or `error` when
-- the store fails; and `session`, the number of the session that has the
-- maildrop
-- @usage for _, d in ipairs(server:list_maildrops()) do print(d.user, d.messages) end
function methods:list_maildrops()
  local names, list = {}, {}
  for _, set in ipairs { self.users, self.entries } do
    for name in pairs(set) do names[name] = true end
  end
  for name in pairs(names) do
    local lock = self.locks[name]
    local count, err = with_maildrop(self, name, function(drop)
      return drop:count()
    end)
    list[#list + 1] = { user = name, messages = count, error = err,
                        session = lock and lock.id }
  end
  table.sort(list, function(a, b) return a.user < b.user end)
  return list
end

-- ------------------------------------------------------------------- messages

-- The beginning of a message, with its header if that is not very long. A store
-- with sources need not give the whole message.
local function beginning(drop, n)
  local source = drop.source and drop:source(n)
  if not source then return octets_of(drop, n) end
  local chunks, size = {}, 0
  repeat
    local chunk = source()
    chunks[#chunks + 1] = chunk
    size = size + #(chunk or "")
  until not chunk or size >= HEAD
  return table.concat(chunks)
end

--- A page of the list of messages of a maildrop.
-- @tparam string user
-- @tparam[opt=1] integer from the number of the first one
-- @tparam[opt=100] integer most how many, at most 1,000
-- @treturn {table,...} of `number`, `size` in octets, `uid`, `subject`, `from`
-- (a list of `{ name =, address =, group = }`) and `date` (ISO 8601); or nil,
-- message, code
-- @treturn integer how many messages the maildrop has
-- @usage
-- for _, m in ipairs(server:list_messages("mrose", 1, 20)) do
--   print(m.number, m.size, m.subject)
-- end
function methods:list_messages(user, from, most)
  from, most = from or 1, most or PAGE
  argument.number(from, 1)
  argument.count(most, "list_messages: most", 1)
  return with_maildrop(self, user, function(drop)
    local list, count = {}, drop:count()
    for n = from, math.min(count, from + math.min(most, 1000) - 1) do
      local octets, err, code = beginning(drop, n)
      if not octets then return nil, err, code end
      local m <close> = parse(octets, { header = HEAD })
      list[#list + 1] = {
        number = n, size = drop:size(n), uid = drop:uid(n),
        subject = m.subject, from = addresses(m.from),
        date = m.date and m.date.iso,
      }
    end
    return list, count
  end)
end

-- At most `limit` octets of a text in UTF-8; no character is cut.
local function cut(text, limit)
  if not text or not limit or #text <= limit then return text end
  while limit > 0 and text:find("^[\x80-\xBF]", limit + 1) do
    limit = limit - 1
  end
  return text:sub(1, limit)
end

-- Octets as text: those that are not UTF-8 become U+FFFD.
local function to_utf8(octets)
  local out, at = {}, 1
  while true do
    local whole, bad = utf8.len(octets, at)
    if whole then break end
    out[#out + 1] = octets:sub(at, bad - 1)
    out[#out + 1] = "\u{FFFD}"
    at = bad + 1
  end
  return table.concat(out) .. octets:sub(at)
end

local function fields_of(m)
  local list = {}
  for name, raw in m:fields() do
    list[#list + 1] = { name = to_utf8(name),
                        value = require "pop3.message".decode_words(raw) }
  end
  return list
end

local function parts_of(m)
  local list, attached = {}, {}
  for _, part in ipairs(m:attachments()) do attached[part.path] = true end
  for path, part in m:walk() do
    list[#list + 1] = {
      path = path, type = part.type, charset = part.charset, size = part.size,
      filename = part.filename, safe_filename = part.safe_filename,
      disposition = part.disposition, cid = part.cid,
      encoding = part.encoding, attachment = attached[path] or nil,
    }
  end
  return list
end

--- A message of a maildrop, as `pop3.message` reads it.
-- @tparam string user
-- @tparam integer n its number
-- @tparam[opt] integer limit octets of `text` to return at the most
-- @treturn table `number`, `size`, `uid`; `subject`, `date` (ISO 8601),
-- `message_id`, and `from`, `to`, `cc`, `bcc`, `reply_to`, `sender` (lists of `{
-- name =, address =, group = }`); `headers`, a list of `{ name =, value = }`,
-- decoded; `text`, which is made from the HTML if there is no other,
-- `text_size`, `text_part` and `html_part` (the paths of the parts); `parts`, a
-- list of `path`, `type`, `charset`, `size`, `filename`, `safe_filename`,
-- `disposition`, `cid`, `encoding` and `attachment` (true); and `defects`. Or
-- nil, message, code
-- @usage
-- server:deliver("mrose", "Subject: hi\r\n\r\ntext\r\n")
-- print(server:read_message("mrose", 1).text)
function methods:read_message(user, n, limit)
  argument.number(n, 1)
  if limit then argument.count(limit, "read_message: the limit", 1) end
  return with_message(self, user, n, function(octets, drop)
    local m <close> = parse(octets)
    local text = m:text { from_html = true }
    local plain, html = m:text_part(), m:html_part()
    local made = {
      number = n, size = #octets, uid = drop:uid(n), subject = m.subject,
      date = m.date and m.date.iso, message_id = m.message_id,
      headers = fields_of(m), text = cut(text, limit),
      text_size = text and #text, text_part = plain and plain.path,
      html_part = html and html.path, html_size = html and html.size,
      parts = parts_of(m), defects = {},
    }
    for _, name in ipairs { "from", "to", "cc", "bcc", "reply_to", "sender" } do
      made[name] = addresses(m[name])
    end
    for i, d in ipairs(m.defects) do
      made.defects[i] = { code = d.code, offset = d.offset, text = d.text }
    end
    return made
  end)
end

local forms = { octets = true, text = true, html = true }

-- One part, in a form: octets; or nil, message, "state".
local function form_of(part, form, is_message)
  if form == "octets" then return part:body() end
  local made
  if form == "html" then
    local shown = is_message and part:html_part() or part
    made = shown.type == "text/html" and shown:html { inline = true } or nil
  elseif is_message then made = part:text { from_html = true }
  elseif part.type:find "^text/" then made = part:text() end
  if made then return made end
  return nil, "there is no " .. form, "state"
end

--- One part of a message.
-- @tparam string user
-- @tparam integer n the number of the message
-- @tparam[opt] string path of the part, such as "1.2"; the whole message if it
-- is left out
-- @tparam[opt="octets"] string form "octets": the message unchanged, or the part
-- without its transfer encoding. "text": as UTF-8. "html": as UTF-8, with the
-- pictures of the message as data URLs
-- @treturn string the octets; or nil, message, code
-- @treturn string the type, such as "image/png"
-- @treturn string a safe name for a file
-- @usage print(server:read_part("mrose", 1, "1", "text"))
function methods:read_part(user, n, path, form)
  argument.number(n, 1)
  form = form or "octets"
  if not forms[form] then
    argument.misuse(1, "read_part: the form must be octets, text or html")
  end
  return with_message(self, user, n, function(octets)
    if not path and form == "octets" then
      return octets, "message/rfc822", ("message-%d.eml"):format(n)
    end
    local m <close> = parse(octets)
    local part = m
    if path then part = m:part(path) end
    if not part then
      return nil, ("message %d has no part %s"):format(n, path), "state"
    end
    local made, err, code = form_of(part, form, not path)
    if not made then return nil, err, code end
    return made, part.type, part.safe_filename
           or require "pop3.message.filename".default(part)
  end)
end

return methods
