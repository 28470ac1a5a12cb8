"""A pytest fixture: a POP3 server for tests of a mail program.

    pytest examples/pop3_pytest.py

Copy this file beside your tests, and write in conftest.py:

    from pop3_pytest import pop3, pop3_process

The server is `pop3 serve`, one process for all tests. Each test finds it as it
was at the start: one user, mrose with the password secret, without mail.
"""
import json
import poplib
import subprocess
import urllib.error
import urllib.request

import pytest


class Pop3Server:
    def __init__(self, *options):
        self.process = subprocess.Popen(
            ["pop3", "serve", "--tie-to-parent", "--control", "tcp:127.0.0.1:0",
             *options], stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline()
        if not ready.startswith("ready "):
            raise RuntimeError("pop3 serve did not start")
        fields = dict(word.split("=", 1) for word in ready.split()[1:])
        self.host, self.port = fields["host"], int(fields["port"])
        self.cafile = fields.get("cafile")
        self.control, self.token = fields["control"], fields["token"]

    def ask(self, request, **fields):
        """A request of pop3.server.control; the fields of its answer."""
        body = json.dumps({"do": request, **fields}).encode()
        http = urllib.request.Request(
            f"http://{self.control}/requests", body,
            {"Authorization": f"Bearer {self.token}"})
        try:
            with urllib.request.urlopen(http) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            raise AssertionError(json.load(refused)["error"]) from None

    def deliver(self, mail, user="mrose"):
        self.ask("deliver", user=user, mail=mail)

    def fault(self, **fields):
        self.ask("fault", fault=fields)

    def verify(self, *commands):
        self.ask("verify", commands=commands)

    def stop(self):
        self.process.terminate()
        self.process.stdout.close()
        return self.process.wait()


@pytest.fixture(scope="session")
def pop3_process():
    server = Pop3Server()
    yield server
    server.stop()


@pytest.fixture
def pop3(pop3_process):
    pop3_process.ask("reset")
    yield pop3_process
    # pytest shows this if the test failed
    print(pop3_process.ask("transcript", text=True)["text"])


def test_a_listing_that_is_cut_is_an_error(pop3):
    pop3.deliver("Subject: hi\r\n\r\nhello\r\n")
    pop3.fault(verb="UIDL", times=1, cut={"lines": 0})
    box = poplib.POP3(pop3.host, pop3.port)
    box.user("mrose"), box.pass_("secret")
    with pytest.raises(poplib.error_proto):
        box.uidl()
    box.close()
    pop3.verify("USER mrose", "PASS ***", "UIDL")
