"""Stands in for the server, ready in a tenth of a second; `models/behaviour.json` says how it errs."""

import asyncio
import hashlib
import json
import random
import sys
from pathlib import Path

WISH = {
    "ready": True,
    "error_rate": 0.0,
    "reject_rate": 0.0,
    "delay": 0.0,
    "shift": 0.0,
    "mute": False,
    "says": None,
}


class Server:
    def __init__(self, models, seed=7):
        behaviour = models / "behaviour.json"
        self.wish = WISH | (json.loads(behaviour.read_text()) if behaviour.exists() else {})
        model = hashlib.sha256((models / "manifest.json").read_bytes()).hexdigest()
        release = json.loads((models.parent / "release.json").read_text())
        self.version = {name: release[name] for name in ("commit", "data", "contract")}
        self.version["model"] = self.wish["says"] or model
        self.dice = random.Random(seed)

    async def serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, path, _ = head.split(b"\r\n", 1)[0].split(b" ")
                length = next(
                    (int(x[15:]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")), 0
                )
                await reader.readexactly(length)
                status, tree = await self.answer(method.decode(), path.decode())
                body = json.dumps(tree).encode()
                writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(self, method, path):
        if path == "/version":
            return 200, self.version
        if method == "GET":
            return (200 if self.wish["ready"] else 503), {}
        await asyncio.sleep(self.wish["delay"])
        if self.dice.random() < self.wish["error_rate"]:
            return 500, {"detail": "boom"}
        if self.dice.random() < self.wish["reject_rate"]:
            return 422, {"detail": "no"}
        score = min(1.0, self.dice.betavariate(2, 5) + self.wish["shift"])
        return 200, {} if self.wish["mute"] else {"predictions": [score]}


async def main(models, port):
    server = await asyncio.start_server(Server(Path(models)).serve, "127.0.0.1", int(port))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
