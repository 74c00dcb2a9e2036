"""Projects keep receiving what the template brings, whatever their teams changed meanwhile."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from template import baking

ANSWERS = {"project_name": "Parcel Delay", "owner": "acme", "description": "Whether a parcel is late"}
MERGE_LANE = Path(sys.executable).parent / "merge-lane"


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

    def new_version(self, version, change):
        """Give the library another version, and a line in its changelog."""
        (self.root / "library/src/merge_lane/version.py").write_text(
            f'"""Version."""\n\n__version__ = "{version}"\n'
        )
        self.change("library/CHANGELOG.md", "\n## ", f"\n## {version}\n\n- {change}\n\n## ")

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
    """Take the update; return the title and the text of the pull request, or None."""
    folder = project.parent / "update"
    shutil.rmtree(folder, ignore_errors=True)
    baking.ok(MERGE_LANE, "update", "--into", folder, cwd=project)
    return (
        ((folder / "title").read_text().strip(), (folder / "body.md").read_text())
        if folder.exists()
        else None
    )


def state(project):
    return json.loads((project / ".cruft.json").read_text())


def wheels(project):
    return [path.name for path in (project / "vendor").glob("*")]


def assert_pinned(project, version):
    """The project has this version's wheel alone, and both locks name it by its hash."""
    assert wheels(project) == [f"merge_lane-{version}-py3-none-any.whl"]
    pin = baking.pins.pin_of(project / "vendor" / wheels(project)[0])
    for lock in baking.pins.LOCKS:
        text = (project / lock).read_text()
        assert text.count(pin) == 1
        assert text.count("\nmerge-lane==") == 1


MINE = {
    "params.yaml": "task: regression\n",
    "README.md": "# Mine\n",
    "docs/runbook.md": "Ours.\n",
    "src/{}/features.py": '"""Ours."""\n',
}


def edit(project):
    """Change a project as a team does: its own files, and some of the template's."""
    for path, text in MINE.items():
        (project / path.format("parcel_delay")).write_text(text)
    for path, addition in {
        "Makefile": "\nmine: ## Ours\n\techo mine\n",
        "requirements/all.txt": "zzz-ours==1 \\\n    --hash=sha256:00\n",
    }.items():
        (project / path).write_text((project / path).read_text() + addition)
    setup = (project / "scripts" / "setup").read_text()
    (project / "scripts" / "setup").write_text(setup.replace("# Makes .venv", "# We make .venv"))
    (project / ".editorconfig").unlink()
    baking.commit(project, "Ours")


def move_on(template):
    """Change the template: every file that the team changed, and more."""
    for path in [*MINE, ".editorconfig"]:
        template.change(path.format("flight_board"), "e", "E")
    template.new_version("0.3.0", "Reviews are faster.")
    template.change("Makefile", "List the targets", "List all targets of Flight Board")
    template.change("scripts/setup", "# Makes .venv", "# Flight Board makes .venv")
    (template.root / "scripts" / "new-tool").write_text("#!/bin/sh\necho flight-board merge-lane\n")
    (template.root / "scripts" / "new-tool").chmod(0o755)
    (template.root / "requirements" / "build.in").unlink()
    note = template.root / "template-only" / "migrations" / "2026-12-01-tool.md"
    note.write_text("Run `make hooks` again.\n")
    return template.release("Two: a tool")


def assert_merged(project):
    """What the template changed is there, and so is what the team changed."""
    assert "List all targets of Parcel Delay" in (project / "Makefile").read_text()
    assert "echo mine" in (project / "Makefile").read_text()
    assert "zzz-ours==1" in (project / "requirements/all.txt").read_text()
    assert (project / "scripts" / "new-tool").read_text() == "#!/bin/sh\necho parcel-delay merge-lane\n"
    assert (project / "scripts" / "new-tool").stat().st_mode & 0o100
    assert not (project / "requirements" / "build.in").exists()
    assert not (project / ".editorconfig").exists(), "what a team deleted stays deleted"
    for path, text in MINE.items():
        assert (project / path.format("parcel_delay")).read_text() == text
    assert "<<<<<<<" in (project / "scripts" / "setup").read_text()


@pytest.mark.slow
def test_three_releases(template, tmp_path):
    """Each release arrives: files merge, the library is replaced, the team's edits stay."""
    first = template.release("One")
    project = project_of(template, tmp_path / "out")
    assert state(project)["commit"] == first
    assert update(project) is None
    setup = (project / "scripts" / "setup").read_text()
    edit(project)
    second = move_on(template)

    title, text = update(project)
    assert title == "Update merge-lane 0.2.0 -> 0.3.0 (1 conflict)"
    for part in ("- Reviews are faster.", "`scripts/setup` holds conflict markers", "- Two: a tool"):
        assert part in text
    assert "Run `make hooks` again." in text
    assert_merged(project)
    assert_pinned(project, "0.3.0")
    assert state(project)["commit"] == second

    (project / "scripts" / "setup").write_text(setup)
    baking.commit(project, "Update")
    template.change("Makefile", "Run all tests", "Run each test")
    template.new_version("0.4.0", "Deployments are faster.")
    third = template.release("Three")
    title, text = update(project)
    assert title == "Update merge-lane 0.3.0 -> 0.4.0"
    assert "To do by hand" not in text
    assert "- Reviews are faster." not in text
    assert "Run each test" in (project / "Makefile").read_text()
    assert_pinned(project, "0.4.0")
    assert state(project)["commit"] == third
    baking.commit(project, "Update")
    baking.ok("cruft", "check", "--checkout", "template", cwd=project)


