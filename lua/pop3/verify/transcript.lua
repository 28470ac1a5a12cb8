--- Transcripts: lists of what was said, as text.
-- @module pop3.transcript
-- @local

local transcript = {}

local Transcript = { __name = "pop3.transcript" }
Transcript.__index = Transcript

--- Lines "C: ..." and "S: ...", and a line "# session N" where another session
-- goes on.
function Transcript:__tostring()
  local out, session = {}, nil
  for _, entry in ipairs(self) do
    if entry.session ~= session then
      session = entry.session
      out[#out + 1] = "# session " .. session
    end
    out[#out + 1] = entry.from .. ": " .. entry.line
  end
  out[#out + 1] = ""
  return table.concat(out, "\n")
end

--- @tparam {table,...} entries
function transcript.new(entries)
  return setmetatable(entries, Transcript)
end

return transcript
