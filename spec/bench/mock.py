"""mock.py PORT NAME=COUNTxBYTES...: the POP3 mock that people write by hand
with asyncio; the user name without its digits picks the mailbox."""
import asyncio
import re
import resource
import sys

HEAD = (b"From: a@example.org\r\nTo: b@example.org\r\nSubject: bench\r\n"
        b"Message-ID: <1@example.org>\r\n"
        b"Date: Mon, 16 Nov 2026 00:00:00 +0000\r\n\r\n")
ALPHABET = b"abcdefghijklmnopqrstuvwxyz0123456789+/ABCDEFGHIJ" * 3
DOT = re.compile(rb"(?m)^\.")


def message(size):
    parts, have, k = [HEAD], len(HEAD), 0
    while have < size:
        k += 1
        n = min(78, max(2, size - have)) - 2
        first = b"." if k % 40 == 0 else b"A"
        parts.append(((first + ALPHABET)[:n]) + b"\r\n")
        have += n + 2
    return b"".join(parts)


class Session:
    boxes = {}

    def __init__(self):
        self.user, self.mail = "", []

    def command(self, line):
        verb, _, arg = line.strip().decode().partition(" ")
        verb, mail = verb.upper(), self.mail
        if verb == "RETR":
            text = mail[int(arg) - 1]
            return (b"+OK %d octets\r\n" % len(text)
                    + DOT.sub(b"..", text) + b".\r\n")
        if verb == "USER":
            self.user = arg.rstrip("0123456789")
            return b"+OK\r\n"
        if verb == "PASS":
            self.mail = self.boxes.get(self.user, [])
            return b"+OK\r\n"
        if verb == "STAT":
            return b"+OK %d %d\r\n" % (len(mail), sum(map(len, mail)))
        if verb == "LIST":
            rows = (b"%d %d\r\n" % (i, len(m)) for i, m in enumerate(mail, 1))
            return b"+OK\r\n" + b"".join(rows) + b".\r\n"
        if verb in ("QUIT", "NOOP", "DELE"):
            return b"+OK\r\n"
        return b"-ERR unknown\r\n"


async def client(reader, writer):
    session = Session()
    writer.write(b"+OK mock\r\n")
    try:
        while line := await reader.readline():
            writer.write(session.command(line))
            await writer.drain()
            if line[:4].upper() == b"QUIT":
                break
    except ConnectionError:
        pass
    writer.close()


async def main(port):
    server = await asyncio.start_server(client, "127.0.0.1", port, backlog=4096)
    async with server:
        await server.serve_forever()

for spec in sys.argv[2:]:
    name, count, size = re.fullmatch(r"(\w+)=(\d+)x(\d+)", spec).groups()
    Session.boxes[name] = [message(int(size))] * int(count)
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
asyncio.run(main(int(sys.argv[1])))
