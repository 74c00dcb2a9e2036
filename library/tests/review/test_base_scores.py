"""Main's scores: where they come from, and what to do where there are none."""

import subprocess

import numpy as np
import polars as pl
import pytest
from review import cases

from merge_lane.repository.revision import Base
from merge_lane.review import models
from merge_lane.review.report.terminal import render


@pytest.fixture
def empty_main(tmp_path):
    """A repository whose only commit has no model."""
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        identity = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
        subprocess.run(["git", *identity, *command], cwd=tmp_path, check=True)
    return Base("HEAD", tmp_path)


def test_main_without_a_model(empty_main, toy_bundle):
    """The review names the files to commit on main first, instead of comparing with nothing silently."""
    stored = pl.DataFrame({"_score": np.zeros(3)})
    main = models.base_scores(empty_main, toy_bundle, stored, {})
    assert main.scores is None
    assert "commit dvc.lock, models/manifest.json and reports/metrics.json on main first" in main.how


def test_how_is_printed():
    """What became of main's scores is on the second line of the review."""
    review = cases.review()
    review.base_how = models.NO_MODEL
    assert models.NO_MODEL in render(review).splitlines()[1]
