"""What the jobs of a merge call, in which order, and what they leave when they fail."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from merge_lane.forge import runner
from merge_lane.forge.steps import deploy

pytestmark = pytest.mark.usefixtures("lane")

LOCAL = ["--environment", "staging", "--target", "local"]
AWS = ["--environment", "staging", "--target", "aws"]
STOP = ["merge-lane", "stop", "--environment", "staging"]
CANCELLED = "import sys; from merge_lane.forge.steps import deploy; deploy.deploy()"


@pytest.fixture
def lane(programs, monkeypatch):
    """A repository with one commit, and doubles of all that a job calls."""
    monkeypatch.setenv("ENVIRONMENT", "staging")
    programs.install("merge-lane", "dvc")
    programs.install("terraform", folder=Path("infra"))
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run(["git", *identity, "commit", "--quiet", "--allow-empty", "-m", "Start"], check=True)
    return programs


def test_reproduce(lane):
    """The chain of what dvc.lock names is checked before a release is written."""
    deploy.reproduce()
    assert lane.calls() == [
        ["dvc", "checkout", "--allow-missing"],
        ["dvc", "repro"],
        ["merge-lane", "verify-data", "--stage", "train"],
        ["merge-lane", "release"],
    ]


def test_altered_data_are_not_released(lane):
    """The step ends where a file is not the one that dvc.lock names."""
    lane.install("merge-lane", merge_lane__verify_data=15)
    with pytest.raises(runner.ProgramError) as error:
        deploy.reproduce()
    assert error.value.exit_code == 15
    assert ["merge-lane", "release"] not in lane.calls()


def test_deploy_locally(lane, monkeypatch):
    """The previous commit is the baseline; at the end the environment is stopped and this commit is kept."""
    monkeypatch.setenv("PREVIOUS", "0123abcd")
    monkeypatch.setenv("GITHUB_SHA", "f" * 40)
    deploy.deploy()
    assert lane.calls() == [
        ["merge-lane", "deploy", *LOCAL, "--why", "f" * 40, "--baseline", "0123abcd", "--replay"],
        ["merge-lane", "verify", *LOCAL],
        ["merge-lane", "smoke", *LOCAL],
        ["merge-lane", "status", *LOCAL],
        STOP,
    ]
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True)
    assert deploy.SERVES.read_text() == head


def test_baseline_is_the_last_successful_rehearsal(monkeypatch):
    """What the cache of the workflow kept comes first, then PREVIOUS, then the parent."""
    assert deploy.baseline() == "HEAD^"
    monkeypatch.setenv("PREVIOUS", "0123abcd")
    assert deploy.baseline() == "0123abcd"
    deploy.SERVES.parent.mkdir(parents=True)
    deploy.SERVES.write_text("4567cdef\n")
    assert deploy.baseline() == "4567cdef"


@pytest.mark.parametrize(("environment", "replay"), [("staging", ["--replay"]), ("production", [])])
def test_deploy_to_aws(lane, monkeypatch, environment, replay):
    """Production has users; nothing is sent there, and nothing is stopped."""
    monkeypatch.setenv("TARGET", "aws")
    monkeypatch.setenv("ENVIRONMENT", environment)
    where = ["--environment", environment, "--target", "aws"]
    deploy.deploy()
    assert lane.calls()[:2] == [
        ["terraform", environment, "init"],
        ["merge-lane", "deploy", *where, "--why", "by hand", *replay],
    ]
    assert [call[1] for call in lane.calls()[2:]] == ["verify", "smoke", "status"]


@pytest.mark.parametrize("verb", ["deploy", "verify", "smoke"])
def test_failed_deployment_is_stopped(lane, verb):
    """A local environment is stopped where a verb fails; its exit code is the step's; no commit is kept."""
    lane.install("merge-lane", **{f"merge_lane__{verb}": 33})
    with pytest.raises(runner.ProgramError) as error:
        deploy.deploy()
    assert error.value.exit_code == 33
    assert [call[1] for call in lane.calls()][-2:] == [verb, "stop"]
    assert not deploy.SERVES.exists()


def test_failed_stop_fails_the_step(lane):
    """A router that is left behind is no success."""
    lane.install("merge-lane", merge_lane__stop=1)
    with pytest.raises(runner.ProgramError, match="merge-lane stop"):
        deploy.deploy()


def test_first_failure_is_the_steps(lane, capsys):
    """Where the deployment and the stop fail, the deployment's exit code counts; both are printed."""
    lane.install("merge-lane", merge_lane__deploy=33, merge_lane__stop=1)
    with pytest.raises(runner.ProgramError) as error:
        deploy.deploy()
    assert error.value.exit_code == 33
    assert "merge-lane stop" in capsys.readouterr().err


def test_cancelled_deployment_is_stopped(lane):
    """A runner that cancels the job sends SIGTERM; the environment is stopped nevertheless."""
    double = lane.folder / "merge-lane"
    text = double.read_text()
    waits = 'import signal; print("ready", flush=True); signal.sigwait([signal.SIGTERM]); sys.exit(143)'
    block = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])"
    double.write_text(text.replace("sys.exit(", f'{block}\nif words[0] == "deploy": {waits}\nsys.exit('))
    source = str(Path(deploy.__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": source}
    command = [sys.executable, "-c", CANCELLED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 143
    assert [call[1] for call in lane.calls()] == ["deploy", "stop"]


def test_missing_environment_deploys_nothing(lane, monkeypatch):
    """No environment is the default of a job."""
    monkeypatch.setenv("ENVIRONMENT", "")
    for step in (deploy.deploy, deploy.rollback):
        with pytest.raises(runner.InputError, match="ENVIRONMENT"):
            step()
    assert lane.calls() == []


def test_rollback_on_aws(lane, monkeypatch):
    """The release that was chosen, as it was typed."""
    monkeypatch.setenv("TARGET", "aws")
    monkeypatch.setenv("TO", "0123abcd-4567cdef; id")
    deploy.rollback()
    assert lane.calls() == [
        ["terraform", "staging", "init"],
        ["merge-lane", "rollback", *AWS, "--to", "0123abcd-4567cdef; id"],
        ["merge-lane", "verify", *AWS],
    ]


@pytest.mark.parametrize(
    ("release", "commit", "to"),
    [("", "HEAD^", []), ("0123abcd-4567cdef", "0123abcd", ["--to", "0123abcd-4567cdef"])],
)
def test_rollback_is_rehearsed_locally(lane, monkeypatch, release, commit, to):
    """Two releases are deployed first, so that there is something to roll back."""
    monkeypatch.setenv("TO", release)
    deploy.rollback()
    first = ["--baseline", commit, "--replay", "--why", "to be rolled back"]
    assert lane.calls()[4:] == [
        ["merge-lane", "deploy", "--environment", "staging", *first],
        ["merge-lane", "rollback", *LOCAL, *to],
        ["merge-lane", "verify", *LOCAL],
        ["merge-lane", "smoke", *LOCAL],
        STOP,
    ]
