-- The golden transcripts of spec/wire, played to the engines through Lua:
-- whole, octet by octet, and cut at every offset. spec/wire/README.md describes the
-- format and its words; spec/c plays the same files.

local core = require "pop3.core"
local helper = require "spec.helper"

-- ------------------------------------------------------------------- reading

local escapes = { r = "\r", n = "\n", t = "\t", ["0"] = "\0", ["\\"] = "\\",
                  ['"'] = '"' }
local names = {}
for name, octet in pairs(escapes) do names[octet] = "\\" .. name end

local function unescape(s)
  return (s:gsub("\\(.)(%x?%x?)", function(c, hex)
    if c == "x" then return string.char(tonumber(hex, 16)) end
    return assert(escapes[c], "no such escape") .. hex
  end))
end

local function escape(s)
  return (s:gsub('[%c"\\\127-\255]', function(c)
    return names[c] or ("\\x%02X"):format(c:byte())
  end))
end

local function quote(s)
  return '"' .. escape(s) .. '"'
end

-- The quoted string in a text, its escapes undone; nil without one.
local function unquote(s)
  local from = s:find('"', 1, true)
  if not from then return end
  local at = from + 1
  while s:sub(at, at) ~= '"' do
    at = at + (s:sub(at, at) == "\\" and 2 or 1)
  end
  return unescape(s:sub(from + 1, at - 1))
end

