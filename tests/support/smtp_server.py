#!/usr/bin/python3
"""A real SMTP server on 127.0.0.1 for tests (Debian: python3-aiosmtpd).

Prints "ready PORT", then writes one JSON line to --out for each mail it has taken, parsed with Python's
own e-mail library. Ends when its standard input closes.

A recipient "rcptNNN@..." is refused with that code, "dataNNN@..." makes the whole mail be refused after
its data, and so does a sender "mailNNN@..." at MAIL FROM.
"""
import argparse
import asyncio
import email
import email.policy
import json
import re
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def code_in(address, kind):
    match = re.match(kind + r"(\d{3})@", address)
    return match and match.group(1) + " 5.7.1 refused <" + address + ">"


class Handler:
    def __init__(self, out):
        self.out = open(out, "a", encoding="utf-8")

    async def handle_MAIL(self, server, session, envelope, address, options):
        if refusal := code_in(address, "mail"):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if refusal := code_in(address, "rcpt"):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        for address in envelope.rcpt_tos:
            if refusal := code_in(address, "data"):
                return refusal
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = [{"type": part.get_content_type(), "filename": part.get_filename(),
                  "disposition": part.get_content_disposition(),
                  "text": part.get_content().replace("\r\n", "\n")
                  if part.get_content_maintype() == "text" else None,
                  "hex": None if part.is_multipart() else part.get_payload(decode=True).hex()}
                 for part in message.walk()]
        record = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "peer": session.peer[1],
                  "tls": server.transport.get_extra_info("ssl_object") is not None, "login": server.login_name,
                  "headers": [[name, str(value)] for name, value in message.items()], "parts": parts,
                  "defects": [str(defect) for part in message.walk() for defect in part.defects],
                  "longestLine": max(len(line) for line in envelope.content.split(b"\r\n")),
                  "raw": envelope.content.decode("utf-8", "replace")}
        self.out.write(json.dumps(record) + "\n")
        self.out.flush()
        return "250 OK taken"


class Server(SMTP):
    login_name = None
    hang_quit = False

    async def smtp_QUIT(self, arg):
        if self.hang_quit:
            await asyncio.sleep(3600)
        await super().smtp_QUIT(arg)


def make_server(options, context):
    def authenticate(server, session, envelope, mechanism, data):
        good = (data.login, data.password) == (options.user.encode(), options.password.encode())
        server.login_name = data.login.decode() if good else None
        return AuthResult(success=good, handled=False)

    auth = {}
    if options.user:
        auth = {"authenticator": authenticate, "auth_required": True,
                "auth_require_tls": options.tls == "starttls"}
    server = Server(Handler(options.out), hostname="localhost",
                    tls_context=context if options.tls == "starttls" else None,
                    require_starttls=options.tls == "starttls" and options.require_tls, **auth)
    server.hang_quit = options.hang_quit
    return server


async def stdin_end():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", choices=["none", "starttls", "tls"], default="none")
    parser.add_argument("--require-tls", action="store_true")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--hang-quit", action="store_true")
    options = parser.parse_args()
    context = None
    if options.tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.cert, options.key)
    server = await asyncio.get_running_loop().create_server(
        lambda: make_server(options, context), "127.0.0.1", options.port,
        ssl=context if options.tls == "tls" else None)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await stdin_end()


asyncio.run(main())
