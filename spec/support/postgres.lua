--- A private PostgreSQL for specs: a new cluster in a temporary directory, on a Unix
-- socket, as an unprivileged user. It ends with the process that started it.
--
--    local postgres = require "spec.support.postgres"
--    postgres.describe("name", function(server) … server().url … end)

local busted = require "busted"
local core = require "pop3.core"
local sql = require "pop3.sql"
local tempdir = require "spec.support.tempdir"

local postgres = {}

--- Execute a statement on a connection of its own: the rows.
function postgres.query(url, text, ...)
  local db <close> = assert(sql.open { url = url })
  return assert(db:query(text, ...))
end

local Server = {}
Server.__index = Server

local PATIENCE = 300  -- seconds; only a broken server needs them
local USER = "nobody" -- who runs it when the specs run as root

local function output(command)
  local pipe = assert(io.popen(command .. " 2>/dev/null"))
  local text = pipe:read "a"
  pipe:close()
  return (text:gsub("%s+$", ""))
end

-- The directory of initdb and postgres, or nil.
local function find()
  local found = output "dirname \"$(ls /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)\""
  if found ~= "" and found ~= "." then return found end
  found = output "dirname \"$(readlink -f \"$(command -v initdb)\")\""
  if found ~= "" and found ~= "." then return found end
  return nil
end

local bin = find()

--- Why it cannot be started; nil if it can.
function postgres.missing()
  if not bin then return "no PostgreSQL here" end
  local version, message = core.pq.version()
  if not version then return message end
  return nil
end

local is_root = output "id -u" == "0"

-- A command as the unprivileged user, which dies with this process.
local function as_user(command)
  return ("exec setpriv --pdeathsig KILL %s -- %s"):format(
    is_root and ("--reuid %s --regid $(id -g %s) --clear-groups"):format(USER, USER)
    or "", command)
end

-- Run a command in the background; its output can be read.
local function spawn(command)
  local input <close> = assert(core.open("/dev/null", "r"))
  return assert(core.spawn("exec 2>&1\n" .. command, input, { "LC_ALL=C" }))
end

-- Read until the output ends, or a text comes: all of it, and whether it came.
local function read(command, text)
  local all, deadline = "", core.now() + PATIENCE
  while true do
    local octets, err = command:read()
    if octets then
      all = all .. octets
      if text and all:find(text, 1, true) then return all, true end
    elseif err == "closed" then
      return all, false
    else
      local _, out = command:getfd()
      assert(core.poll(out, "r", deadline - core.now()), "PostgreSQL hangs: " .. all)
    end
  end
end

-- Wait for the end of a command whose output has ended: how it ended, its status.
local function wait(command)
  while true do
    local how, status = command:status()
    if how then return how, status end
    local fd = command:getfd()
    core.poll(fd, "r", PATIENCE)
  end
end

--- Start a cluster.
-- @tparam[opt] table opts `fsync = true`: durable as in production (default: not);
-- `settings`: a list of "name=value"; `place`: the directory in which its own is made
-- @return server: `directory`, `url`
function postgres.start(opts)
  opts = opts or {}
  local dir = tempdir(not opts.fsync, opts.place)
  if is_root then
    assert(os.execute(("chown %s %s"):format(USER, dir.path)))
  end
  local self = setmetatable({
    dir = dir, directory = dir.path, data = dir.path .. "/data",
    url = ("host=%s dbname=postgres user=pop3"):format(dir.path),
    settings = { "listen_addresses=", "unix_socket_directories=" .. dir.path,
                 "fsync=" .. (opts.fsync and "on" or "off"), "shared_buffers=16MB",
                 "log_min_messages=log", "max_connections=60", "autovacuum=off",
                 "dynamic_shared_memory_type=mmap", table.unpack(opts.settings or {}) },
    count = 0,
  }, Server)
  local made <close> = spawn(as_user(("%s/initdb -D %s -U pop3 -A trust -E UTF8 "
    .. "--locale=C --no-sync --no-instructions"):format(bin, self.data)))
  local text = read(made)
  local how, status = wait(made)
  if how ~= "exit" or status ~= 0 then error("initdb: " .. text) end
  self:start()
  return self
end

--- Start it after a stop. Returns when it takes connections.
function Server:start()
  local command = { bin .. "/postgres", "-D", self.data }
  for _, setting in ipairs(self.settings) do
    command[#command + 1] = "-c '" .. setting .. "'"
  end
  self.process = spawn(as_user(table.concat(command, " ")))
  local text, is_ready = read(self.process, "ready to accept connections")
  if not is_ready then error("postgres: " .. text) end
end

local signals = { smart = "TERM", fast = "INT", immediate = "QUIT" }

--- Stop it, and wait for its end.
-- @tparam[opt="fast"] string mode "fast", "immediate" (as a crash) or "smart"
function Server:stop(mode)
  if not self.process then return end
  local file <close> = assert(io.open(self.data .. "/postmaster.pid"))
  local pid = assert(file:read "l":match "^%d+$")
  assert(os.execute(("kill -%s %s"):format(signals[mode or "fast"], pid)))
  read(self.process)
  self.process:close()
  self.process = nil
end

--- Make an empty database; returns its URL.
function Server:database()
  self.count = self.count + 1
  local name = "d" .. self.count
  postgres.query(self.url, "create database " .. name)
  return (self.url:gsub("dbname=%S+", "dbname=" .. name))
end

function Server:close()
  self:stop "immediate"
  self.dir:__close()
end
Server.__close = Server.close

--- `describe` with a server, which the specs get by calling the argument of the
-- function. Where PostgreSQL is missing one pending spec says so.
-- @tparam string name
-- @tparam function fn `function(server)`
-- @tparam[opt] table opts of `start`
function postgres.describe(name, fn, opts)
  local why = postgres.missing()
  busted.describe(name, function()
    if why then
      io.stderr:write("SKIPPED: ", name, ": ", why, "\n")
      busted.it("needs PostgreSQL", function() busted.pending(why) end)
      return
    end
    local server
    busted.setup(function() server = postgres.start(opts) end)
    busted.teardown(function() if server then server:close() end end)
    fn(function() return server end)
  end)
end

return postgres
