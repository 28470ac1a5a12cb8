--- What `pop3 fetch` prints: nothing when all is well, errors on standard
-- error, one line a message with --verbose, JSON lines with --log json, a
-- progress bar on a terminal.
-- @module pop3.command.fetch.report
-- @local

local core = require "pop3.core"
local json = require "pop3.util.json"
local new_progress = require "pop3.command.fetch.progress"
local outcome = require "pop3.account.outcome"
local terminal = require "pop3.command.terminal"

local Report = { __name = "pop3.command.fetch.report" }
Report.__index = Report

--- Make a report.
-- @tparam table opts `verbose`, `json`, `dry_run`: booleans; `bar`: draw a
-- progress bar; `out`, `err`: files; standard output and standard error by
-- default
-- @treturn report
local function new(opts)
  local err = opts.err or io.stderr
  return setmetatable({
    out = opts.out or io.stdout, err = err, verbose = opts.verbose,
    json = opts.json, dry_run = opts.dry_run,
    bar = opts.bar and new_progress(err) or nil, done = {},
  }, Report)
end

local function write(self, file, text)
  if self.bar then self.bar:clear() end
  file:write(text, "\n")
  file:flush()
end

-- One line of JSON. No secret is passed to this function.
local function log(self, entry)
  entry.time = core.time()
  write(self, self.out, json.encode(entry, { keyorder = {
    "time", "account", "event", "status", "number", "uid", "id", "text", "code",
    "new", "octets", "skipped", "deleted", "failed", "aside", "again",
    "pending", "quit", "retry_after", "dry_run" } }))
end

-- One line of text, safe for a terminal.
local function say(self, file, account, text)
  text = terminal.harmless(text)
  write(self, file, account and terminal.harmless(account) .. ": " .. text
                    or text)
end

-- What --verbose says of an event; nil for nothing.
local words = {
  delivered = { "delivered", "would be delivered" },
  deleted = { "deleted", "would be deleted" },
  skipped = { "skipped", "would be skipped" },
  failed = { "not delivered" }, aside = { "set aside" },
  settled = { "was delivered before" },
}

--- An event of `pop3.sync`.
-- @tparam string account its name
-- @tparam table event
function Report:event(account, event)
  if event.octets then self.done[account] = event.octets end
  if self.json then
    return log(self, { account = account, event = event.what,
      number = event.number, uid = event.uid, id = event.id,
      octets = event.octets or nil, text = event.text, code = event.code,
      dry_run = self.dry_run or nil })
  end
  if event.what == "repaired" then
    return say(self, self.err, nil, ("pop3: fetch: %s: %s"):format(account, event.text))
  end
  if not (self.verbose or self.dry_run) then return end
  local word = words[event.what]
  if not word then
    return say(self, self.out, account, event.text or event.what)
  end
  local size = event.octets or event.size
  say(self, self.out, account, ("message %s%s%s %s%s"):format(
    event.number or "?", event.uid and " (" .. event.uid .. ")" or "",
    size and (", %d octets,"):format(size) or "",
    self.dry_run and word[2] or word[1],
    not self.dry_run and event.text and ": " .. event.text or ""))
end

--- Progress of an account.
-- @tparam string account its name
-- @tparam integer done messages
-- @tparam integer total messages
-- @tparam table handle the message
function Report:progress(account, done, total, handle)
  if not self.bar then return end
  local octets = self.done[account] or handle and handle.size or 0
  self.done[account] = nil
  self.bar:update(account, done, total, octets)
end

--- A run of an account has ended.
-- @tparam string account its name
-- @tparam table o an outcome
-- @tparam boolean quiet do not report its failure
function Report:finish(account, o, quiet)
  local result = o.result or {}
  if self.json then
    log(self, { account = account, event = "end", status = o.status,
      text = o.text, code = o.code, new = result.new,
      skipped = result.skipped, deleted = result.deleted,
      failed = result.failed, aside = result.aside, again = result.again,
      octets = result.octets, pending = result.pending, quit = result.quit,
      retry_after = o.retry_after, dry_run = self.dry_run or nil })
  end
  if o.text and not quiet and not self.json then
    say(self, self.err, nil, ("pop3: fetch: %s: %s"):format(account, o.text))
  elseif o.text and not quiet and o.status == outcome.PERSON then
    say(self, self.err, nil, ("pop3: fetch: %s: %s"):format(account, o.text))
  elseif self.verbose and not self.json and o.status == outcome.OK then
    say(self, self.out, account, ("%d new, %d deleted"):format(
      result.new or 0, result.deleted or 0))
  end
end

--- Print a line on standard output.
-- @tparam string text
function Report:line(text)
  say(self, self.out, nil, text)
end

--- Print a line about the program on standard error.
-- @tparam string text
function Report:trouble(text)
  say(self, self.err, nil, "pop3: fetch: " .. text)
end

--- Remove the progress bar: no account is queued or runs.
function Report:idle()
  if self.bar then self.bar:reset() end
end

return new
