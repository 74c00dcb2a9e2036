"""What infra/terraform runs, shown by a stand-in for Terraform that records its call."""

import json
import os
import shutil
import subprocess

import pytest
from infra.harness import ROOT

TERRAFORM = """#!/bin/sh
printf '%s\\n' "$TF_DATA_DIR" "$@" >>"$CALLS"
cd "${1#-chdir=}" || exit 9
case $2 in
  apply) echo "state of $PWD" >errored.tfstate ;;
  state) [ "$3" = list ] && echo module.storage; [ ! -e "$CALLS.refuse" ] ;;
  output) cat "$CALLS.outputs" 2>/dev/null || echo '{}' ;;
  plan) for word; do case $word in *deployed.tfvars.json) cat "${word#-var-file=}" ;; esac; done ;;
esac
"""
STATE = {"TF_STATE_BUCKET": "bucket", "TF_STATE_KMS_KEY": "key", "TF_STATE_REGION": "eu-west-1"}


class Script:
    """infra/terraform in a copy of infra/, in front of the stand-in."""

    def __init__(self, folder):
        self.infra = folder / "infra"
        shutil.copytree(ROOT / "infra", self.infra, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
        self.recorded = folder / "calls"
        programs = folder / "bin"
        programs.mkdir()
        for name, text in {"terraform": TERRAFORM, "sleep": "#!/bin/sh\n"}.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        path = f"{programs}:{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
        self.variables = {**kept, "PATH": path, "CALLS": str(self.recorded)}

    def __call__(self, *arguments, code=0, **variables):
        """Run the script and return all its output; it must end with this exit code, None: any but 0."""
        result = subprocess.run(
            [self.infra / "terraform", *arguments],
            env={**self.variables, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == code if code is not None else result.returncode, result.stderr
        return result.stdout + result.stderr

    def calls(self):
        """Return the data directory and the arguments of every call of Terraform, one after another."""
        return self.recorded.read_text().splitlines() if self.recorded.exists() else []

    def directory(self, environment):
        return self.infra / ".terraform" / environment


@pytest.fixture
def script(tmp_path):
    return Script(tmp_path)


@pytest.mark.parametrize("command", ["apply", "console", "destroy", "import", "plan", "refresh"])
def test_values_are_passed(script, command):
    """A command that takes variables gets those of its environment first, so that -var can override them."""
    script("staging", command, "-var=region=eu-north-1")
    values = f"-var-file={script.infra}/environment/staging.tfvars"
    assert script.calls()[2:] == [command, values, "-var=environment=staging", "-var=region=eu-north-1"]


def test_other_commands_get_no_values(script):
    """Terraform refuses -var-file for commands that take no variables."""
    script("staging", "output", "-json")
    assert script.calls()[2:] == ["output", "-json"]


def test_state_keys_differ(script):
    """Each environment has its own state in the bucket, and init leaves the provider's lock alone."""
    for environment in ("staging", "production"):
        script(environment, "init", **STATE)
        assert f"-backend-config=key=environments/{environment}.tfstate" in script.calls()
    assert script.calls().count("-lockfile=readonly") == 2


def test_directories_differ(script):
    """Each environment runs in a directory of its own, even if the caller shares a data directory."""
    for environment in ("staging", "production"):
        script(environment, "output", TF_DATA_DIR="/shared")
    staging, production = script.directory("staging"), script.directory("production")
    assert [call for call in script.calls() if call != "output"] == [
        f"{staging}/.terraform",
        f"-chdir={staging}",
        f"{production}/.terraform",
        f"-chdir={production}",
    ]


def test_directory_holds_the_root(script):
    """The directory shows the files of the root as they are now, and finds the modules."""
    script("staging", "output")
    (script.infra / "environment/outputs.tf").rename(script.infra / "environment/results.tf")
    script("staging", "output")
    root, directory = script.infra / "environment", script.directory("staging")
    shown = {path.name: path.resolve() for path in directory.iterdir() if path.is_file()}
    assert shown == {path.name: path for path in [*root.glob("*.tf"), root / ".terraform.lock.hcl"]}
    assert (directory / "../modules").resolve() == script.infra / "modules"


def test_calls_at_once(script):
    """The first calls for an environment can come at the same time."""
    command = [script.infra / "terraform", "staging", "output"]
    started = [subprocess.Popen(command, env=script.variables, stdout=subprocess.DEVNULL) for _ in range(8)]
    assert [process.wait() for process in started] == [0] * 8
    assert not (script.infra / "modules/modules").exists()


def test_saves_its_own_state_only(script, tmp_path):
    """save-state never pushes the state of another environment."""
    script("staging", "apply")
    script("production", "apply")
    rescued = tmp_path / "rescued"
    assert "in its bucket again" in script("staging", "save-state", STATE_RESCUE_DIR=str(rescued))
    (copy,) = rescued.iterdir()
    assert copy.name.startswith("staging-")
    assert copy.read_text() == f"state of {script.directory('staging')}\n"
    assert "nothing to save" in script("staging", "save-state")
    assert (script.directory("production") / "errored.tfstate").exists()


def test_keeps_a_state_that_cannot_be_pushed(script):
    """A state that cannot be pushed stays where it is, with a copy, and the exit code is 3."""
    script("staging", "apply")
    script.recorded.with_name("calls.refuse").touch()
    assert "could not be pushed; keep" in script("staging", "save-state", code=3)
    assert (script.directory("staging") / "errored.tfstate").exists()
    assert len(list((script.infra / "rescued").glob("staging-*.tfstate"))) == 1


def test_plan_as_deployed(script):
    """The plan takes images and weight from the state, the rest from the environment, and no lock."""
    outputs = {"stable_image": "stable@1", "canary_image": None, "traffic_weights_percent": {"canary": 10}}
    values = {name: {"value": value} for name, value in outputs.items()}
    script.recorded.with_name("calls.outputs").write_text(json.dumps(values))
    planned = script("staging", "plan-as-deployed")
    assert json.loads(planned) == {"stable_image": "stable@1", "canary_weight_percent": 10}
    plan = script.calls()[script.calls().index("plan") :]
    assert plan[1:4] == [
        "-lock=false",
        f"-var-file={script.infra}/environment/staging.tfvars",
        "-var=environment=staging",
    ]


def test_bootstrap_has_no_values(script):
    """bootstrap runs in its own folder, without a .tfvars and, at first, without a bucket."""
    script("bootstrap", "init")
    script("bootstrap", "apply")
    folder = f"-chdir={script.infra}/bootstrap"
    assert script.calls() == ["", folder, "init", "", folder, "apply"]


def test_bootstrap_moves_into_its_bucket(script):
    """Once bootstrap has a backend, init tells it where its state is."""
    (script.infra / "bootstrap/backend.tf").touch()
    assert "an output of infra/bootstrap" in script("bootstrap", "init", code=None)
    script("bootstrap", "init", **STATE)
    assert script.calls()[3:] == [
        "-backend-config=bucket=bucket",
        "-backend-config=kms_key_id=key",
        "-backend-config=region=eu-west-1",
    ]


@pytest.mark.parametrize("missing", STATE)
def test_init_without_a_bucket(script, missing):
    """init names the missing variable and does not start Terraform."""
    state = {name: value for name, value in STATE.items() if name != missing}
    message = script("staging", "init", code=None, **state)
    assert missing in message
    assert "an output of infra/bootstrap" in message
    assert script.calls() == []


def test_unknown_environment(script):
    """An environment without a .tfvars is refused, and Terraform does not start."""
    message = script("nowhere", "plan", code=2)
    assert "no environment called nowhere: infra/environment/nowhere.tfvars does not exist" in message
    assert script.calls() == []


@pytest.mark.parametrize("arguments", [(), ("staging",)])
def test_missing_arguments(script, arguments):
    """Missing arguments get the usage."""
    assert "usage: infra/terraform" in script(*arguments, code=None)
