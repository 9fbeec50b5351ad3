"""A mail server that takes every letter (RFC 5321) and keeps it, on a port of its own."""

import base64
import socketserver
import threading


class MailServer(socketserver.ThreadingTCPServer):
    """With `asks_password` it offers AUTH PLAIN and takes the second try: at the first it says the password that it was given into its refusal."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, asks_password=False):
        self.asks_password, self.given, self.letters = asks_password, [], []
        super().__init__(("127.0.0.1", 0), MailSession)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class MailSession(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.say("220 test")
        while line := self.rfile.readline():
            words = line.decode().split()
            verb = words[0].upper() if words else ""
            if verb == "EHLO" and self.server.asks_password:
                self.say("250-test\r\n250 AUTH PLAIN")
            elif verb == "AUTH" and self.server.asks_password:
                self.take_password(words)
            elif verb == "DATA":
                self.take_letter()
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 good")

    def take_password(self, words):
        if len(words) < 3:
            self.say("334 ")
            words.append(self.rfile.readline().decode().strip())
        password = base64.b64decode(words[-1]).decode().split("\0")[2]
        self.server.given.append(password)
        self.say(f"535 {password} is no password of mine ({words[-1]})" if len(self.server.given) == 1 else "235 good")

    def take_letter(self):
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        self.server.letters.append(b"".join(lines))
        self.say("250 good")
