"""A unittest of Python against a POP3 server that fails where the test says so.

    python3 examples/unittest_mock.py

The server is `pop3 serve`, another process; the tests talk to it over its
control socket, in JSON, one object a line.
"""
import json
import os
import poplib
import socket
import subprocess
import tempfile
import unittest


class Server:
    def __init__(self, *options):
        self.directory = tempfile.TemporaryDirectory()
        path = os.path.join(self.directory.name, "control")
        self.process = subprocess.Popen(
            ["pop3", "serve", "--control", path, *options],
            stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline()
        if not ready.startswith("ready "):
            raise RuntimeError("pop3 serve did not start")
        fields = dict(word.split("=", 1) for word in ready.split()[1:])
        self.port = int(fields["port"])
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.answers = self.socket.makefile()
        self.ask("tie")  # it ends when this process does, however that comes

    def ask(self, what, **fields):
        request = json.dumps({"do": what, **fields})
        self.socket.sendall(request.encode() + b"\n")
        answer = json.loads(self.answers.readline())
        if not answer["ok"]:
            raise AssertionError(answer["error"])
        return answer

    def stop(self):
        self.answers.close()
        self.socket.close()
        self.process.stdout.close()
        status = self.process.wait()
        self.directory.cleanup()
        return status


def fetch_new(port, seen):
    """The program under test: what is new, and a second try if need be."""
    for attempt in (1, 2):
        box = poplib.POP3("127.0.0.1", port, timeout=60)
        try:
            box.user("mrose")
            box.pass_("secret")
            new = {}
            for line in box.uidl()[1]:
                number, uid = line.decode().split()
                if uid not in seen:
                    new[uid] = b"\r\n".join(box.retr(int(number))[1])
            box.quit()
            return new
        except (poplib.error_proto, EOFError):
            box.close()
            if attempt == 2:
                raise


class FetchTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def setUp(self):
        self.server.ask("reset")
        for n in (1, 2):
            self.server.ask("deliver", user="mrose",
                            mail=f"Subject: {n}\r\n\r\n.dot\r\n")

    def test_fetches_what_is_new(self):
        first = fetch_new(self.server.port, set())
        self.assertEqual(sorted(first.values()),
                         [b"Subject: 1\r\n\r\n.dot", b"Subject: 2\r\n\r\n.dot"])
        self.server.ask("deliver", user="mrose", mail="Subject: 3\r\n\r\n")
        self.assertEqual(list(fetch_new(self.server.port, first).values()),
                         [b"Subject: 3\r\n"])

    def test_a_listing_that_is_cut_is_asked_for_again(self):
        self.server.ask("fault",
                        fault={"verb": "UIDL", "times": 1, "cut": {"lines": 1}})
        self.assertEqual(len(fetch_new(self.server.port, set())), 2)
        login = ["USER mrose", "PASS ***", "UIDL"]
        self.server.ask("verify",
                        commands=[*login, *login, "RETR 1", "RETR 2", "QUIT"])

    def test_nothing_is_deleted(self):
        fetch_new(self.server.port, set())
        self.assertEqual(self.server.ask("count", verb="DELE")["count"], 0)
        mail = self.server.ask("mailbox", user="mrose")["mail"]
        self.assertEqual(len(mail), 2)


if __name__ == "__main__":
    unittest.main()
