"""The questions, at a keyboard and on a command line: what is asked, refused, asked again, or explained."""

import json
import shutil
import subprocess
import sys

import pytest
from template import baking


def at_a_keyboard(live, folder, *typed):
    """Answer the questions line by line; return what the terminal shows."""
    (folder / "home").mkdir(exist_ok=True)
    variables = {"HOME": str(folder / "home"), "PATH": "/usr/bin:/bin", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "cookiecutter", live],
        input="".join(f"{line}\n" for line in typed),
        check=True,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env=variables,
    ).stdout


def test_questions(live):
    """There are six at most, under their usual names, and each explains itself."""
    questions = json.loads((live / "cookiecutter.json").read_text())
    asked = [key for key in questions if not key.startswith("_")]
    assert asked == ["project_name", "project_slug", "package_name", "owner", "description", "data"]
    assert set(questions["__prompts__"]) == set(asked)


def test_keyboard(live, tmp_path):
    """Two answers are enough; return takes the rest."""
    shown = at_a_keyboard(live, tmp_path, "Parcel Delay", "", "", "acme", "", "")
    assert "[6/6]" in shown
    assert (tmp_path / "parcel-delay/src/parcel_delay").is_dir()


def test_asked_again(live, tmp_path):
    """A refused answer is explained and asked again; what follows from it follows from the better one."""
    shown = at_a_keyboard(live, tmp_path, "9 Lives", "", "Nine Lives", "", "json", "nine", "acme", "", "")
    assert shown.count("must begin with a letter") == 1
    assert "standard library" in shown
    assert (tmp_path / "nine-lives/src/nine").is_dir()


@pytest.mark.parametrize("typed", [("  Parcel Delay ", "", " pd ", " acme", " Late? ", "")])
def test_spaces_at_a_keyboard(live, tmp_path, typed):
    """Spaces around an answer are not part of it."""
    at_a_keyboard(live, tmp_path, *typed)
    assert '"Late?"' in (tmp_path / "parcel-delay/pyproject.toml").read_text()
    assert (tmp_path / "parcel-delay/src/pd").is_dir()


def test_spaces_on_the_command_line(live, tmp_path):
    """Without a keyboard they are not either."""
    project = baking.bake(live, tmp_path, project_name=" Parcel Delay ", owner=" acme ")
    assert project.name == "parcel-delay"
    assert "* @acme\n" in (project / ".github/CODEOWNERS").read_text()
    assert json.loads((project / ".cruft.json").read_text())["context"]["cookiecutter"]["owner"] == "acme"


@pytest.mark.parametrize(
    "answer", [{"project_name": "9 Lives"}, {"project_slug": "json"}, {"package_name": "numpy"}]
)
def test_refused(live, tmp_path, answer):
    """Without a keyboard a refused answer ends in one sentence and leaves nothing."""
    text = baking.refusal(live, tmp_path, **answer)
    assert text.startswith(f"{next(iter(answer))}: ")
    assert text.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []


@pytest.mark.parametrize("name", ["name", "slug", "package", "projectname"])
def test_unknown(live, tmp_path, name):
    """An answer to no question is refused with the names of the questions: cookiecutter would ignore it."""
    text = baking.refusal(live, tmp_path, **{name: "Ab"})
    assert text.startswith(f"{name}: no such question. The questions are project_name, project_slug")


def test_unknown_default_of_a_user(live, tmp_path):
    """A user's own defaults are for all templates: a name that this one does not ask for is no mistake."""
    (tmp_path / "home").mkdir()
    defaults = "default_context:\n  email: a@b.example\n  owner: acme\n"
    (tmp_path / "home" / ".cookiecutterrc").write_text(defaults)
    project = baking.bake(live, tmp_path, project_name="Ab")
    assert "* @acme\n" in (project / ".github/CODEOWNERS").read_text()


def test_directory_in_the_way(live, tmp_path):
    """It is kept, and the message names the ways out."""
    (tmp_path / "ab").mkdir()
    text = baking.refusal(live, tmp_path, project_name="Ab")
    assert "choose another project_slug, choose another folder with -o, or move that directory away" in text
    assert list((tmp_path / "ab").iterdir()) == []


def test_refused_hooks(live, tmp_path):
    """Without hooks there is no template: the message comes before the first question."""
    text = baking.refusal(live, tmp_path, "--accept-hooks=no")
    assert "without --accept-hooks=no" in text
    assert "Traceback" not in text


def test_old_cookiecutter(live, tmp_path):
    """One that knows no pre_prompt hook is told; the version is made up, the code that reads it is not."""
    old = (
        "import cookiecutter; cookiecutter.__version__ = '2.3.1'\n"
        "import cookiecutter.main; cookiecutter.main.run_pre_prompt_hook = lambda directory: directory\n"
        "from cookiecutter.cli import main; main()"
    )
    result = baking.run(sys.executable, "-c", old, live, "--no-input", cwd=tmp_path)
    assert result.returncode == 1
    assert "needs cookiecutter 2.4 or newer, and this is 2.3.1: `pip install --upgrade" in result.stdout


def test_link(live, tmp_path):
    """A template with a link is refused with the reason."""
    clone = shutil.copytree(live, tmp_path / "clone")
    (clone / "link").symlink_to("params.yaml")
    baking.ok("git", "add", "link", cwd=clone)
    assert "link is a link or a submodule" in baking.refusal(clone, tmp_path / "out")


def test_two_in_one_process(live, tmp_path):
    """Two generations in one process do not confuse each other."""
    twice = (
        "from cookiecutter.main import cookiecutter\n"
        "for name in ('Ab', 'Cd'):\n"
        f"    cookiecutter({str(live)!r}, no_input=True, extra_context=dict(project_name=name))"
    )
    baking.ok(sys.executable, "-c", twice, cwd=tmp_path)
    assert (tmp_path / "ab/src/ab").is_dir()
    assert (tmp_path / "cd/src/cd").is_dir()
