#!/usr/bin/python3
"""A real HTTPS server on 127.0.0.1 for tests: answers every POST with 200 and keeps connections open.

Arguments: CERTIFICATE KEY. Prints "ready PORT". Ends when its standard input closes.
"""
import http.server
import os
import ssl
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # clients that do not trust the certificate


def main():
    certificate, key = sys.argv[1:]
    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=end_with_stdin, daemon=True).start()
    print("ready", server.server_address[1], flush=True)
    server.serve_forever()


main()
