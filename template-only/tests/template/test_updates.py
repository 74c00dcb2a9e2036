"""Projects keep receiving what the template learns, whatever their users changed meanwhile."""

import json
import shutil
import sys

import pytest
from template import baking

ANSWERS = {"name": "Parcel Delay", "owner": "acme", "description": "Whether a parcel is late"}


class Template:
    """A template's repository that moves on."""

    def __init__(self, root):
        self.root = root

    def change(self, path, old, new):
        """Replace text in a file of the live tree."""
        file = self.root / path
        text = file.read_text()
        assert old in text, f"{path} has no {old!r} any more: choose another line for this test"
        file.write_text(text.replace(old, new, 1))

    def release(self, subject):
        """Commit what changed and append it to the branch `template`; return the new commit."""
        baking.commit(self.root, subject)
        baking.ok(sys.executable, "template-only/release.py", cwd=self.root)
        return baking.ok("git", "rev-parse", "template", cwd=self.root).strip()


@pytest.fixture
def template(live, tmp_path):
    return Template(shutil.copytree(live, tmp_path / "template"))


def project_of(template, into):
    """Generate a project as a person does, with somebody's name in its git."""
    project = baking.bake(template.root, into, **ANSWERS)
    baking.ok("git", "config", "user.name", "Somebody", cwd=project)
    baking.ok("git", "config", "user.email", "somebody@localhost", cwd=project)
    return project


def update(project):
    """Take the update; return the text of the pull request."""
    folder = project.parent / "update"
    shutil.rmtree(folder, ignore_errors=True)
    baking.ok(sys.executable, "scripts/update_template.py", "--into", folder, cwd=project)
    return (folder / "body.md").read_text() if folder.exists() else None


def state(project):
    return json.loads((project / ".cruft.json").read_text())


@pytest.mark.slow
def test_a_project_follows_its_template_through_three_releases(template, tmp_path):
    first = template.release("One")
    project = project_of(template, tmp_path / "out")
    assert state(project)["commit"] == first
    assert update(project) is None

    mine = {"params.yaml": "task: regression\n", "README.md": "# Mine\n", "docs/updating.md": "Ours.\n"}
    for path, text in {**mine, "src/parcel_delay/features.py": '"""Ours."""\n'}.items():
        (project / path).write_text(text)
    makefile = (project / "Makefile").read_text()
    (project / "Makefile").write_text(makefile + "\nmine: ## Ours\n\techo mine\n")
    setup = (project / "scripts" / "setup").read_text()
    (project / "scripts" / "setup").write_text(setup.replace("# Makes .venv", "# We make .venv"))
    (project / ".editorconfig").unlink()
    baking.commit(project, "Ours")

    for path in [*mine, "src/flight_board/features.py", ".editorconfig"]:
        if (template.root / path).exists():
            template.change(path, "e", "E")
    template.change("Makefile", "List the targets", "List all targets of Merge Lane")
    template.change("scripts/setup", "# Makes .venv", "# Merge Lane makes .venv")
    (template.root / "scripts" / "new-tool").write_text("#!/bin/sh\necho merge-lane\n")
    (template.root / "scripts" / "new-tool").chmod(0o755)
    (template.root / "requirements" / "build.in").unlink()
    (template.root / "template-only" / "migrations" / "2026-12-01-tool.md").write_text(
        "Run `make hooks` again.\n"
    )
    second = template.release("Two: a tool")

    told = update(project)
    assert "List all targets of Parcel Delay" in (project / "Makefile").read_text()
    assert "echo mine" in (project / "Makefile").read_text()
    assert (project / "scripts" / "new-tool").read_text() == "#!/bin/sh\necho parcel-delay\n"
    assert (project / "scripts" / "new-tool").stat().st_mode & 0o100
    assert not (project / "requirements" / "build.in").exists()
    assert not (project / ".editorconfig").exists(), "what a user deleted stays deleted"
    assert {path: (project / path).read_text() for path in mine} == mine
    assert (project / "src" / "parcel_delay" / "features.py").read_text() == '"""Ours."""\n'
    settled = (project / "scripts" / "setup").read_text()
    assert "<<<<<<<" in settled
    assert "Conflicts: 1" in told
    assert "`scripts/setup` holds conflict markers" in told
    assert "- Two: a tool" in told
    assert "Run `make hooks` again." in told
    assert state(project)["commit"] == second

    (project / "scripts" / "setup").write_text(setup)
    baking.commit(project, "Update")
    template.change("Makefile", "Pass all tests", "Pass each test")
    third = template.release("Three")
    told = update(project)
    assert "Conflicts" not in told
    assert "To do by hand" not in told
    assert "Pass each test" in (project / "Makefile").read_text()
    assert state(project)["commit"] == third
    baking.commit(project, "Update")
    baking.ok("cruft", "check", "--checkout", "template", cwd=project)


