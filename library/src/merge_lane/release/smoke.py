"""A few requests to a fresh deployment: does the released model answer what a caller asks?"""

from __future__ import annotations

import http.client
import json
import math
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from merge_lane.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from merge_lane.release.manifest import Release

REQUESTS = 20
SECONDS = 10.0


def check(url: str, bodies: Sequence[bytes], release: Release, environment: str) -> int:
    """Ask for predictions of test rows; return how many answered.

    Raises DeployError at the first answer that is no finite prediction of the release's model.
    """
    asked = bodies[:REQUESTS]
    back = f"merge-lane rollback --environment {environment}"
    for number, body in enumerate(asked, start=1):
        problem = _problem(*_ask(f"{url}/predict", body), release.model)
        if problem:
            raise DeployError(
                f"Request {number} of {len(asked)} to {environment}: {problem}.",
                where=f"POST {url}/predict",
                next=f"read the server's log, then: {back}",
            )
    return len(asked)


def _ask(url: str, body: bytes) -> tuple[int, Any]:
    """Return status and JSON of an answer; 0 and the reason where there is none."""
    request = urllib.request.Request(url, body, {"content-type": "application/json"})  # noqa: S310 - our own API
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")[:200]
    except (OSError, http.client.HTTPException, ValueError) as error:
        return 0, str(error)


def _problem(status: int, answer: Any, model: str) -> str | None:
    """Return the problem of an answer to one row; None for a right answer."""
    if status != http.client.OK:
        return f"answered {status}: {answer}" if status else f"no answer: {answer}"
    tree = answer if isinstance(answer, dict) else {}
    if tree.get("model") != model:
        return f"the model {tree.get('model')} answered, not {model}"
    predictions = tree.get("predictions")
    if not isinstance(predictions, list) or len(predictions) != 1 or not _finite(predictions[0]):
        return f"{predictions} is no prediction of one row"
    return None


def _finite(prediction: Any) -> bool:
    """Return whether it is a number, or a number for each class."""
    values = list(prediction.values()) if isinstance(prediction, dict) else [prediction]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return len(numbers) == len(values) > 0 and all(math.isfinite(value) for value in numbers)
