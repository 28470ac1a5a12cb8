--- The outcome of a run of an account, and its exit status.
--
-- An outcome has `status` (OK, TEMPORARY or PERSON), `text` (the reason, nil
-- after success), `code`, `result` (of `pop3.sync`, nil when it did not run), and
-- `retry_after` (seconds, or nil).
-- @module pop3.account.outcome
-- @local

local outcome = {
  OK = 0,          -- success, also without new mail
  PERSON = 3,      -- a person must act
  TEMPORARY = 75,  -- a later run may succeed (EX_TEMPFAIL of sysexits.h)
}

--- A failure.
-- @tparam string text
-- @tparam string code
-- @tparam boolean temporary
-- @tparam[opt] table result of `pop3.sync`
-- @treturn table an outcome
function outcome.failed(text, code, temporary, result)
  return { status = temporary and outcome.TEMPORARY or outcome.PERSON,
           text = text, code = code, result = result,
           retry_after = result and result.retry_after }
end

-- Codes of failures of the network or the server.
local passing = { connect = true, timeout = true, closed = true, proto = true,
                  limit = true }

-- Does a reply say that the failure is permanent (RFC 3206 section 4)?
local function is_permanent(reply)
  return reply and reply.code and reply.code:find "^SYS/PERM" ~= nil
end

--- The outcome of a failed `pop3.connect`.
-- @tparam string message
-- @tparam string code
-- @tparam ?table reply
-- @treturn table
function outcome.of_connect(message, code, reply)
  local temporary = passing[code] or code == "err" and not is_permanent(reply)
  return outcome.failed(message, code, temporary or false)
end

--- The outcome of a failed `pop3.sync`.
-- @tparam string message
-- @tparam string code
-- @tparam ?table reply
-- @tparam ?table result what was done until then
-- @treturn table
function outcome.of_sync(message, code, reply, result)
  local temporary = result and result.temporary
                    or code == "err" and not is_permanent(reply)
  return outcome.failed(message, code, temporary or false, result)
end

local function plural(n, what)
  return ("%d %s%s"):format(n, what, n == 1 and "" or "s")
end

-- The first problem, and how many others there are.
local function first_problem(result, text)
  local problem = result.problems[1]
  if not problem then return text end
  local more = #result.problems - 1
  return ("%s: %s%s%s"):format(text,
    problem.number and ("message %d: "):format(problem.number) or "",
    problem.text or problem.code or "",
    more > 0 and (" (and %d more)"):format(more) or "")
end

--- The outcome of a `pop3.sync` that ran to its end.
-- @tparam table result
-- @treturn table
function outcome.of_result(result)
  local made = { status = outcome.OK, result = result,
                 retry_after = result.retry_after }
  if result.aside > 0 then
    made.status, made.code = outcome.PERSON, "aside"
    made.text = first_problem(result, plural(result.aside, "message")
                                      .. " set aside")
  elseif result.failed > 0 then
    made.status, made.code = outcome.TEMPORARY, "failed"
    made.text = first_problem(result, plural(result.failed, "message")
                                      .. " not delivered")
  elseif result.quit == "refused" or result.quit == "unknown" then
    made.status, made.code = outcome.TEMPORARY, "quit"
    made.text = first_problem(result, "QUIT " .. (result.quit == "refused"
                  and "was refused" or "was not confirmed"))
  elseif result.problems[1] then
    made.status, made.code = outcome.TEMPORARY, "problem"
    made.text = first_problem(result, plural(#result.problems, "problem"))
  end
  return made
end

--- The exit status for several outcomes: the worst one.
-- @tparam {integer,...} statuses
-- @treturn integer
function outcome.worst(statuses)
  local worst = outcome.OK
  for _, status in ipairs(statuses) do
    if status == outcome.PERSON then return status end
    if status ~= outcome.OK then worst = status end
  end
  return worst
end

return outcome
