"""Requests of one turn are scored in one call, and none suffers from another."""

import asyncio

import numpy as np
import pytest

from merge_lane.production.serve.batching import Batcher


def test_requests_of_one_turn_are_one_call_and_get_their_own_scores():
    calls = []

    def score(rows):
        calls.append(len(rows))
        return np.array(rows) * 10.0

    async def ask():
        batcher = Batcher(score)
        return await asyncio.gather(*(batcher.score([n] * (n + 1)) for n in range(5)))

    scores = asyncio.run(ask())
    assert [s.tolist() for s in scores] == [[n * 10.0] * (n + 1) for n in range(5)]
    assert calls == [15]


def test_a_request_that_fails_leaves_its_neighbours_alone():
    def score(rows):
        if "bad" in rows:
            raise ValueError("bad")
        return np.ones(len(rows))

    async def ask():
        batcher = Batcher(score)
        asked = (batcher.score([row]) for row in ("good", "bad", "good"))
        return await asyncio.gather(*asked, return_exceptions=True)

    first, second, third = asyncio.run(ask())
    assert (first.tolist(), third.tolist()) == ([1.0], [1.0])
    assert isinstance(second, ValueError)


def test_a_caller_that_went_away_does_not_disturb_the_others():
    async def ask():
        batcher = Batcher(lambda rows: np.array(rows, dtype=float))
        gone, stays = (asyncio.ensure_future(batcher.score([n])) for n in (1, 2))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        return await stays

    assert asyncio.run(ask()).tolist() == [2.0]
