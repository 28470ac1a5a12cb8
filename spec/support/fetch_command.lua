-- The command `pop3 fetch` in this process: its environment, its output, and a
-- server for it.

-- luacheck: ignore 122 (standard streams are replaced)
local command = require "pop3.command"
local core = require "pop3.core"
local helper = require "spec.helper"

local fetch = {}

-- A file in memory, in place of a standard stream.
local function memory()
  local self = { text = "" }
  function self.write(_, ...)
    self.text = self.text .. table.concat { ... }
    return self
  end
  function self.flush() return true end
  return self
end

--- A directory for the state, and the environment variables of the runs in it.
function fetch.place(env)
  local dir = helper.directory()
  local self = { dir = dir, env = env or {} }
  self.env.HOME = dir.path
  self.env.XDG_STATE_HOME = dir.path .. "/state"

  --- Run any command of `pop3`: exit status, standard output, standard error. Both
  -- are a terminal if `self.columns` is its width.
  function self.main(...)
    local stdout, stderr, getenv = io.stdout, io.stderr, os.getenv
    local isatty, columns = core.isatty, core.columns
    local out, err = memory(), memory()
    local words = { ... }
    local status
    do
      local _ <close> = setmetatable({}, { __close = function()
        io.stdout, io.stderr, os.getenv = stdout, stderr, getenv
        core.isatty, core.columns = isatty, columns
      end })
      io.stdout, io.stderr = out, err
      core.isatty = function() return self.columns ~= nil end
      core.columns = function() return self.columns end
      os.getenv = function(name)
        if self.env[name] ~= nil then return self.env[name] or nil end
        return nil
      end
      status = command.main(words)
    end
    return status, out.text, err.text
  end

  --- Run it: exit status, standard output, standard error.
  function self.run(...)
    return self.main("fetch", ...)
  end

  --- Write a configuration file; its path.
  function self.config(text)
    return dir:write("fetch.lua", text)
  end

  --- Names in a Maildir's new/.
  function self.new(name)
    return require "pop3.core".readdir(dir.path .. "/" .. name .. "/new") or {}
  end

  return setmetatable(self, { __close = function() dir:__close() end })
end

return fetch
