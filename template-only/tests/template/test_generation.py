"""A project, from one command to its first commit."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from template import baking

LEFTOVER = re.compile(r"merge[ _-]?lane|\{\{ *cookiecutter|\{\{ '|\{# Plain text first", re.IGNORECASE)


def test_the_live_names_give_the_live_tree(live, identical):
    assert baking.files(identical) == baking.expected(live)


def test_a_renamed_project_keeps_no_trace_of_the_live_names(renamed):
    project, _ = renamed
    for path, (data, _) in baking.files(project).items():
        assert not LEFTOVER.search(path), path
        found = LEFTOVER.search(data.decode("utf-8", "ignore"))
        assert not found, f"{path}: {found}"


def test_a_renamed_project_has_the_files_of_the_live_tree(live, renamed):
    project, _ = renamed
    assert len(baking.files(project)) == len(baking.expected(live))


def test_an_archive_without_git_gives_the_same_project(live, identical, tmp_path):
    packed = tmp_path / "live.zip"
    baking.ok("git", "archive", "--prefix=merge-lane-main/", "HEAD", "-o", packed, cwd=live)
    project = baking.bake(packed, tmp_path / "out")
    assert baking.files(project) == baking.files(identical)
    state = json.loads((project / ".cruft.json").read_text())
    assert (state["template"], state["commit"]) == ("https://github.com/merge-lane-dev/merge-lane", None)
    assert state["live_commit"] == baking.ok("git", "rev-parse", "HEAD", cwd=live).strip()


def test_a_dirty_clone_ships_tracked_files_as_they_are_and_nothing_else(live, tmp_path):
    clone = shutil.copytree(live, tmp_path / "clone")
    (clone / "params.yaml").write_text("task: regression # Merge Lane\n")
    (clone / "src" / "merge_lane" / "scratch.py").write_text("never added")
    (clone / "requirements" / "build.in").unlink()
    shipped = baking.files(baking.bake(clone, tmp_path / "out", name="Ab"))
    assert shipped["params.yaml"] == (b"task: regression # Ab\n", False)
    assert "src/ab/scratch.py" not in shipped
    assert "requirements/build.in" not in shipped


def test_a_work_tree_beside_its_repository_generates_too(live, identical, tmp_path):
    baking.ok("git", "clone", "--quiet", live, tmp_path / "clone", cwd=tmp_path)
    baking.ok("git", "worktree", "add", "--quiet", tmp_path / "beside", cwd=tmp_path / "clone")
    assert baking.files(baking.bake(tmp_path / "beside", tmp_path / "out")) == baking.files(identical)


def test_files_that_are_hard_to_render_arrive_as_they_were(live, tmp_path):
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
        "BMP-like": b"BM merge-lane",
    }
    for name, data in odd.items():
        (clone / name).write_bytes(data)
    baking.ok("git", "add", "--all", cwd=clone)
    project = baking.bake(clone, tmp_path / "out")
    assert {name: (project / name).read_bytes() for name in odd} == odd


def test_the_first_commit_is_made_on_main_within_five_seconds(live, tmp_path):
    """Measured in processor time: a busy machine is not the template's fault."""
    before = os.times()
    project = baking.bake(live, tmp_path / "with spaces" / "it's", name="Parcel Delay")
    after = os.times()
    assert sum(after[2:4]) - sum(before[2:4]) < 5  # user and system time of child processes
    assert (
        baking.ok("git", "log", "--format=%s", "main", cwd=project).strip()
        == "Start Parcel Delay from its template"
    )
    assert baking.ok("git", "status", "--porcelain", cwd=project) == ""


def test_git_without_a_name_gets_a_stand_in_and_says_so(identical):
    author = baking.ok("git", "log", "-1", "--format=%an <%ae>", cwd=identical).strip()
    assert author == "Project template <template@localhost>"
    assert "git commit --amend --no-edit --reset-author" in (identical.parent / "home" / "told").read_text()


