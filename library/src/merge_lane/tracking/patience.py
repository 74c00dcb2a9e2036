"""A tracking server that is down or hangs costs seconds: MLflow's own defaults wait for minutes."""

from __future__ import annotations

import queue
import ssl
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, TypeVar

from merge_lane.system.background import give_way

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def within(patience: float | None, work: Callable[[Callable[[], None]], T]) -> T:
    """Do the work, which calls its argument as a sign of life at least every `patience` seconds.

    Raises TimeoutError where none comes. The thread is left behind: nothing ends a blocked socket in it,
    and as a daemon it does not outlive the command.
    """
    if patience is None:
        return work(lambda: None)
    signs: queue.Queue[tuple[str, Any]] = queue.Queue()

    def run() -> None:
        give_way()
        try:
            signs.put(("done", work(lambda: signs.put(("alive", None)))))
        except Exception as error:  # noqa: BLE001 - handed over to the waiting thread, which raises it
            signs.put(("failed", error))

    threading.Thread(target=run, daemon=True).start()
    answer: T = _await(signs, patience)
    return answer


def _await(signs: queue.Queue[tuple[str, Any]], patience: float) -> Any:
    while True:
        try:
            sign, value = signs.get(timeout=patience)
        except queue.Empty:
            raise TimeoutError(f"no answer within {patience:.0f} s") from None
        if sign == "failed":
            raise value
        if sign == "done":
            return value


def knock(uri: str) -> None:
    """Ask the server for a sign of life before MLflow, seconds to import and stubborn, is loaded at all."""
    try:
        urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=3).close()  # noqa: S310 - http(s) only
    except urllib.error.HTTPError:
        return  # it answers: whether it lets us in is MLflow's to find out
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ssl.SSLError):  # MLflow has certificates of its own
            raise