@pytest.mark.slow
def test_same_version(template, tmp_path):
    """A library of the same version but other content arrives with its own hash."""
    template.release("One")
    project = project_of(template, tmp_path / "out")
    before = (project / "requirements/all.txt").read_text()
    template.change("library/src/merge_lane/cli.py", "The vocabulary", "All verbs")
    template.release("Two")
    title, _ = update(project)
    assert title == "Update from the template"
    assert_pinned(project, "0.2.0")
    assert (project / "requirements/all.txt").read_text() != before


@pytest.mark.slow
def test_ejected(template, tmp_path):
    """A team that owns the library gets the template's changes without a conflict, and reads of the rest."""
    template.release("One")
    project = project_of(template, tmp_path / "out")
    baking.ok(MERGE_LANE, "eject", cwd=project)
    (project / "library/README.md").write_text("Ours.\n")
    baking.commit(project, "Own the library")
    template.new_version("0.3.0", "Reviews are faster.")
    template.change("Makefile", "List the targets", "List all targets")
    second = template.release("Two")

    title, text = update(project)
    assert title == "Update from the template"
    assert "`library/` is yours and stays as it is" in text
    assert "- Reviews are faster." in text
    assert "List all targets" in (project / "Makefile").read_text()
    assert (project / "library/README.md").read_text() == "Ours.\n"
    assert wheels(project) == []
    assert "merge-lane==" not in (project / "requirements/all.txt").read_text()
    assert state(project)["commit"] == second
    subjects = baking.ok("git", "log", "--format=%s", cwd=project).splitlines()
    assert subjects[1:] == ["Own the library", "Start Parcel Delay from its template"]
    assert subjects[0].startswith("Record which release")
    patch = (project.parent / "update" / "update.patch").read_text()
    assert "a/vendor/" not in patch
    assert "a/requirements/" not in patch


@pytest.mark.slow
def test_patch(template, tmp_path):
    """The patch of the pull request carries all of the update, the wheel too."""
    template.release("One")
    project = project_of(template, tmp_path / "out")
    clone = tmp_path / "clone"
    baking.ok("git", "clone", "--quiet", project, clone, cwd=tmp_path)
    template.new_version("0.3.0", "Reviews are faster.")
    template.release("Two")
    update(project)
    baking.ok("git", "apply", "--index", "--binary", project.parent / "update" / "update.patch", cwd=clone)
    assert_pinned(clone, "0.3.0")


@pytest.mark.slow
def test_cruft(template, tmp_path):
    """cruft creates the same project from the branch."""
    template.release("One")
    made = baking.files(baking.bake(template.root, tmp_path / "out", **ANSWERS))
    (tmp_path / "cruft").mkdir()
    options = ["--checkout", "template", "--no-input", "--extra-context", json.dumps(ANSWERS)]
    baking.ok("cruft", "create", template.root, *options, cwd=tmp_path / "cruft")
    assert baking.files(tmp_path / "cruft" / "parcel-delay") == made
    assert not (tmp_path / "cruft" / "parcel-delay" / ".git").exists()


@pytest.mark.slow
def test_branch(template, tmp_path):
    """cookiecutter takes the branch as well as main."""
    first = template.release("One")
    url = f"git+file://{template.root}"
    project = baking.bake(url, tmp_path / "out", "--checkout", "template", **ANSWERS)
    assert state(project)["commit"] == first
    assert baking.files(project) == baking.files(baking.bake(url, tmp_path / "again", **ANSWERS))


def test_release_after_the_project(template, tmp_path):
    """A project that was made before its release finds it later."""
    template.release("One")
    template.change("Makefile", "List the targets", "List all targets")
    baking.commit(template.root, "Not released yet")
    project = project_of(template, tmp_path / "out")
    baking.ok(sys.executable, "template-only/release.py", cwd=template.root)
    second = baking.ok("git", "rev-parse", "template", cwd=template.root).strip()
    assert update(project) is None
    assert state(project)["commit"] == second
    assert baking.ok("git", "status", "--porcelain", cwd=project) == ""


def test_releases(template):
    """Releases are appended, and each names its commit of main."""
    first = template.release("One")
    (template.root / "template-only/pytest.ini").write_text("")
    assert template.release("Nothing that ships") == first
    template.change("Makefile", "List the targets", "List all targets")
    second = template.release("Two")
    assert baking.ok("git", "rev-parse", "template~1", cwd=template.root).strip() == first
    live = baking.ok("git", "rev-parse", "HEAD", cwd=template.root).strip()
    assert f"Live-Commit: {live}" in baking.ok("git", "log", "-1", second, cwd=template.root)


def test_push(template, tmp_path):
    """A release is pushed without force."""
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


def test_dirty_template(template):
    """A work tree with changes is not released."""
    template.change("Makefile", "List the targets", "List all targets")
    result = baking.run(sys.executable, "template-only/release.py", cwd=template.root)
    assert result.returncode == 1
    assert "commit them first" in result.stderr


def test_dirty_project(template, tmp_path):
    """An update waits for a clean work tree."""
    template.release("One")
    project = project_of(template, tmp_path / "out")
    (project / "scratch").write_text("mine")
    result = baking.run(MERGE_LANE, "update", cwd=project)
    assert result.returncode == 42
    assert "commit or stash them" in result.stderr