def test_git_with_a_name_signs_with_it(live, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text(
        "[user]\nname = Ada\nemail = ada@localhost\n[commit]\ngpgsign = true\n"
    )
    project = baking.bake(live, tmp_path)
    assert baking.ok("git", "log", "-1", "--format=%an", cwd=project).strip() == "Ada"
    assert "stand-in" not in (tmp_path / "home" / "told").read_text()


def test_it_ends_with_the_next_commands(identical):
    told = (identical.parent / "home" / "told").read_text()
    for command in ("cd merge-lane", "make setup", "make hooks", "make run", "make github"):
        assert command in told


def test_own_data_puts_their_table_before_the_first_run(live, tmp_path):
    baking.bake(live, tmp_path, name="Churn", data="own")
    told = (tmp_path / "home" / "told").read_text()
    assert 0 < told.index("churn adopt FILE --target COLUMN") < told.index("make run")


def test_a_replay_gives_the_same_project_without_a_question(live, tmp_path):
    first = baking.bake(live, tmp_path, name="Parcel Delay", owner="acme")
    content = baking.files(first)
    shutil.rmtree(first)
    assert baking.files(baking.bake(live, tmp_path, "--replay")) == content


def test_overwriting_a_project_commits_nothing(live, tmp_path):
    project = baking.bake(live, tmp_path, name="Ab")
    (project / "params.yaml").write_text("mine\n")
    baking.ok(*baking.cookiecutter(live, "--overwrite-if-exists", name="Ab"), cwd=tmp_path)
    assert baking.ok("git", "log", "--format=%s", cwd=project).count("\n") == 1
    assert "params.yaml" not in baking.ok("git", "status", "--porcelain", cwd=project)


def test_the_projects_origin_is_noted_without_the_token_in_its_url(live, tmp_path):
    clone = shutil.copytree(live, tmp_path / "clone")
    baking.ok("git", "remote", "add", "origin", "https://ada:s3cret@git.example/t.git", cwd=clone)
    project = baking.bake(clone, tmp_path / "out", name="Ab", owner="acme")
    state = json.loads((project / ".cruft.json").read_text())
    head = baking.ok("git", "rev-parse", "HEAD", cwd=clone).strip()
    assert (state["template"], state["checkout"]) == ("https://git.example/t.git", "template")
    assert state["live_commit"] == head
    assert state["context"]["cookiecutter"]["package"] == "ab"
    assert "s3cret" not in (project / ".cruft.json").read_text()
    assert str(tmp_path) not in (project / ".cruft.json").read_text()


@pytest.mark.parametrize("answers", [{"name": "9 Lives"}, {"slug": "json"}, {"package": "numpy"}])
def test_a_refused_answer_ends_in_one_sentence_and_leaves_nothing(live, tmp_path, answers):
    told = baking.refusal(live, tmp_path, **answers)
    assert told.startswith(f"{next(iter(answers))}: ")
    assert told.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []


def test_a_directory_in_the_way_is_kept_and_the_ways_out_are_named(live, tmp_path):
    (tmp_path / "ab").mkdir()
    told = baking.refusal(live, tmp_path, name="Ab")
    assert "choose another slug, choose another place with -o, or move that directory away" in told
    assert list((tmp_path / "ab").iterdir()) == []


def test_refused_hooks_are_explained_before_the_first_question(live, tmp_path):
    told = baking.refusal(live, tmp_path, "--accept-hooks=no")
    assert "without --accept-hooks=no" in told
    assert "Traceback" not in told


def test_a_cookiecutter_older_than_2_4_is_told_to_be_upgraded(live, tmp_path):
    """It knows no pre_prompt hook; the version is made up, the code that reads it is not."""
    old = (
        "import cookiecutter; cookiecutter.__version__ = '2.3.1'\n"
        "import cookiecutter.main; cookiecutter.main.run_pre_prompt_hook = lambda directory: directory\n"
        "from cookiecutter.cli import main; main()"
    )
    done = baking.run(sys.executable, "-c", old, live, "--no-input", cwd=tmp_path)
    assert done.returncode == 1
    assert (
        "needs cookiecutter 2.4 or newer, and this is 2.3.1: `pip install --upgrade cookiecutter`"
        in done.stdout
    )


def test_a_template_with_a_link_is_refused_with_the_reason(live, tmp_path):
    clone = shutil.copytree(live, tmp_path / "clone")
    (clone / "link").symlink_to("params.yaml")
    baking.ok("git", "add", "link", cwd=clone)
    assert "link is a link or a submodule" in baking.refusal(clone, tmp_path / "out")


def test_two_generations_in_one_process_do_not_confuse_each_other(live, tmp_path):
    twice = (
        "from cookiecutter.main import cookiecutter\n"
        "for name in ('Ab', 'Cd'):\n"
        f"    cookiecutter({str(live)!r}, no_input=True, extra_context=dict(name=name))"
    )
    baking.ok(sys.executable, "-c", twice, cwd=tmp_path)
    assert (tmp_path / "ab" / "src" / "ab").is_dir()
    assert (tmp_path / "cd" / "src" / "cd").is_dir()


def test_questions_are_at_most_six_and_explain_themselves(live):
    questions = json.loads((live / "cookiecutter.json").read_text())
    asked = [key for key in questions if not key.startswith("_")]
    assert len(asked) <= 6
    assert set(questions["__prompts__"]) == set(asked)


def test_a_person_at_the_keyboard_gets_a_project(live, tmp_path):
    """Two answers, the rest by pressing return."""
    done = subprocess.run(
        [sys.executable, "-m", "cookiecutter", live],
        input="Parcel Delay\n\n\nacme\n\n\n",
        check=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert "[6/6]" in done.stdout
    assert (tmp_path / "parcel-delay" / "src" / "parcel_delay").is_dir()
