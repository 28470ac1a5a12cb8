-- The reference documents every public name. The names come from the library where it
-- can list them, and from lists in this file otherwise.

if os.getenv "LPOP3_SANITIZED" then return end  -- LDoc is a program of its own

local pages_of = require "spec.support.pages"
local pop3 = require "pop3"
local reference = require "spec.support.reference"

describe("the reference", function()
  local pages, printed

  setup(function()
    assert(reference.available(), "no ldoc: spec/deps.sh docs installs it")
    pages, printed = reference.render()
  end)

  local function item(page, name)
    assert.truthy(pages[page], "no page " .. page)
    local found = pages[page].items[name]
    assert.truthy(found, page .. " does not document " .. name)
    return found
  end

  local function has_items(page, names, prefix)
    for name in names:gmatch "%S+" do item(page, (prefix or "") .. name) end
  end

  -- The options that a call knows, from the error about one that it does not.
  local function known(call, ...)
    local ok, message = pcall(call, ...)
    assert.is_false(ok)
    local names = assert(message:match "%(known: (.-)%)", message)
    local list = {}
    for name in names:gmatch "[^, ]+" do list[#list + 1] = name end
    assert.is_true(#list > 0)
    return list
  end

  local BAD = { ["?"] = true }

  local function has_params(page, name, names)
    local params = item(page, name).params
    for _, option in ipairs(names) do
      assert.truthy(params[option],
                    ("%s: %s: no option %s"):format(page, name, option))
    end
  end

  -- Options that are told in the text of another one.
  local function mentions(page, name, names)
    local text = item(page, name).text
    for _, option in ipairs(names) do
      assert.truthy(text:find("%f[%w_]" .. option .. "%f[^%w_]"),
                    ("%s: %s: no %s"):format(page, name, option))
    end
  end

  it("is made without a warning", function()
    assert.equal("", printed)
  end)

  it("has a first page that says where to start", function()
    local text = pages.index.text
    assert.truthy(text:find("Where to start", 1, true))
    for _, name in ipairs { "pop3.connect", "pop3.server.new",
                            "pop3.message.parse" } do
      assert.truthy(text:find(name, 1, true), name)
    end
    for _, part in ipairs { "navigation", "content" } do
      local html = pages.index.html:match('<div id="' .. part .. '">(.-)</div>')
      local modules = html:find "<h2>Modules</h2>"
      local internals = html:find "<h2>Internals</h2>"
      assert.is_true(modules < internals)
    end
  end)

  it("leaves code as it is", function()
    local seen = 0
    for name, page in pairs(pages) do
      for code in page.html:gmatch "<code>(.-)</code>" do
        if code:find("&lt;/?code&gt;") then error(name .. ": " .. code) end
        for dash in code:gmatch "&[mn]dash;" do error(name .. ": " .. dash) end
        if code:find("--", 1, true) then seen = seen + 1 end
      end
    end
    assert.is_true(seen > 10)
  end)

  it("has tables as tables, and no name of a file in a heading", function()
    local tables = 0
    for name, page in pairs(pages) do
      tables = tables + (page.html:find "<th>" and 1 or 0)
      assert.is_nil(page.html:match "<p>%s*|[^\n]*", name)
      for text in page.html:gmatch "<h2[^>]*>(.-)</h2>" do
        assert.is_nil(text:match "[%w.]+%.[%w.]+ Functions", name)
      end
    end
    assert.is_true(tables >= 3)
  end)

  it("describes each page on its first page", function()
    local content = pages.index.html:match '<div id="content">(.-)</div>'
    for name, summary in content:gmatch 'html">([^<]*)</a></td>%s*<td class="summary">(.-)</td>' do
      assert.is_true(#summary > 0, name)
    end
  end)

  it("has examples that run", function()
    local program, count = reference.examples(pages)
    assert.is_true(count >= 30)
    local text, content = pages_of.run { language = "lua", program = program }
    assert.is_true(content, text)
  end)

  it("has the engines apart from the public modules", function()
    for name, page in pairs(pages) do
      if name:find "^pop3%.core" then assert.equal("internals", page.kind, name) end
    end
  end)

  it("has only methods and fields in the classes that programs use", function()
    for _, class in ipairs { "pop3.session", "pop3.handle", "pop3.run",
                             "pop3.server.session", "pop3.maildir" } do
      for name in pairs(pages[class].items) do
        if name ~= class .. ".fields" and name ~= class .. ".reply" then
          assert.equal(class .. ":", name:sub(1, #class + 1), name)
        end
      end
    end
  end)

  it("has no dead link", function()
    local there, anchors = {}, {}
    for _, page in pairs(pages) do
      there[page.path] = page
      anchors[page.path] = {}
      for name in page.html:gmatch '<a name ?= ?"([^"]*)"' do
        anchors[page.path][name] = true
      end
      for name in page.html:gmatch ' id="([^"]*)"' do
        anchors[page.path][name] = true
      end
    end
    for _, page in pairs(pages) do
      for link in page.html:gmatch 'href="([^"]*)"' do
        local target, anchor = link:match "^([^#]*)#?(.*)$"
        if target == "" then target = page.path
        elseif target:find "^%.%./%.%./%.%./" then
          local path = target:gsub("^%.%./%.%./%.%./", "")
          assert(io.open(path), page.path .. ": " .. link):close()
          target = nil
        elseif target:find "%.css$" or target:find "^%l+:" then target = nil
        else
          target = target:find "^%.%./" and target:sub(4)
                   or (page.path:match "^.*/" or "") .. target
        end
        if target then
          assert.truthy(there[target], page.path .. ": " .. link)
          if anchor ~= "" then
            assert.truthy(anchors[target][anchor], page.path .. ": " .. link)
          end
        end
      end
    end
  end)

  it("has every function of `require \"pop3\"`", function()
    has_items("pop3", "connect message server store loop record check core")
  end)

  it("has the error codes", function()
    for code in ("connect timeout closed tls auth err proto limit state charset "
                 .. "io"):gmatch "%S+" do
      assert.truthy(pages.pop3.text:find('"' .. code .. '"', 1, true), code)
    end
  end)

  it("has the options of connect", function()
    has_params("pop3", "connect", known(pop3.connect, BAD))
    mentions("pop3", "connect", known(pop3.connect, { host = "h", limits = BAD }))
    mentions("pop3", "connect", known(pop3.connect, { host = "h", timeout = BAD }))
  end)

  -- A session in memory, to list its methods.
  local function session(server)
    server = server or pop3.server.new { users = { u = { password = "p",
      mail = { "A: b\r\n\r\nc\r\n" } } } }
    return assert(pop3.connect { transport = server:loopback(), user = "u",
                                 password = "p" })
  end

  it("has every method of a session", function()
    local s <close> = session()
    local internal = { may_send_cleartext = true, capa_or_redial = true,
                       redial_without_capa = true, has_refused_capa = true }
    local count = 0
    for name, method in pairs(getmetatable(s).__index) do
      if type(method) == "function" and not internal[name] then
        item("pop3.session", "pop3.session:" .. name)
        count = count + 1
      end
    end
    assert.is_true(count >= 25)
    has_items("pop3.session", "login stls capa supports stat list uidl retr save top "
      .. "message headers retr_many messages dele rset noop utf8 lang command state "
      .. "is_secure tls_info greeting quit close", "pop3.session:")
  end)

  it("has the options of a session's methods", function()
    local s <close> = session()
    for name, arguments in pairs { login = { "u", "p", BAD }, messages = { BAD },
                                   command = { "NOOP", BAD } } do
      mentions("pop3.session", "pop3.session:" .. name,
               known(s[name], s, table.unpack(arguments)))
    end
  end)

  it("has every method of a handle", function()
    local s <close> = session()
    for m in assert(s:messages()) do
      for name, method in pairs(getmetatable(m).__index) do
        if type(method) == "function" and not name:find "^__" then
          item("pop3.handle", "pop3.handle:" .. name)
        end
      end
    end
    has_items("pop3.handle", "retr save top message headers dele", "pop3.handle:")
  end)

  it("has the functions of pop3.message and the methods of a message", function()
    has_items("pop3.message", "parse open stream decode_words parse_addresses "
                              .. "parse_date")
    for name in ("header fields addresses text html text_part html_part part by_cid "
      .. "attachments walk body raw offsets message save smime structure")
      :gmatch "%S+" do
      item("pop3.message", "m:" .. name)
    end
    local tables = require "pop3.message" and require "pop3.core".message
    for name in pairs(tables.methods) do
      if not name:find "^_" then item("pop3.message", "m:" .. name) end
    end
    local fields = "subject message_id in_reply_to references from to cc bcc reply_to "
      .. "sender date defects path type charset filename safe_filename disposition "
      .. "cid encoding params size"
    for name in pairs(tables.getters) do
      if not name:find "^_" then fields = fields .. " " .. name end
    end
    for field in fields:gmatch "%S+" do
      assert.truthy(pages["pop3.message"].text:find("%f[%w_]" .. field
                                                    .. "%f[^%w_]"), field)
    end
    for name in pairs(require "pop3.message") do item("pop3.message", name) end
    for field in ("on_header on_part on_data on_end"):gmatch "%S+" do
      assert.truthy(pages["pop3.message.stream"].text:find(field, 1, true), field)
    end
  end)

  it("has the options of pop3.server.new", function()
    has_params("pop3.server", "pop3.server.new", known(pop3.server.new, BAD))
    mentions("pop3.server", "pop3.server.new",
             known(pop3.server.new, { limits = BAD }))
    mentions("pop3.server", "pop3.server.user_fields",
             known(pop3.server.new, { users = { u = BAD } }))
    mentions("pop3.server", "pop3.server.new",
             known(pop3.server.new, { tls = BAD }))
    mentions("pop3.server", "pop3.server.new",
             known(pop3.server.new, { capa = BAD }))
  end)

  it("has the methods of a server, and of a run", function()
    has_items("pop3.server", "fault fork loopback listen step run stop now advance "
      .. "reset snapshot user preset list_faults clear_faults list_sessions drop "
      .. "transcript verify count wait_for mailbox deliver client_certificate "
      .. "list_maildrops list_messages read_message read_part", "pop3.server:")
    local run <close> = pop3.server.new {}:fork()
    for name, method in pairs(getmetatable(run).__index) do
      if type(method) == "function" then item("pop3.run", "pop3.run:" .. name) end
    end
    has_items("pop3.run", "transcript verify count wait_for mailbox deliver stop",
              "pop3.run:")
  end)

  it("has every handler and every hook", function()
    local count = 0
    for name in pairs(pop3.server.new {}.default) do
      item("pop3.server.handlers", name)
      count = count + 1
    end
    assert.is_true(count >= 18)
    has_items("pop3.server.handlers", "USER PASS APOP AUTH STLS CAPA STAT LIST UIDL RETR TOP "
      .. "DELE RSET NOOP QUIT UTF8 LANG connect update disconnect unknown reset")
    for _, handler in ipairs { "RETR", "TOP", "LIST", "APOP", "update" } do
      assert.truthy(item("pop3.server.handlers", handler).params.session, handler)
    end
  end)

  it("has the methods that handlers use", function()
    has_items("pop3.server.session", "ok err multi raw hangup fault sleep challenge",
              "pop3.server.session:")
    for field in ("id user state secure peer maildrop data"):gmatch "%S+" do
      assert.truthy(pages["pop3.server.session"].text:find("%f[%w_]" .. field
                                                           .. "%f[^%w_]"), field)
    end
  end)

  it("has every effect and every condition of a fault", function()
    for _, name in ipairs(known(function()
      pop3.server.new {}:fault(BAD)
    end)) do
      assert.truthy(pages["pop3.server.fault"].text:find("%f[%w_]" .. name .. "%f[^%w_]"),
                    name)
    end
  end)

  it("has every preset", function()
    for _, name in ipairs(pop3.server.presets()) do
      assert.truthy(pages["pop3.server.presets"].text:find("%f[%w_]" .. name
                                                    .. "%f[^%w_]"), name)
    end
  end)

  it("has the stores and the interfaces", function()
    has_items("pop3.store", "memory files maildir")
    mentions("pop3.store", "maildir", known(pop3.store.maildir, "/nowhere", BAD))
    has_items("store", "open deliver snapshot")
    has_items("maildrop", "count size uid octets remove close source total")
    has_items("transport", "send receive close")
    has_items("pop3.loop", "wait copas cqueues luv own")
    local loop <close> = pop3.loop.own()
    for name, method in pairs(getmetatable(loop).__index) do
      if type(method) == "function" and not name:find "^__" then
        item("pop3.loop.own", "pop3.loop.own:" .. name)
      end
    end
  end)

  it("has the options of record, replay and check", function()
    for page, names in pairs {
      ["pop3.record"] = known(pop3.record, BAD),
      ["pop3.check"] = known(pop3.check, BAD),
      ["pop3.record.replay"] = known(pop3.server.replay, "/nowhere", BAD),
    } do
      for _, name in ipairs(names) do
        assert.truthy(pages[page].text:find("%f[%w_]" .. name .. "%f[^%w_]"),
                      page .. ": " .. name)
      end
    end
  end)

  it("has the names of pop3.sync", function()
    has_items("pop3", "sync maildir mbox lmtp pipe")
    has_params("pop3", "lmtp", known(pop3.lmtp, BAD))
    has_params("pop3", "pipe", known(pop3.pipe, "true", BAD))
    for _, name in ipairs { "maildir", "mbox" } do
      has_params("pop3", name, known(pop3[name], "path", BAD))
      mentions("pop3", "maildir", known(pop3[name], "path", { fields = BAD }))
      item("pop3." .. name, "pop3." .. name .. ":deliver")
    end
    has_items("pop3.sync", "sync")
    local page = pages["pop3.sync"].text
    local s <close> = session()
    for _, name in ipairs(known(pop3.sync, s, BAD)) do
      assert.truthy(page:find("%f[%w_]" .. name .. "%f[^%w_]"), name)
    end
    for name in ("new skipped deleted failed aside again octets pending retry_after "
                 .. "quit problems"):gmatch "%S+" do
      assert.truthy(page:find("%f[%w_]" .. name .. "%f[^%w_]"), name)
    end
    for interface, names in pairs {
      delivery = "begin write commit abort settle number size uid nth id again "
                 .. "first_seen",
      state = "open seen intend done failed close" } do
      for name in names:gmatch "%S+" do
        assert.truthy(pages["pop3.sync." .. interface].text
                      :find("%f[%w_]" .. name .. "%f[^%w_]"), name)
      end
      assert.equal("interfaces", pages["pop3.sync." .. interface].kind)
    end
  end)

  it("has the names of databases", function()
    has_items("pop3", "state")
    local sql = require "pop3.sql"
    has_params("pop3.sql", "open", known(sql.open, BAD))
    has_items("pop3.sql", "octets open db:query db:batch db:transaction db:listen "
              .. "db:notified db:select_octets db:octets db:close")
    for _, code in ipairs { "connect", "unknown", "timeout", "sql" } do
      assert.truthy(pages["pop3.sql"].text:find('"' .. code .. '"', 1, true), code)
    end
    has_params("pop3.state.sql", "sql", known(pop3.state.sql, BAD))
    has_params("pop3", "inbox", known(pop3.inbox, BAD))
    has_items("pop3.inbox", "take done release wait clean", "pop3.inbox:")
    has_items("pop3.inbox", "octets source", "message:")
  end)

  it("has every request of the control socket, with its fields", function()
    local text = pages["pop3.server.control"].text
    local function has(name)
      assert.truthy(text:find("%f[%w_]" .. name .. "%f[^%w_]"), name)
    end
    local count = 0
    for name, row in pairs(require "pop3.server.requests".rows) do
      has(name)
      for field in pairs(row.takes or {}) do has(field) end
      count = count + 1
    end
    assert.is_true(count >= 10)
    for name in ("deliver mailbox fault transcript verify count wait_for advance reset "
                 .. "stats tie stop"):gmatch "%S+" do has(name) end
  end)

  it("has the ports of the engines", function()
    for page, name in pairs { ["pop3.core.client"] = "client",
      ["pop3.core.server"] = "server", ["pop3.core.tls"] = "tls" } do
      for _, port in ipairs { "feed", "next", "out", "sent" } do
        local found = pages[page].items[name .. ":" .. port]
                      or pages[page].items["engine:" .. port]
        assert.truthy(found, page .. ": " .. port)
      end
    end
  end)
end)
