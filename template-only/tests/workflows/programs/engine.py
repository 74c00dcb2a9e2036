#!/usr/bin/env python3
"""Stands for a container engine and the registries that it is logged in to; images are JSON files in $IMAGES.

`local/` is what the engine holds on this runner, `remote/` what was pushed. It does what image.py asks of it.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

ROOT = Path(os.environ["IMAGES"])
LABELS = {
    "REVISION": "org.opencontainers.image.revision",
    "MODEL": "merge-lane.model",
    "DATA": "merge-lane.data",
    "CONTRACT": "merge-lane.contract",
    "CONTENT": "merge-lane.content",
}


def file_of(place, name):
    """Return where an image of this name is kept: by tag, or by digest."""
    return ROOT / place / f"{hashlib.sha256(name.encode()).hexdigest()}.json"


def refuse(text):
    print(text, file=sys.stderr)
    sys.exit(1)


def read(place, name, said):
    path = file_of(place, name)
    if not path.exists():
        refuse(f"{said}: {name}")
    return json.loads(path.read_text())


def write(place, name, image):
    path = file_of(place, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(image))


def build(words):
    given = dict(words[i + 1].split("=", 1) for i, word in enumerate(words) if word == "--build-arg")
    context = Path(words[-1])
    if not (context / "models/manifest.json").exists() or not (context / "Dockerfile").exists():
        refuse("the context lacks the model or the recipe")
    labels = {label: given[name] for name, label in LABELS.items()}
    write("local", words[words.index("--tag") + 1], {"labels": labels, "digests": []})


def push(name):
    if name.partition("/")[0] not in os.environ.get("LOGGED_IN", "").split(","):
        refuse("denied: requested access to the resource is denied")
    image = read("local", name, "an image does not exist locally")
    digest = "sha256:" + hashlib.sha256(json.dumps(image["labels"]).encode()).hexdigest()
    by_digest = f"{name.rpartition(':')[0]}@{digest}"
    image["digests"] = [by_digest]
    for place in ("local", "remote"):
        for one in (name, by_digest):
            write(place, one, image)


def inspect(template, name):
    image = read("local", name, "no such image")
    answers = {
        "{{.Id}}": image["labels"]["merge-lane.content"],
        "{{json .Config.Labels}}": json.dumps(image["labels"]),
        "{{json .RepoDigests}}": json.dumps(image["digests"]),
    }
    print(answers[template])


def main(words):
    verb, last = words[0], words[-1]
    if verb == "build":
        build(words)
    elif verb == "push":
        push(last)
    elif verb == "pull":
        write("local", last, read("remote", last, "manifest unknown"))
    elif words[:3] == ["image", "inspect", "--format"]:
        inspect(words[3], last)
    else:
        refuse(f"this double knows no `{' '.join(words)}`")


main(sys.argv[1:])
