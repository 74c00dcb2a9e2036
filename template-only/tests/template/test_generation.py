"""A project, from one command to its first commit."""

import json
import re
import shutil
import zipfile

import pytest
from template import baking

LEFTOVER = re.compile(r"flight[ _-]?board|\{\{ *cookiecutter|\{\{ '|\{# Plain text first", re.IGNORECASE)
MACHINERY = re.compile(
    r"cookiecutter|template[-_]only|pre_prompt|post_gen|jinja|benchmarks|library/", re.IGNORECASE
)
# Lines in which a project needs such a word: cruft depends on cookiecutter and Jinja, an ejected library lies
# in library/, a registry's address, and the one line that takes further targets.
ALLOWED = {
    ".cruft.json": ("cookiecutter",),
    "Makefile": ("-include template-only/*.mk", "LIBRARY := "),
    "infra/image/Dockerfile": ("docker.io/library/", "library/, source/"),
    "requirements/all.txt": ("==",),
    "scripts/rehearse": ("library/",),
    "scripts/requirements": ("library/",),
    "scripts/setup": ("library/",),
}
MOST_FILES = 150
MOST_LINES = 1200  # of Python


def test_identity(live, identical):
    """The live names give the live tree, byte for byte, but for the library and its pin."""
    assert baking.own_files(identical) == baking.expected(live)


def test_pin(identical):
    """The locks name the wheel that lies in vendor/."""
    (wheel,) = (identical / "vendor").iterdir()
    for lock in baking.pins.LOCKS:
        text = (identical / lock).read_text()
        assert text.count(baking.pins.pin_of(wheel)) == 1
        names = [line.split("==")[0] for line in text.splitlines() if "==" in line and line[0] != " "]
        assert names == sorted(names)


def test_renamed(renamed):
    """Under another name no trace of the live names is left."""
    project, _ = renamed
    for path, (data, _) in baking.own_files(project).items():
        leftover = LEFTOVER.search(path) or LEFTOVER.search(data.decode("utf-8", "ignore"))
        assert not leftover, f"{path}: {leftover}"


def test_renamed_files(live, renamed):
    """Under another name every file of the live tree is there."""
    assert len(baking.own_files(renamed[0])) == len(baking.expected(live))


@pytest.mark.parametrize("renamed", ["short"], indirect=True)
def test_product_keeps_its_names(renamed):
    """The command, the variables and the address of merge-lane are the same in every project."""
    project, _ = renamed
    assert "\n\tmerge-lane review" in (project / "Makefile").read_text().replace("@merge-lane", "merge-lane")
    assert 'package = "ab"' in (project / "pyproject.toml").read_text()
    assert "github.com/merge-lane-dev/merge-lane" in (project / "docs/README.md").read_text()
    assert "* @x\n" in (project / ".github/CODEOWNERS").read_text()


@pytest.mark.parametrize("renamed", ["short"], indirect=True)
def test_machinery_stays_away(renamed):
    """A project says nothing of how it was made."""
    words = []
    for path, (data, _) in baking.own_files(renamed[0]).items():
        for line in data.decode("utf-8", "ignore").splitlines():
            allowed = path in ALLOWED and any(part in line for part in ALLOWED[path])
            words += [f"{path}: {line.strip()}"] if MACHINERY.search(line) and not allowed else []
    assert words == []


@pytest.mark.parametrize("renamed", ["short"], indirect=True)
def test_numbers(renamed):
    """A project stays thin: few files, little Python."""
    shipped = baking.files(renamed[0])
    python = sum(data.count(b"\n") for path, (data, _) in shipped.items() if path.endswith(".py"))
    print(f"a project: {len(shipped)} files, {python} lines of Python")
    assert len(shipped) <= MOST_FILES
    assert python <= MOST_LINES


def test_links(identical):
    """A page of a project links only to pages that it has."""
    dead = []
    for page in identical.rglob("*.md"):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            dead += [] if (page.parent / target).exists() else [f"{page.name}: {target}"]
    assert dead == []


def test_archive(live, identical, tmp_path):
    """An archive, which has no git, gives the same project and names its commit."""
    packed = tmp_path / "live.zip"
    baking.ok("git", "archive", "--prefix=flight-board-main/", "HEAD", "-o", packed, cwd=live)
    project = baking.bake(packed, tmp_path / "out")
    assert baking.files(project) == baking.files(identical)
    state = json.loads((project / ".cruft.json").read_text())
    assert (state["template"], state["commit"]) == ("https://github.com/merge-lane-dev/merge-lane", None)
    assert state["live_commit"] == baking.ok("git", "rev-parse", "HEAD", cwd=live).strip()


