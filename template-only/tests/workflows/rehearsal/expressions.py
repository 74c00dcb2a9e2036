"""GitHub's evaluator of expressions, in one Node process that lives as long as the tests."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


class RehearsalError(Exception):
    """The workflow does what GitHub would refuse, or what no double stands for."""


class Expressions:
    """Answers one expression at a time."""

    def __init__(self, directory: Path) -> None:
        self.process = subprocess.Popen(
            ["node", "evaluate.mjs"], cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()

    def ask(self, expression: str, contexts: dict[str, Any], functions: dict[str, Any]) -> dict[str, Any]:
        request = {"expression": expression.strip(), "contexts": contexts, "functions": functions}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise RehearsalError(f"{expression.strip()}: {answer['error']}")
        return answer

    def text(self, value: Any, contexts: dict[str, Any], functions: dict[str, Any] | None = None) -> str:
        """Return a value with its expressions replaced by their text."""
        if isinstance(value, bool):
            value = str(value).lower()
        found = "" if value is None else str(value)
        return EXPRESSION.sub(lambda match: self.ask(match[1], contexts, functions or {})["text"], found)

    def value(self, value: Any, contexts: dict[str, Any]) -> Any:
        """Return a value that keeps its type where one expression is all of it, else its text."""
        expressions = EXPRESSION.findall(value) if isinstance(value, str) else []
        if len(expressions) == 1 and EXPRESSION.fullmatch(value.strip()):
            return self.ask(expressions[0], contexts, {})["value"]
        return self.text(value, contexts) if expressions else value

    def condition(self, value: Any, contexts: dict[str, Any], functions: dict[str, Any]) -> bool:
        """Return whether an `if:` holds. Without a status function it also needs success()."""
        if value is None:
            return bool(functions["success"])
        text = str(value).strip() if not isinstance(value, bool) else str(value).lower()
        if match := EXPRESSION.fullmatch(text):
            text = match[1]
        answer = self.ask(text, contexts, functions)
        held = answer["text"] not in ("", "false", "0") and answer["value"] is not None
        return held and (answer["status"] or bool(functions["success"]))
