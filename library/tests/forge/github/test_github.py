"""`make github` brings a repository to what .github/repository.yaml says, once, and says what it does."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from forge.github.fake import InMemory, Repository, Served
from forge.github.hub import make_certificate

from merge_lane.commands import github as verb
from merge_lane.errors import GitHubError
from merge_lane.forge.github import changes, client, declared

ROOT = Path(__file__).resolve().parents[4]
FILE = ROOT / ".github" / "repository.yaml"


@pytest.fixture
def repository():
    return Repository()


@pytest.fixture
def declaration():
    return declared.load(FILE)


def bring(repository, declaration):
    """Do all that is to be done; return how each change was announced."""
    api = InMemory(repository)
    todo = list(changes.changes(api, declaration))
    verb.apply(api, todo)
    return [change.text for change in todo]


def with_(declaration, **parts):
    return declared.Declaration.model_validate({**declaration.model_dump(), **parts})


def test_a_new_repository_gets_everything(repository, declaration):
    messages = bring(repository, declaration)
    rules = {rule["type"]: rule.get("parameters", {}) for rule in repository.rulesets[1]["rules"]}
    checks = rules["required_status_checks"]["required_status_checks"]
    assert [check["context"] for check in checks] == ["pass"]
    assert rules["pull_request"]["require_code_owner_review"] is True
    assert repository.rulesets[1]["bypass_actors"] == []
    assert set(repository.environments) == {"staging", "production", "plan"}
    assert repository.policies["production"].keys() == {"main"}
    assert set(repository.labels) == set(declaration.labels)
    assert "environment production: create, approved by ada" in messages


def test_a_second_run_changes_nothing(repository, declaration):
    bring(repository, declaration)
    repository.sent.clear()
    assert bring(repository, declaration) == []
    assert repository.sent == []


def test_what_somebody_changed_on_github_is_brought_back(repository, declaration):
    bring(repository, declaration)
    repository.rulesets[1]["enforcement"] = "disabled"
    repository.labels["drift"]["color"] = "000000"
    repository.environments["production"]["protection_rules"] = []
    repository.policies["staging"].clear()
    messages = bring(repository, declaration)
    assert [text.split(":")[0] for text in messages] == [
        "label drift",
        "environment staging",
        "environment production",
        "ruleset main",
    ]
    assert repository.rulesets[1]["enforcement"] == "active"


def test_labels_beyond_the_first_page_are_found(repository, declaration):
    repository.labels = {f"l{n}": {"name": f"l{n}"} for n in range(150)} | {
        name: {"name": name, **label.model_dump()} for name, label in declaration.labels.items()
    }
    assert not [text for text in bring(repository, declaration) if text.startswith("label")]


def test_a_variable_with_a_value_is_set_and_updated(repository, declaration):
    first = with_(declaration, variables={"REGION": {"purpose": "where", "value": "eu-1"}})
    second = with_(declaration, variables={"REGION": {"purpose": "where", "value": "eu-2"}})
    assert "variable REGION: create with 'eu-1'" in bring(repository, first)
    assert bring(repository, second) == ["variable REGION: 'eu-1' -> 'eu-2'"]
    assert repository.variables["REGION"]["value"] == "eu-2"


def test_what_only_a_person_can_set_is_named_with_its_command(repository, declaration):
    api = InMemory(repository)
    messages = "\n".join(changes.missing(api, declaration))
    assert "gh variable set APP_ID" in messages
    assert "gh secret set APP_PRIVATE_KEY" in messages
    repository.variables = {name: {"name": name} for name in declaration.variables}
    repository.secrets = {name: {"name": name} for name in declaration.secrets}
    assert changes.missing(api, declaration) == []


def test_a_team_may_approve(repository, declaration):
    bring(repository, with_(declaration, environments={"production": {"reviewers": ["acme/ops"]}}))
    (rule,) = repository.environments["production"]["protection_rules"]
    assert rule["reviewers"] == [{"type": "Team", "reviewer": {"id": 77}}]


def test_an_environment_of_pull_requests_waits_for_nobody_and_takes_every_branch(repository, declaration):
    open_to_all = with_(declaration, environments={"plan": {"pull_requests": True}})
    bring(repository, open_to_all)
    plan = repository.environments["plan"]
    assert plan["protection_rules"][0]["reviewers"] == []
    assert plan["deployment_branch_policy"] is None
    assert bring(repository, open_to_all) == []
    plan["deployment_branch_policy"] = {"protected_branches": True, "custom_branch_policies": False}
    assert bring(repository, open_to_all) == ["environment plan: update, for pull requests, without approval"]


@pytest.mark.parametrize("login", ["nobody", "acme"])
def test_who_cannot_approve_is_refused_before_anything_changes(repository, declaration, login):
    with pytest.raises(GitHubError, match=f"{login} cannot approve") as refusal:
        bring(repository, with_(declaration, environments={"production": {"reviewers": [login]}}))
    assert "organization/team" in refusal.value.next
    assert repository.sent == []


def test_one_refusal_does_not_stop_the_others(repository, declaration):
    repository.refuse["repos/acme/parcels/rulesets"] = (403, {"message": "Upgrade to GitHub Pro"})
    with pytest.raises(GitHubError, match="Upgrade to GitHub Pro"):
        bring(repository, declaration)
    repository.refuse = {
        "repos/acme/parcels/environments/staging/deployment-branch-policies": (422, {"message": "No"})
    }
    with pytest.raises(GitHubError, match=r"1 of \d+ change\(s\) were refused"):
        bring(repository, declaration)
    assert set(repository.environments) == {"staging", "production", "plan"}


def test_only_github_com_pins_the_check_to_its_actions(declaration):
    def check(host):
        rules = declared.ruleset_body(declaration.ruleset, host)["rules"]
        return rules[-1]["parameters"]["required_status_checks"][0]

    assert check("github.com") == {"context": "pass", "integration_id": 15368}
    assert check("git.acme.example") == {"context": "pass"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ruleset: {name: main}", "ruleset.check"),
        ("rulesets: {}", "rulesets: Extra inputs"),
        ("a: [", "Cannot read"),
        ("labels: {x: {color: red, description: y}}", "labels.x.color"),
    ],
)
def test_a_file_that_does_not_hold_is_refused_with_the_key(tmp_path, text, reason):
    (tmp_path / "repository.yaml").write_text(text)
    with pytest.raises(GitHubError, match=re.escape(reason)):
        declared.load(tmp_path / "repository.yaml")


def test_every_variable_and_secret_of_a_workflow_is_listed(declaration):
    """So that `make github` can say which are missing."""
    texts = [path.read_text() for path in (ROOT / ".github").rglob("*.yml")]
    used = {
        kind: set(re.findall(rf"\b{kind}\.([A-Z0-9_]+)", "\n".join(texts))) for kind in ("vars", "secrets")
    }
    assert used["vars"] <= set(declaration.variables)
    assert used["secrets"] - {"GITHUB_TOKEN"} <= set(declaration.secrets)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://github.com/acme/parcels.git", ("github.com", "acme/parcels")),
        ("https://token@github.com/acme/parcels", ("github.com", "acme/parcels")),
        ("git@github.com:acme/parcels.git", ("github.com", "acme/parcels")),
        ("ssh://git@git.acme.example/acme/parcels", ("git.acme.example", "acme/parcels")),
        ("https://localhost:8443/acme/parcels.git", ("localhost:8443", "acme/parcels")),
    ],
)
def test_the_repository_is_the_origins(tmp_path, monkeypatch, url, named):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", url], check=True)
    monkeypatch.chdir(tmp_path)
    assert verb.origin() == named


def test_a_clone_without_an_origin_is_told_to_make_one(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GitHubError, match="no `origin`"):
        verb.origin()


def test_a_machine_without_gh_is_told_to_install_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GitHubError, match="not installed"):
        client.Client("acme/parcels").get("")


needs_gh = pytest.mark.skipif(shutil.which("gh") is None, reason="the GitHub CLI is not installed")


@pytest.fixture
def clone(repository, tmp_path, monkeypatch):
    """A clone whose origin is the served GitHub; `gh` trusts its certificate and has a token."""
    served = Served(repository, make_certificate(tmp_path))
    subprocess.run(["git", "init", "--quiet", tmp_path / "clone"], check=True)
    url = f"https://{served.host}/acme/parcels.git"
    subprocess.run(["git", "-C", tmp_path / "clone", "remote", "add", "origin", url], check=True)
    monkeypatch.chdir(tmp_path / "clone")
    for name in [name for name in os.environ if name.startswith(("GH_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GH_CONFIG_DIR", str(tmp_path / "gh"))
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", "good")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "github.pem"))
    yield
    served.close()


def run(*options):
    return CliRunner().invoke(verb.github, ["--file", str(FILE), *options])


@needs_gh
@pytest.mark.usefixtures("clone")
def test_the_real_gh_sees_first_and_then_does_it(repository):
    looked = run("--dry-run")
    assert looked.exit_code == 0, looked.output
    assert "ruleset main: create" in looked.output
    assert repository.sent == []
    done = run()
    assert done.exit_code == 0, done.output
    assert repository.rulesets[1]["name"] == "main"
    assert "0 change(s)" in run("--dry-run").output


@needs_gh
@pytest.mark.usefixtures("clone")
def test_the_real_gh_without_rights_passes_on_githubs_reason(monkeypatch):
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", "bad")
    refused = run()
    assert isinstance(refused.exception, GitHubError)
    assert "HTTP 401" in refused.exception.what
    assert "gh auth login" in refused.exception.next


@needs_gh
@pytest.mark.usefixtures("clone")
def test_the_real_gh_on_a_repository_that_is_not_there_says_how_to_make_it():
    refused = run("--repository", "acme/nothing")
    assert isinstance(refused.exception, GitHubError)
    assert "gh repo create acme/nothing" in refused.exception.next
