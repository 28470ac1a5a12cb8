--- The progress bar of `pop3 fetch`: one line on a terminal, for all accounts
-- together.
-- @module pop3.command.fetch.progress
-- @local

local core = require "pop3.core"

local Progress = { __name = "pop3.command.fetch.progress" }
Progress.__index = Progress

local EVERY = 0.1  -- seconds between two drawings
local BAR = 20     -- characters

--- Make a progress bar.
-- @tparam file out the terminal
-- @tparam[opt] function now a clock in seconds
-- @treturn progress
local function new(out, now)
  return setmetatable({
    out = out, now = now or core.now, began = (now or core.now)(),
    accounts = {}, messages = 0, total = 0, octets = 0, drawn = -math.huge,
    shown = false,
  }, Progress)
end

local units = { "B", "KiB", "MiB", "GiB", "TiB" }

local function size_text(n)
  local unit = 1
  while n >= 1000 and unit < #units do
    n, unit = n / 1024, unit + 1
  end
  return (unit == 1 and "%d %s" or "%.1f %s"):format(
    unit == 1 and n // 1 or n, units[unit])
end

local function time_text(seconds)
  seconds = math.ceil(seconds)
  if seconds >= 3600 then
    return ("%d:%02d:%02d"):format(seconds // 3600, seconds // 60 % 60,
                                   seconds % 60)
  end
  return ("%d:%02d"):format(seconds // 60, seconds % 60)
end

-- The line: messages, octets, rate, time left.
function Progress:line()
  local spent = math.max(self.now() - self.began, 0.001)
  local share = self.total > 0 and self.messages / self.total or 0
  local full = share * BAR // 1
  local left = self.messages > 0
               and spent / self.messages * (self.total - self.messages)
  return ("[%s%s] %d/%d messages, %s, %s/s%s"):format(
    ("#"):rep(full // 1 | 0), (" "):rep(BAR - full // 1 | 0), self.messages,
    self.total, size_text(self.octets), size_text(self.octets / spent),
    left and ", " .. time_text(left) .. " left" or "")
end

--- Count one more message of an account.
-- @tparam string name of the account
-- @tparam integer done messages
-- @tparam integer total messages of its run
-- @tparam integer octets of this message
function Progress:update(name, done, total, octets)
  local account = self.accounts[name]
  if not account then
    account = { done = 0, total = 0 }
    self.accounts[name] = account
  end
  self.messages = self.messages + done - account.done
  self.total = self.total + total - account.total
  self.octets = self.octets + octets
  account.done, account.total = done, total
  if self.now() - self.drawn >= EVERY then self:draw() end
end

--- All accounts are done: the next update begins a new line.
function Progress:reset()
  self:clear()
  self.accounts, self.messages, self.total, self.octets = {}, 0, 0, 0
  self.began = self.now()
end

--- Draw the line.
function Progress:draw()
  self.drawn, self.shown = self.now(), true
  self.out:write("\r", self:line(), "\27[K")
  self.out:flush()
end

--- Remove the line, before other output or at the end.
function Progress:clear()
  if not self.shown then return end
  self.out:write "\r\27[K"
  self.out:flush()
  self.shown = false
end

return new