def test_dirty_clone(live, tmp_path):
    """Of a clone with changes the tracked files ship as they are, in the wheel too, and nothing else does."""
    clone = shutil.copytree(live, tmp_path / "clone")
    (clone / "params.yaml").write_text("task: regression # Flight Board\n")
    (clone / "src/flight_board/scratch.py").write_text("never added")
    (clone / "library/src/merge_lane/scratch.py").write_text("never added")
    (clone / "requirements/build.in").unlink()
    project = baking.bake(clone, tmp_path / "out", project_name="Ab")
    shipped = baking.files(project)
    assert shipped["params.yaml"] == (b"task: regression # Ab\n", False)
    assert "src/ab/scratch.py" not in shipped
    assert "requirements/build.in" not in shipped
    (wheel,) = (project / "vendor").iterdir()
    assert "merge_lane/scratch.py" not in zipfile.ZipFile(wheel).namelist()


def test_worktree(live, identical, tmp_path):
    """A work tree of git, whose repository lies elsewhere, generates too."""
    baking.ok("git", "clone", "--quiet", live, tmp_path / "clone", cwd=tmp_path)
    baking.ok("git", "worktree", "add", "--quiet", tmp_path / "apart", cwd=tmp_path / "clone")
    assert baking.files(baking.bake(tmp_path / "apart", tmp_path / "out")) == baking.files(identical)


def test_odd_files(live, tmp_path):
    """Files that are hard to render arrive as they were."""
    clone = shutil.copytree(live, tmp_path / "clone")
    odd = {
        "crlf.txt": b"a\r\nb\r\n",
        "mixed.txt": b"a\nb\r\nc\rd",
        "bom.txt": b"\xef\xbb\xbf{{ x }}\n",
        "no-newline": b"{% x",
        "empty": b"",
        "latin1.txt": b"caf\xe9 {{",
        "zero.bin": b"\0{{ cookiecutter",
        "set[1]*.dat": b"\xff\xfe{{",
        "%s {# odd.md": "{{ né }}{".encode(),
        "BMP-like": b"BM flight-board",
    }
    for name, data in odd.items():
        (clone / name).write_bytes(data)
    baking.ok("git", "add", "--all", cwd=clone)
    project = baking.bake(clone, tmp_path / "out")
    assert {name: (project / name).read_bytes() for name in odd} == odd


def test_first_commit(live, tmp_path):
    """One command makes a clean repository with one commit on main, in any folder."""
    project = baking.bake(live, tmp_path / "with spaces" / "it's", project_name="Parcel Delay")
    subjects = baking.ok("git", "log", "--format=%s", "main", cwd=project)
    assert subjects.strip() == "Start Parcel Delay from its template"
    assert baking.ok("git", "status", "--porcelain", cwd=project) == ""


def test_git_without_a_name(identical):
    """Where git knows no name, a stand-in signs, and the message says how to change that."""
    author = baking.ok("git", "log", "-1", "--format=%an <%ae>", cwd=identical).strip()
    assert author == "Project template <template@localhost>"
    assert "git commit --amend --no-edit --reset-author" in baking.message(identical)


def test_git_with_a_name(live, tmp_path):
    """Where git knows a name, that name signs."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text(
        "[user]\nname = Ada\nemail = ada@localhost\n[commit]\ngpgsign = true\n"
    )
    project = baking.bake(live, tmp_path)
    assert baking.ok("git", "log", "-1", "--format=%an", cwd=project).strip() == "Ada"
    assert "stand-in" not in baking.message(project)


def test_next_commands(identical):
    """Generation ends with what to do next."""
    for command in ("cd flight-board", "make setup", "make hooks", "make run", "make github"):
        assert command in baking.message(identical)


def test_own_data(live, tmp_path):
    """A team with data of its own adopts its table before the first run."""
    text = baking.message(baking.bake(live, tmp_path, project_name="Churn", data="own"))
    assert 0 < text.index(".venv/bin/merge-lane adopt FILE --target COLUMN") < text.index("make run")


def test_replay(live, tmp_path):
    """A replay gives the same project without a question."""
    first = baking.bake(live, tmp_path, project_name="Parcel Delay", owner="acme")
    content = baking.files(first)
    shutil.rmtree(first)
    assert baking.files(baking.bake(live, tmp_path, "--replay")) == content


def test_overwrite(live, tmp_path):
    """Generating over a project commits nothing."""
    project = baking.bake(live, tmp_path, project_name="Ab")
    (project / "params.yaml").write_text("mine\n")
    baking.ok(*baking.cookiecutter(live, "--overwrite-if-exists", project_name="Ab"), cwd=tmp_path)
    assert baking.ok("git", "log", "--format=%s", cwd=project).count("\n") == 1
    assert "params.yaml" not in baking.ok("git", "status", "--porcelain", cwd=project)


def test_origin(live, tmp_path):
    """The record names the template without the token in its URL, the commit and the answers."""
    clone = shutil.copytree(live, tmp_path / "clone")
    baking.ok("git", "remote", "add", "origin", "https://ada:s3cret@git.example/t.git", cwd=clone)
    project = baking.bake(clone, tmp_path / "out", project_name="Ab", owner="acme")
    state = json.loads((project / ".cruft.json").read_text())
    head = baking.ok("git", "rev-parse", "HEAD", cwd=clone).strip()
    assert (state["template"], state["checkout"]) == ("https://git.example/t.git", "template")
    assert state["live_commit"] == head
    assert state["context"]["cookiecutter"]["package_name"] == "ab"
