-- Servers of the presets, for specs.

local pop3 = require "pop3"

local preset = {}

preset.MAIL = {
  "Message-ID: <1@a.example>\r\nSubject: 1\r\n\r\none\r\n.two\r\nthree\r\n",
  "Message-ID: <2@a.example>\r\nSubject: 2\r\n\r\nfour\r\n",
}

--- A server with the user u, unless the options have users.
function preset.server(name, opts)
  opts = opts or {}
  opts.preset = name
  opts.users = opts.users or { u = { password = "pw", mail = preset.MAIL,
                                     token = "tk" } }
  return pop3.server.new(opts)
end

--- What a list of messages says of each: "1 57", ...
function preset.listing(t, line)
  local _, lines = t:list(line)
  return lines
end

return preset
