"""Stands in for a load balancer and the servers behind it: each image answers as its release behaves."""

import json
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WISH = {"shift": 0.0, "errors": 0.0, "says": None}


class Front:
    """The API on loopback. Subclasses say `shares` (track -> percent) and `image` (what runs on a track)."""

    def __init__(self):
        self.releases = {}
        self.dice = random.Random(3)
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.reply(*front.version(self.headers.get("x-merge-lane-track")))

            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                self.reply(*front.predict())

            def reply(self, status, tree):
                body = json.dumps(tree).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True  # a kept connection is no reason to stay
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def add(self, release, **wish):
        """Say how a release behaves: `shift` of predictions, share of `errors`, the model that it `says`."""
        self.releases[release.image] = (release, WISH | wish)

    def on(self, track):
        """Return the release of a track and how it behaves; None where no task runs."""
        image = self.image(track)
        return None if image is None else self.releases[image.rpartition("@")[2]]

    def version(self, track):
        found = self.on(track or "stable")
        if found is None:
            return 503, {}
        release, wish = found
        return 200, {**release.model_dump(), "model": wish["says"] or release.model}

    def predict(self):
        shares = self.shares()
        track = "canary" if self.dice.random() < shares.get("canary", 0) / 100 else "stable"
        status, tree = self.answer(track)
        self.answered(track, status)
        return status, tree

    def answer(self, track):
        found = self.on(track)
        if found is None:
            return 503, {}
        release, wish = found
        if self.dice.random() < wish["errors"]:
            return 500, {"detail": "boom"}
        score = min(1.0, self.dice.betavariate(2, 5) + wish["shift"])
        return 200, {"predictions": [score], "model": release.model}

    def answered(self, track, status):
        """Count a request."""
