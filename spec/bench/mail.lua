-- The text that every server under measurement holds: a message of 'size'
-- octets with CRLF, lines of 76 characters, every 40th beginning with a dot.

local HEAD = "From: a@example.org\r\nTo: b@example.org\r\nSubject: bench\r\n"
  .. "Message-ID: <1@example.org>\r\nDate: Mon, 16 Nov 2026 00:00:00 +0000\r\n\r\n"
local ALPHABET = ("abcdefghijklmnopqrstuvwxyz0123456789+/ABCDEFGHIJ"):rep(2)

local function message(size)
  local block = {}
  for k = 1, 40 do
    block[k] = (k == 40 and "." or "A") .. ALPHABET:sub(1, 75) .. "\r\n"
  end
  block = table.concat(block)
  local text = HEAD .. block:rep(size // #block + 1)
  return text:sub(1, size - 2):gsub("\r$", "x") .. "\r\n"
end

return message
