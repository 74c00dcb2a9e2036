"""deploy.yml and rollback.yml, executed as written, with nothing configured and a double of the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from workflows.merges import ALL_WELL, log_of, record

if TYPE_CHECKING:
    from workflows.rehearsal import engine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


FIRST = ["planned", "started", "promoted"]
JUDGED = ["planned", "started", "routed", "judged", "promoted"]


def test_a_merge_is_built_signed_deployed_and_the_next_one_is_judged_beside_it(main, world):
    first = main.deploy()
    assert first.results() == ALL_WELL
    assert "no baseline, so no canary" in log_of(first, "staging")
    assert main.signatures() == 2  # who built it, and what is in it

    second = main.choose("second")
    assert second.results() == ALL_WELL
    for environment in ("staging", "production"):
        log = log_of(second, environment)
        assert "verified https://cyclonedx.org/bom" in log
        assert "verdict: promote" in log
        assert "20 of 20 requests were answered" in log
        assert [entry["event"] for entry in record(second, environment)] == [*FIRST, *JUDGED]
    assert main.signatures() == 4

    # The same content in another commit; and a private repository neither signs nor asks.
    world.variables["ATTEST"] = "false"
    (main.desk.path / "NOTES.md").write_text("Nothing of this goes into the image.\n")
    third = main.push("Write a note")
    assert third.results() == ALL_WELL
    assert "exists: nothing is built" in log_of(third, "image")
    assert "make ci-verify-image: skipped" in log_of(third, "staging")
    assert main.signatures() == 4


def test_a_canary_that_predicts_otherwise_stops_at_staging_and_its_revert_builds_nothing(main):
    main.deploy()
    bad = main.choose("wrong")
    assert bad.results() == {**ALL_WELL, "staging": "failure", "production": "skipped"}
    assert record(bad, "staging")[-1]["event"] == "rolled back"
    assert "predictions" in log_of(bad, "staging")

    main.desk.git("revert", "--no-edit", "HEAD")
    main.desk.run("git", "push", "--quiet", "origin", "main", LOCK_TOKEN="setup")
    back = main.deploy()
    assert back.results() == ALL_WELL
    assert "exists: nothing is built" in log_of(back, "image")
    assert "Stage 'train' didn't change" in log_of(back, "reproduce")


def test_a_model_that_was_altered_between_two_jobs_is_never_deployed(main):
    def alter(job: str, run: engine.Run) -> None:
        if job == "staging":
            run.world.artifacts[run.id]["model"]["models/model.onnx"] = b"altered"

    run = main.deploy(before_job=alter)
    assert run.results() == {**ALL_WELL, "staging": "failure", "production": "skipped"}
    assert "identity chain breaks at bundle file model.onnx" in log_of(run, "staging")
    assert "exit code 2" in log_of(run, "staging")


def test_an_image_that_nobody_vouches_for_is_never_deployed(main):
    def forget(job: str, run: engine.Run) -> None:
        if job == "staging":
            (run.world.root / "attestations").unlink()

    run = main.deploy(before_job=forget)
    assert run.results() == {**ALL_WELL, "staging": "failure", "production": "skipped"}
    assert "nobody vouches for ghcr.io/owner/name@sha256:" in log_of(run, "staging")
    assert "make ci-deploy: skipped" in log_of(run, "staging")


def test_a_rollback_with_nothing_configured_deploys_two_releases_and_gives_the_first_back(main):
    main.deploy()
    former = main.desk.git("rev-parse", "HEAD")
    main.merge("second")
    run = main.roll_back()
    assert run.results() == {"rollback": "success"}
    log = log_of(run, "rollback")
    assert "verdict: promote" in log
    assert f"production serves {former[:8]}-" in log
    assert "20 of 20 requests were answered" in log
    assert log.count("production is stopped") == 1
    kept = record(run, "production")
    assert [entry["event"] for entry in kept] == [*FIRST, *JUDGED, *FIRST]
    assert kept[-1]["kind"] == "rollback"
    assert kept[-1]["commit"] == former

    unknown = main.roll_back(to="0123abcd-0123abcd")
    assert unknown.results() == {"rollback": "failure"}
    assert "never served 0123abcd-0123abcd" in log_of(unknown, "rollback")