-- A line into a case; octets of the peer are joined to those above.
local function add(case, s, number, peer)
  local key, text = s:match "^([=>]) ?(.*)$"
  if not key then key, text = s:match "^([^: ]+): ?(.*)$" end
  if not key then key, text = s:match "^%S+", "" end
  local line = { number = number, key = key, text = text }
  local above = case[#case]
  if key:match "^[CS]%f[^CS]" and (#key == 1 or key:sub(2, 2) == "+") then
    line.octets = unescape(text)
    if key == peer then case.octets = case.octets + #line.octets end
    if above and above.key == key and above.octets
       and not (peer == "S" and key:sub(1, 1) == "C") then
      above.octets = above.octets .. line.octets
      return
    end
  elseif not case[key] then
    case[key] = text
  end
  case[#case + 1] = line
end

local function read(name, peer)
  local cases, number = {}, 0
  for s in io.lines(name) do
    number = number + 1
    s = s:match "^ *(.*)$"
    local title = s:match "^case: ?(.*)$"
    if title then
      cases[#cases + 1] = { title = title, octets = 0, name = name }
    elseif s ~= "" and s:sub(1, 1) ~= "#" and #cases > 0 then
      add(cases[#cases], s, number, peer)
    end
  end
  assert(#cases > 0, name)
  return cases
end

local function limits(case)
  local opts = {}
  for name, value in (case.limits or ""):gmatch "(%w+)=(%d+)" do
    opts[name] = math.tointeger(value)
  end
  return opts
end

-- Pieces of `octets`, which begin at `at` of the case.
local function pieces(octets, at, cut)
  if cut == "each" then
    local i = 0
    return function()
      i = i + 1
      if i <= #octets then return octets:sub(i, i) end
    end
  end
  local list = { octets }
  if cut > at and cut < at + #octets then
    list = { octets:sub(1, cut - at), octets:sub(cut - at + 1) }
  end
  local i = 0
  return function()
    i = i + 1
    return list[i]
  end
end

local function same(case, line, expected, got)
  if expected ~= got then
    error(("%s:%d: expected %s, got %s"):format(case.name, line and line.number
      or 0, expected, got), 0)
  end
end

-- -------------------------------------------------------------------- client

local numbered = { STAT = true, LIST = true, UIDL = true }

-- Numbers of a listing as words, in their order.
local function listing(list, count, defects)
  local keys = {}
  for n in pairs(list) do keys[#keys + 1] = n end
  table.sort(keys)
  local expected = #keys
  for _, defect in ipairs(defects or {}) do
    if defect.number then expected = expected + 1 end
  end
  assert(expected == count)
  for i, n in ipairs(keys) do
    local v = list[n]
    keys[i] = n .. ":" .. (type(v) == "string" and quote(v) or v)
  end
  for _, defect in ipairs(defects or {}) do
    keys[#keys + 1] = "bad " .. quote(defect.line)
  end
  return table.concat(keys, " ")
end

-- An event in words; pieces of a body are gathered in play.body.
local function words(play, what, a, b, c, d, e)
  local line = play.asked[1] or "GREETING"
  if what == "data" then
    play.body = play.body .. a
    return
  elseif what == "challenge" then
    return "challenge " .. quote(a)
  end
  table.remove(play.asked, 1)
  if what == "reply" then
    local s = (a and "ok " or "err ") .. (c and "[" .. c .. "] " or "")
      .. quote(b)
    if not a or not numbered[line:match "^%w+"] then return s end
    if d == nil and e == nil then return s .. " none" end
    return s .. " " .. (d or "-") .. " "
           .. (type(e) == "string" and quote(e) or e or "-")
  end
  if not a then return "failed " .. quote(b) end
  if what == "listing" then
    return ("listing " .. listing(a, b, c)):match "^(.-) ?$"
  end
  if what == "body" then
    play.text = b
    return "body " .. quote(a)
  end
  assert(what == "end" and a == #play.body)
  local body = play.body
  play.body = ""
  return "stream " .. quote(body)
end

local function hear(play)
  while true do
    local event = table.pack(play.engine:next())
    if event.n == 0 then return end
    if not event[1] then
      if not play.dead then
        play.heard[#play.heard + 1] = 'error "' .. event[2]
          .. (event[2]:sub(-1) == '"' and "" or '"')
      end
      play.dead = event[2]
      return
    end
    assert(not play.dead)
    play.heard[#play.heard + 1] = words(play, table.unpack(event, 1, event.n))
  end
end

local function feed(play, octets, cut)
  for piece in pieces(octets, play.fed, cut) do
    play.engine:feed(piece)
    play.fed = play.fed + #piece
    hear(play)
  end
end

local function ask(play, line)
  local ok, done, why = pcall(play.engine.ask, play.engine, line.octets,
    line.key == "C+body", line.key == "C+stream")
  if ok and done then
    play.asked[#play.asked + 1] = line.octets
    play.out = play.out .. line.octets .. "\r\n"
    return
  end
  if not ok then why = done:match ": ([^:]*)$" or done end
  play.heard[#play.heard + 1] = 'refused ' .. quote(why:match "^[^:]*")
end

-- Take `n` octets of the output.
local function send(play, n)
  local out = play.engine:out() or ""
  assert.equal(play.out, out)
  n = math.min(n, #out)
  play.engine:sent(n)
  play.out = play.out:sub(n + 1)
end

local client = {}

function client.C(play, line)
  ask(play, line)
  send(play, 3)
end

client["C+body"], client["C+stream"] = client.C, client.C

client["C+answer"] = function(play, line)
  local ok, why = play.engine:answer(line.octets)
  if ok then play.out = play.out .. line.octets .. "\r\n"
  else play.heard[#play.heard + 1] = "refused " .. quote(why) end
  send(play, 3)
end

function client.S(play, line)
  feed(play, line.octets, play.cut)
end

function client.eof(play)
  play.engine:eof()
  hear(play)
end

function client.discard(play)
  play.engine:discard()
  play.body, play.asked = "", {}
  hear(play)
end

function client.left(play, line)
  assert.equal(tonumber(line.text), play.engine:unread())
end

function client.state(play, line)
  assert.equal(line.text, play.engine:state())
end

-- `begin` is told by the binding only together with the body, if at all.
client["="] = function(play, line)
  if line.text:match "^begin " then
    play.begun = unquote(line.text:gsub("^begin %[.-%]", "begin"))
    return
  end
  same(play.case, line, line.text, table.remove(play.heard, 1) or "nothing")
  if play.text then assert.equal(play.begun, play.text) end
  play.text = nil
end

local function check_log(case, entries)
  local at = 0
  if not case.log then return end
  for _, line in ipairs(case) do
    if line.key == "log" then
      at = at + 1
      local e = entries[at]
      same(case, line, line.text, e and e.from .. " " .. quote(e.line)
        or "nothing")
    end
  end
  assert.equal(at, #entries)
end

local function play_client(case, cut)
  local opts = limits(case)
  opts.trace = true
  local play = { case = case, cut = cut, engine = core.client(opts), fed = 0,
                 heard = {}, asked = {}, body = "", out = "" }
  local engine = play.engine
  if case.start and case.start ~= "greeting" then feed(play, "+OK\r\n", 0) end
  if case.start == "transaction" then
    for _, line in ipairs { "USER mrose", "PASS tanstaaf" } do
      assert(engine:ask(line))
      engine:feed "+OK\r\n"
      hear(play)
    end
    engine:sent(#engine:out())
  end
  engine:trace()
  play.heard, play.asked, play.fed = {}, {}, 0
  for _, line in ipairs(case) do
    local step = client[line.key]
    if step and line.key ~= "=" then
      same(case, line, "nothing", play.heard[1] or "nothing")
    end
    if step then step(play, line) end
  end
  same(case, nil, "nothing", play.heard[1] or "nothing")
  send(play, math.huge)
  if not play.dead and not case.left and not case["="]:match "^refused" then
    assert.equal(0, engine:unread())
  end
  check_log(case, engine:trace() or {})
  engine:close()
end

-- -------------------------------------------------------------------- server

local function command(verb, ...)
  local args = table.pack(...)
  local s = escape(verb)
  if args.n == 3 and args[3] == true then args = { args[1], n = 1 } end
  for i = 1, args.n do
    local v = args[i]
    if type(v) == "number" then
      s = s .. " " .. v
    elseif v and (v ~= "" or i > 1) then
      s = s .. " " .. quote(v)
    end
  end
  return s
end

-- All that may leave, `take` octets at a time.
local function drain(play)
  for octets in function() return play.engine:out(play.take) end do
    play.got = play.got .. octets
    play.engine:sent(#octets)
  end
end

-- "body" and the first "piece" go out with their status line.
local function act_all(play)
  local case, engine = play.case, play.engine
  local last
  local function reply(body)
    if last then
      engine:reply(last:sub(1, 1) == "o", unquote(last),
                   last:match "^%l+ %[(.-)%]", body)
    end
    last = nil
  end
  while case[play.at] and case[play.at].key == ">" do
    local text = case[play.at].text
    local what = text:match "^%l+"
    play.at = play.at + 1
    if what == "ok" or what == "err" then
      reply()
      last = text
    elseif what == "body" then
      reply(unquote(text))
    elseif what == "piece" or what == "end" then
      reply(true)
      drain(play)
      assert.equal("hungry", engine:busy())
      engine:body(unquote(text))
    else
      reply()
      if what == "raw" then engine:raw(unquote(text))
      elseif what == "challenge" then engine:challenge(unquote(text))
      elseif what == "enter" then engine:enter(text:match "%l+$")
      elseif what == "mute" then engine:mute()
      else error(text) end
    end
  end
  reply()
end

local function commands(play)
  local case = play.case
  repeat
    drain(play)
    local cmd = table.pack(play.engine:next())
    if cmd.n > 0 then
      while case[play.at] and case[play.at].key ~= "=" do
        play.at = play.at + 1
      end
      local line = case[play.at]
      same(case, line, line and line.text or "nothing",
           command(table.unpack(cmd, 1, cmd.n)))
      play.at = play.at + 1
      if case[play.at] and case[play.at].key == ">" then act_all(play)
      else play.engine:reply(true) end
    end
  until cmd.n == 0 and play.engine:pending() == 0
end

local server = {}

function server.C(play, line)
  same(play.case, line, "nothing", play.got == "" and "nothing" or play.got)
  for piece in pieces(line.octets, play.fed, play.cut) do
    play.engine:feed(piece)
    play.fed = play.fed + #piece
    commands(play)
  end
end

function server.S(play, line)
  same(play.case, line, quote(line.octets), quote(play.got))
  play.got = ""
end

server["="] = function(play, line, i)
  if i >= play.at then same(play.case, line, line.text, "nothing") end
end

server[">"] = function(play, _, i)
  if i < play.at then return end
  play.at = i
  act_all(play)
  commands(play)
end

function server.state(play, line)
  assert.equal(line.text, play.engine:state())
end

function server.rest(play)
  play.engine:rest()
end

local function play_server(case, cut, output)
  local opts = limits(case)
  local journal = core.journal()
  opts.output, opts.journal, opts.id = output, journal, 7
  local play = { case = case, cut = cut, engine = core.server(opts), fed = 0,
                 got = "", at = 1, take = output > 100 and 100000 or output }
  play.engine:enter(case.start or "authorization")
  for i, line in ipairs(case) do
    local step = server[line.key]
    if step then step(play, line, i) end
  end
  same(case, nil, "nothing", play.got == "" and "nothing" or play.got)
  check_log(case, (journal:list()))
  play.engine:close()
end

-- --------------------------------------------------------------------- cases

local function each(name, peer, fn)
  for _, case in ipairs(read("spec/wire/" .. name .. ".txt", peer)) do
    if case.only ~= "c" then it(case.title, function() fn(case) end) end
  end
end

for _, name in ipairs { "replies", "bodies", "listings", "limits", "order",
                        "secrets", "sasl" } do
  describe("the client engine: " .. name .. ":", function()
    each("client-" .. name, "S", function(case)
      play_client(case, 0)
      play_client(case, "each")
      for cut in helper.sweep(1, case.octets - 1, 5) do
        play_client(case, cut)
      end
    end)
  end)
end

for _, name in ipairs { "commands", "arguments", "lines", "replies",
                        "secrets", "sasl" } do
  describe("the server engine: " .. name .. ":", function()
    each("server-" .. name, "C", function(case)
      for _, output in ipairs { 262144, 1, 7 } do
        play_server(case, 0, output)
        play_server(case, "each", output)
      end
      for cut in helper.sweep(1, case.octets - 1, 5) do
        play_server(case, cut, 4096)
      end
    end)
  end)
end