@pytest.mark.slow
@pytest.mark.parametrize("adopted", [False, True])
def test_a_project_on_its_own_data_gets_no_new_tests_of_the_example(template, tmp_path, adopted):
    template.release("One")
    project = project_of(template, tmp_path / "out")
    if adopted:  # `adopt` removes this, among others
        shutil.rmtree(project / "tests" / "example")
        baking.commit(project, "Our own data")
    new = {"tests/example/test_more.py": "", "tests/test_rest.py": "tailnum", "tests/test_more.py": "x = 1"}
    for path, text in new.items():
        (template.root / path).write_text(text + "\n")
    template.release("Two: more tests")
    assert "- Two: more tests" in update(project)
    arrived = {path for path in new if (project / path).exists()}
    assert arrived == ({"tests/test_more.py"} if adopted else set(new))
    patch = (project.parent / "update" / "update.patch").read_text()
    assert ("tailnum" in patch) != adopted


@pytest.mark.slow
def test_cruft_creates_the_same_project_from_the_branch(template, tmp_path):
    template.release("One")
    made = baking.files(baking.bake(template.root, tmp_path / "out", **ANSWERS))
    extra = json.dumps(ANSWERS)
    create = [
        "cruft",
        "create",
        template.root,
        "--checkout",
        "template",
        "--no-input",
        "--extra-context",
        extra,
    ]
    (tmp_path / "cruft").mkdir()
    baking.ok(*create, cwd=tmp_path / "cruft")
    assert baking.files(tmp_path / "cruft" / "parcel-delay") == made
    assert not (tmp_path / "cruft" / "parcel-delay" / ".git").exists()


@pytest.mark.slow
def test_cookiecutter_takes_the_branch_as_well(template, tmp_path):
    first = template.release("One")
    url = f"git+file://{template.root}"
    project = baking.bake(url, tmp_path / "out", "--checkout", "template", **ANSWERS)
    assert state(project)["commit"] == first
    assert baking.files(project) == baking.files(baking.bake(url, tmp_path / "again", **ANSWERS))


def test_a_project_made_before_its_release_finds_it_later(template, tmp_path):
    template.release("One")
    template.change("Makefile", "List the targets", "List all targets")
    baking.commit(template.root, "Not released yet")
    project = project_of(template, tmp_path / "out")
    baking.ok(sys.executable, "template-only/release.py", cwd=template.root)
    second = baking.ok("git", "rev-parse", "template", cwd=template.root).strip()
    assert update(project) is None
    assert state(project)["commit"] == second
    assert baking.ok("git", "status", "--porcelain", cwd=project) == ""


def test_releases_are_appended_and_name_their_commit(template):
    first = template.release("One")
    assert template.release("Nothing that ships") == first
    template.change("Makefile", "List the targets", "List all targets")
    second = template.release("Two")
    assert baking.ok("git", "rev-parse", "template~1", cwd=template.root).strip() == first
    live = baking.ok("git", "rev-parse", "HEAD", cwd=template.root).strip()
    assert f"Live-Commit: {live}" in baking.ok("git", "log", "-1", second, cwd=template.root)


def test_a_release_is_pushed_without_force(template, tmp_path):
    baking.ok("git", "clone", "--quiet", "--bare", template.root, tmp_path / "remote.git", cwd=tmp_path)
    baking.ok("git", "remote", "add", "origin", tmp_path / "remote.git", cwd=template.root)
    push = [sys.executable, "template-only/release.py", "--push", "origin"]
    baking.ok(*push, cwd=template.root)
    first = baking.ok("git", "rev-parse", "template", cwd=tmp_path / "remote.git").strip()
    assert "nothing has changed" in baking.ok(*push, cwd=template.root)
    template.change("Makefile", "List the targets", "List all targets")
    baking.commit(template.root)
    baking.ok(*push, cwd=template.root)
    assert baking.ok("git", "rev-parse", "template~1", cwd=tmp_path / "remote.git").strip() == first


def test_a_dirty_tree_is_not_released(template):
    template.change("Makefile", "List the targets", "List all targets")
    done = baking.run(sys.executable, "template-only/release.py", cwd=template.root)
    assert done.returncode == 1
    assert "commit them first" in done.stderr


def test_an_update_waits_for_a_clean_work_tree(template, tmp_path):
    template.release("One")
    project = project_of(template, tmp_path / "out")
    (project / "scratch").write_text("mine")
    done = baking.run(sys.executable, "scripts/update_template.py", cwd=project)
    assert done.returncode == 1
    assert "commit or stash them" in done.stderr


def test_a_project_without_a_template_is_told_so(tmp_path):
    baking.ok("git", "init", "--quiet", cwd=tmp_path)
    done = baking.run(sys.executable, baking.LIVE / "scripts" / "update_template.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "was not generated from a template" in done.stderr
