"""The deployment record: JSON lines that only grow, each holding the hash of the one before.

A head file holds their number and the last hash: without it nobody would see that the last lines were cut
off. The head is written after the line; a kill between the two leaves one line more than
the head knows, which is whole and linked, and is accepted.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from merge_lane.errors import ChainError
from merge_lane.release.manifest import now
from merge_lane.system.files import read_json, write_json

FIRST = "0" * 64
"""What the first line names as the hash before it."""


class Record:
    """The append-only record in one file; `head` is FILE.head next to it."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.head = self.path.with_name(self.path.name + ".head")

    def append(self, event: str, *, once: bool = True, **facts: Any) -> dict[str, Any]:
        """Add one entry and return it; with `once`, the same event of a `deployment` is not added twice.

        Raises ChainError when an entry was altered or cut off: nothing is added to a broken record.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)  # two writers would otherwise both follow the same line
            self._drop_torn_line(stream.fileno())
            entries = self.entries()
            known = self._same(entries, event, facts.get("deployment")) if once else None
            if known is not None:
                return known
            return self._write(stream.fileno(), entries, event, facts)

    def _write(
        self, handle: int, entries: list[dict[str, Any]], event: str, facts: dict[str, Any]
    ) -> dict[str, Any]:
        before = entries[-1]["hash"] if entries else FIRST
        body = {"number": len(entries) + 1, "at": now(), "event": event, **facts, "before": before}
        entry = {**body, "hash": _hash(body)}
        os.write(handle, (_line(entry) + "\n").encode())
        os.fsync(handle)
        write_json(self.head, {"number": entry["number"], "hash": entry["hash"]})
        return entry

    def _drop_torn_line(self, handle: int) -> None:
        """Cut what a kill left of a half-written line: it has no newline, and no head ever named it."""
        data = self.path.read_bytes()
        if data and not data.endswith(b"\n"):
            os.ftruncate(handle, data.rfind(b"\n") + 1)

    @staticmethod
    def _same(entries: list[dict[str, Any]], event: str, deployment: str | None) -> dict[str, Any] | None:
        if deployment is None:
            return None
        return next((e for e in entries if e["event"] == event and e.get("deployment") == deployment), None)

    def entries(self) -> list[dict[str, Any]]:
        """Return all entries, oldest first. Raises ChainError naming the first line that does not hold."""
        entries: list[dict[str, Any]] = []
        before = FIRST
        for number, line in enumerate(self._lines(), 1):
            entry = self._checked(number, line, before)
            before = entry["hash"]
            entries.append(entry)
        self._check_head(entries)
        return entries

    def last(self, *events: str) -> dict[str, Any] | None:
        """Return the newest entry of one of these events."""
        return next((entry for entry in reversed(self.entries()) if entry["event"] in events), None)

    def _lines(self) -> list[str]:
        if not self.path.exists():
            return []
        text = self.path.read_text(encoding="utf-8")
        return text.split("\n")[:-1]  # what follows the last newline was torn by a kill and never counted

    def _checked(self, number: int, line: str, before: str) -> dict[str, Any]:
        try:
            entry = json.loads(line)
            body = {key: value for key, value in entry.items() if key != "hash"}
            whole = entry["hash"] == _hash(body) and entry["before"] == before and entry["number"] == number
        except (ValueError, KeyError, TypeError, AttributeError):
            whole = False
        if not whole:
            raise self._broken(f"line {number} was altered, or a line before it is missing", number)
        return dict(entry)

    def _check_head(self, entries: list[dict[str, Any]]) -> None:
        head: dict[str, Any] = {"number": 0, "hash": FIRST}
        if self.head.exists():
            head = read_json(self.head)
        number = head["number"]
        if number > len(entries):
            raise self._broken(f"it ends at line {len(entries)} of {number}", len(entries))
        if number and entries[number - 1]["hash"] != head["hash"]:
            raise self._broken(f"line {number} is not the one that was written", number)
        if len(entries) > number + 1:
            raise self._broken(f"it has {len(entries)} lines, {number} were written", number)

    def _broken(self, problem: str, number: int) -> ChainError:
        return ChainError(
            f"The identity chain breaks at deployment record: {problem}.",
            where=f"{self.path}:{number}",
            next="restore the record from its last copy; find out who changed it before deploying again",
        )


def _hash(body: dict[str, Any]) -> str:
    return hashlib.sha256(_line(body).encode()).hexdigest()


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
