"""Heavy work beside a running service: its thread gives way to those who answer requests.

Loading a library or a model keeps a core busy for seconds. On a machine of two cores the requests of that
moment would wait for it; with a low priority it waits for them.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

NICE = 10
"""A tenth of the weight of what answers requests: where the machine is idle it costs nothing."""


def in_background(work: Callable[[], T]) -> T:
    """Do the work in a thread of low priority; return what it returns, raise what it raises.

    Only Linux has a priority per thread, and a process may not raise its own again: elsewhere, just do it.
    """
    if sys.platform != "linux":
        return work()
    outcome: Future[T] = Future()
    threading.Thread(target=_do, args=(work, outcome), daemon=True).start()
    return outcome.result()


def _do(work: Callable[[], T], outcome: Future[T]) -> None:
    give_way()
    try:
        outcome.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised where somebody waits for it
        outcome.set_exception(error)


def give_way() -> None:
    """Lower the priority of this thread, for good; the system bounds it."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICE)
