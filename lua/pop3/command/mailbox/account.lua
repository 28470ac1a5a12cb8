--- The mailbox that `pop3 list`, `get` and `login` work with: its part of the
-- command line, the options of `pop3.connect` that follow, and the secret.
-- @module pop3.command.mailbox.account
-- @local

local argument = require "pop3.util.argument"
local connect_options = require "pop3.client.options"
local core = require "pop3.core"
local dialogue = require "pop3.command.dialogue"
local keys = require "pop3.account.keys"
local options = require "pop3.command.options"
local parse_url = require "pop3.client.url"
local prompt = require "pop3.command.prompt"
local secret = require "pop3.account.secret"
local terminal = require "pop3.command.terminal"
local util_url = require "pop3.util.url"

local account = {}

-- ------------------------------------------------------------ the command line

--- Define the argument `url` and the options.
-- @tparam table c a command of argparse
function account.define(c)
  c:argument("url", "The mailbox: pops://USER@HOST (TLS at once, port 995), "
    .. "pop://USER@HOST (STLS, port 110), each also with :PORT; or "
    .. "[USER@]HOST[:PORT], which is pops except on port 110."):argname "URL"
  c:option("-u --user", "The user, if it is not in the URL."):argname "NAME"
  options.secret(c)
  c:option("--mech", "Log in by this mechanism only, such as PLAIN, "
    .. "SCRAM-SHA-256, USER or APOP. May be repeated, in order of preference.")
   :argname "NAME":count "*"
  options.tls(c, "by the URL")
  options.cafile(c)
  c:option("--servername", "The name that the certificate must have (default: "
    .. "the host)."):argname "NAME"
  c:mutex(
    c:option("--fingerprint", "Trust the certificate with this SHA-256 "
      .. "fingerprint, and no other."):argname "HEX",
    c:flag("--no-verify", "Accept any certificate: whoever answers gets the "
      .. "password."))
  c:option("--cert", "The certificate of the client, with its key or with "
    .. "--key."):argname "FILE"
  c:option("--key", "The key of that certificate."):argname "FILE"
  options.insecure(c)
  c:mutex(c:flag("-4 --ipv4", "Use IPv4 only."),
          c:flag("-6 --ipv6", "Use IPv6 only."))
  c:option("--proxy", "Connect through socks5://HOST:PORT or "
    .. "http://HOST:PORT (default: POP3_PROXY)."):argname "URL"
  options.timeout(c)
  c:flag("-v --verbose", "Show the dialogue on standard error, with secrets "
    .. "masked.")
end

-- The options in the URL; or nil, message.
local function of_url(text)
  if not text:find("://", 1, true) then
    local port = text:match ":(%d+)$"
    text = (port == "110" and "pop://" or "pops://") .. text
  end
  local parsed, err = parse_url(text)
  if not parsed then return nil, err end
  if parsed.password then
    return nil, "the URL must not have a password: others can see the command "
                .. "line (see --password-command and --password-file)"
  end
  return parsed
end

-- The proxy; or nil, and a message if it is not allowed.
local function proxy_of(args)
  if not args.proxy then
    local set = os.getenv "POP3_PROXY"
    return set ~= "" and set or nil
  end
  local parsed = util_url.parse(args.proxy)
  if parsed and parsed.password then
    return nil, "--proxy must not have a password: put the URL into POP3_PROXY"
  end
  return args.proxy
end

-- 64 hexadecimal digits; colons and blanks between them are ignored.
local function fingerprint(text)
  local digits = text:gsub("[:%s]", ""):lower()
  if #digits == 64 and not digits:find "%X" then return digits end
  return nil, "--fingerprint needs the 64 hexadecimal digits of SHA-256"
end

-- Where the secret comes from, in terms of `pop3.account.secret`.
local SECRETS = { "password_command", "token_command", "password_file" }

--- The account that the command line means.
-- @tparam table args
-- @treturn table `options`, for `pop3.connect`, without the secret; `secret`, for
-- `pop3.account.secret`, nil without a user; or nil, message
function account.of(args)
  local opts, err = of_url(args.url)
  if not opts then return nil, err end
  if args.user and opts.user then
    return nil, "the URL has a user already"
  end
  opts.user = args.user or opts.user
  opts.tls = args.tls or opts.tls
  if args.mech[1] then opts.mechs = args.mech end
  for _, name in ipairs { "cafile", "servername", "cert", "key", "timeout" } do
    opts[name] = args[name]
  end
  opts.insecure = args.insecure
  opts.family = args.ipv4 and "ipv4" or args.ipv6 and "ipv6" or nil
  opts.proxy, err = proxy_of(args)
  if err then return nil, err end
  if args.fingerprint then
    opts.fingerprint, err = fingerprint(args.fingerprint)
    if not opts.fingerprint then return nil, err end
    opts.verify = false
  elseif args.no_verify then
    opts.verify = false
  end
  local tried = { password = "-" }
  for name, value in pairs(opts) do tried[name] = value end
  local ok, misuse = pcall(connect_options.check, tried)
  if not ok then return nil, (argument.said(misuse):gsub("^connect: ", "")) end
  if args.verbose then
    local paint = terminal.painter(2)
    opts.log = function(from, line)
      io.stderr:write(dialogue.line(paint, { from = from, line = line }), "\n")
    end
  end
  local made = { options = opts, name = keys.address_of(opts) }
  if opts.user then
    made.secret = { user = opts.user, host = opts.host, mechs = opts.mechs }
    for _, name in ipairs(SECRETS) do
      made.secret[name] = args[name]
      made.secret.named = made.secret.named or args[name] ~= nil
    end
  end
  return made
end

-- ------------------------------------------------------------------ the secret

--- Get the secret of an account: from the source that the command line names, from
-- netrc, from POP3_PASSWORD, or from a prompt on the terminal. With a client
-- certificate no secret is needed, unless the command line names a source.
-- @tparam table a an account
-- @treturn table `password` or `token`, or neither; or nil, message, temporary (a
-- boolean)
function account.credential(a)
  if not a.secret or a.options.cert and not a.secret.named then return {} end
  local made, err, temporary = secret.get(a.secret, {
    wait = core.poll,
    ask = function() return prompt(("Password for %s: "):format(a.name)) end,
  })
  if made then return made end
  for _, name in ipairs(SECRETS) do  -- as the command line calls them
    err = err:gsub(name, "--" .. name:gsub("_", "-"))
  end
  return nil, err, temporary
end

return account
