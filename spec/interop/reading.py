"""reading.py FILE: how Python's email (policy default) reads a set of messages,
"LENGTH\n" and so many octets each; a line of JSON per message, with the fields of
message:structure()."""
import email
import email.policy
import hashlib
import json
import sys


def clean(text):
    return text.encode("utf-8", "replace").decode("utf-8")


def attempt(function):
    """What Python cannot read at all is told as an error."""
    try:
        return function()
    except Exception as why:  # its parsers raise many kinds
        return {"error": type(why).__name__}


def addresses(message, name):
    field = message[name]
    if field is None:
        return []
    out = []
    for group in field.groups:
        for a in group.addresses:
            one = {"name": clean(a.display_name), "address": clean(a.addr_spec)}
            if group.display_name is not None:
                one["group"] = clean(group.display_name)
            out.append(one)
    return out


def date(message):
    field = message["date"]
    when = field and field.datetime
    if not when:
        return None
    text = when.isoformat()
    return text if when.tzinfo else text + "-00:00"


def ids(message, name):
    value = message[name]
    return [] if value is None else [
        x.strip("<>") for x in str(value).split() if x]


def octets(part):
    if part.get_content_type().startswith("message/"):
        return part.get_payload(0).as_bytes()
    return part.get_payload(decode=True) or b""


def describe(part, path):
    kind = part.get_content_type()
    one = {"path": path, "type": kind}
    one["filename"] = attempt(lambda: part.get_filename())
    if isinstance(one["filename"], str):
        one["filename"] = clean(one["filename"])
    one["disposition"] = attempt(part.get_content_disposition)
    cid = attempt(lambda: part["content-id"])
    one["cid"] = cid if isinstance(cid, dict) else cid and str(cid).strip("<> ")
    if kind.startswith("message/"):
        return one
    data = octets(part)
    one["size"] = len(data)
    one["sha256"] = hashlib.sha256(data).hexdigest()
    if kind.startswith("text/"):
        charset = part.get_content_charset()
        one["charset"] = charset
        try:
            one["text"] = data.decode(charset or "ascii", "strict")
        except (LookupError, UnicodeDecodeError):
            one["text"] = {"error": "charset"}
    return one


def walk(part, base, out):
    """base: what the paths of the parts in it begin with."""
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        for number, inner in enumerate(part.get_payload(), 1):
            path = base + str(number)
            if inner.get_content_maintype() == "multipart" \
                    and inner.is_multipart():
                walk(inner, path + ".", out)
            else:
                leaf(inner, path, out)
    else:
        leaf(part, base + "1", out)


def leaf(part, path, out):
    out.append(describe(part, path))
    if part.get_content_type() in ("message/rfc822", "message/global") \
            and part.is_multipart():
        inner = part.get_payload(0)
        out[-1]["message_subject"] = attempt(lambda: inner["subject"] and
                                             clean(str(inner["subject"])))
        walk(inner, path + ".", out)


def read(octets):
    m = email.message_from_bytes(octets, policy=email.policy.default)
    parts = []
    walk(m, "", parts)
    return {
        "subject": attempt(lambda: m["subject"] and clean(str(m["subject"]))),
        "from": attempt(lambda: addresses(m, "from")),
        "to": attempt(lambda: addresses(m, "to")),
        "cc": attempt(lambda: addresses(m, "cc")),
        "date": attempt(lambda: date(m)),
        "message_id": attempt(lambda: m["message-id"] and
                              str(m["message-id"]).strip("<> ")),
        "references": attempt(lambda: ids(m, "references")),
        "in_reply_to": attempt(lambda: ids(m, "in-reply-to")),
        "parts": parts,
    }


def main():
    with open(sys.argv[1], "rb") as f:
        data = f.read()
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        n = int(data[at:end])
        at = end + 1 + n
        print(json.dumps(attempt(lambda: read(data[end + 1:at]))))


main()
