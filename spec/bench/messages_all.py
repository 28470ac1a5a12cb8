"""messages_all.py parse|decode FILE [SHARE]: as gmime_all.c, by Python's email;
of a set only its first SHARE-th part, since it takes so long."""
import email
import email.policy
import sys
import time

decoding = sys.argv[1] == "decode"
with open(sys.argv[2], "rb") as f:
    octets = f.read()
at = messages = total = 0
start = time.process_time()
stop = len(octets) // int(sys.argv[3]) if len(sys.argv) > 3 else len(octets)
while at < stop:
    end = octets.index(b"\n", at)
    n = int(octets[at:end])
    m = email.message_from_bytes(octets[end + 1:end + 1 + n],
                                 policy=email.policy.default)
    at = end + 1 + n
    messages += 1
    try:
        total += len(m["subject"] or "") + len(str(m["from"] or ""))
    except Exception:
        pass
    for part in m.walk():
        if not decoding or part.is_multipart():
            continue
        try:
            body = part.get_content()
        except Exception:
            body = part.get_payload(decode=True) or b""
        total += len(body)
print(messages, total, "%.6f" % (time.process_time() - start))
