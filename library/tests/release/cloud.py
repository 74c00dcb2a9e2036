"""Stands in for Terraform and the cloud: a script on disk, and an API that behaves as last applied."""

import json
import stat

from release.front import Front

from merge_lane.release.canary import Counts

SCRIPT = """#!/usr/bin/env python3
import json, pathlib, sys
here = pathlib.Path(__file__).parent
state, outputs, calls = (here / name for name in ("state.json", "outputs.json", "calls.jsonl"))
environment, verb, *words = sys.argv[1:]
with calls.open("a") as stream:
    stream.write(json.dumps([verb, *words]) + "\\n")
if verb == "output":
    known = json.loads(outputs.read_text()) if outputs.exists() else {}
    print(json.dumps({name: {"value": value} for name, value in known.items()}))
elif verb == "apply":
    given = dict(word.removeprefix("-var=").split("=", 1) for word in words if word.startswith("-var="))
    weight = int(given["canary_weight_percent"])
    outputs.write_text(json.dumps({"name": "lane", "stable_image": given["stable_image"],
        "canary_image": given.get("canary_image"),
        "traffic_weights_percent": {"stable": 100 - weight, "canary": weight}}))
    fault = here / "fault"
    if fault.exists() and fault.read_text() in " ".join(words):  # the outputs say what was wanted
        print((here / "said").read_text(), file=sys.stderr)
        sys.exit(1)
    state.write_text(outputs.read_text())
"""


class Cloud(Front):
    """The API behind the load balancer, as last applied."""

    def __init__(self, root):
        self.folder = root / "infra"
        self.folder.mkdir()
        script = self.folder / "terraform"
        script.write_text(SCRIPT)
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        self.labels = {}
        super().__init__()

    def state(self):
        path = self.folder / "state.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def applies(self):
        """Return what was applied, in order: (stable, canary, weight)."""
        calls = [json.loads(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]
        given = [
            dict(w.removeprefix("-var=").split("=", 1) for w in c if w.startswith("-var=")) for c in calls
        ]
        return [
            (
                self.letter(g["stable_image"]),
                self.letter(g.get("canary_image")),
                int(g["canary_weight_percent"]),
            )
            for call, g in zip(calls, given, strict=True)
            if call[0] == "apply"
        ]

    def letter(self, image):
        return None if image is None else image[-1]

    def saves(self):
        return (self.folder / "calls.jsonl").read_text().count("save-state")

    def break_apply(self, words, said):
        (self.folder / "fault").write_text(words)
        (self.folder / "said").write_text(said)

    def heal(self):
        (self.folder / "fault").unlink()

    def image(self, track):
        return self.state().get(f"{track}_image")

    def shares(self):
        return self.state()["traffic_weights_percent"]

    def label(self, name):
        """Return the label of an image: that of its release, unless told otherwise."""
        digest = name.rpartition("@")[2]
        return self.labels.get(digest, self.releases[digest][0].model)

    def count(self, track, since):  # noqa: ARG002 - the cloud counts by itself
        """As if many users had asked meanwhile."""
        _, wish = self.on(track)
        requests = {"stable": 4000, "canary": 1000}[track]
        latency = [0] * 194
        latency[100] = requests
        return Counts(requests, int(wish["errors"] * requests), 0, tuple(latency))
