"""The assembly: what comes out of the template with the live names is the live tree, byte for byte."""

import json

import pytest
from binaryornot.check import is_binary
from cookiecutter.environment import StrictEnvironment
from hypothesis import given, settings
from hypothesis import strategies as st
from template import baking

assembly = baking.assembly
QUESTIONS = json.loads((baking.LIVE / "cookiecutter.json").read_text())
NAMES = {
    "name": QUESTIONS["name"],
    "slug": "merge-lane",
    "package": "merge_lane",
    "owner": QUESTIONS["owner"],
    "description": QUESTIONS["description"],
}
TOKENS = [*NAMES.values(), "MERGE_LANE"]


@pytest.fixture(scope="module")
def encode():
    return assembly.Encoder(QUESTIONS)


def render(template, **answers):
    environment = StrictEnvironment(context={}, keep_trailing_newline=True)
    return environment.from_string(template).render(cookiecutter={**NAMES, **answers})


@settings(deadline=None)  # the first rendering imports the extensions
@given(
    st.lists(st.sampled_from([*TOKENS, *"{}%#-'\"\\\r\n aé_", "{{", "%}", "raw"]), max_size=30).map("".join)
)
def test_any_text_comes_back_as_it_was(text):
    assert render(assembly.guarded(assembly.Encoder(QUESTIONS)(text))) == text


@pytest.mark.parametrize(
    ("live", "renamed"),
    [
        ("{merge_lane}", "{ab_c}"),
        ("{{merge-lane}}", "{{ab-c}}"),
        ("MERGE_LANE_PORT", "AB_C_PORT"),
        ("github.com/merge-lane-dev/merge-lane", "github.com/acme/ab-c"),
        ("${{ github.ref }} Merge Lane", "${{ github.ref }} Äb C"),
        ("{% raw %}{# no #}", "{% raw %}{# no #}"),
    ],
)
def test_names_are_replaced_longest_first_beside_any_brace(encode, live, renamed):
    new = {"name": "Äb C", "slug": "ab-c", "package": "ab_c", "owner": "acme"}
    assert render(encode(live), **new) == renamed


def test_no_file_of_the_tree_is_taken_for_binary_unless_it_is(live, tmp_path):
    assembly.assemble(live, tmp_path)
    copied = json.loads((tmp_path / "cookiecutter.json").read_text())["_copy_without_render"]
    root = tmp_path / assembly.TEMPLATE
    mistaken = [
        p for p in root.rglob("*") if p.is_file() and is_binary(p) and str(p.relative_to(root)) not in copied
    ]
    assert mistaken == []


@pytest.mark.parametrize("start", ["BM,1", "\x0c page", "%PDF-1.7", "MZ", "é" * 600, "\x1b[31m"])
def test_a_text_that_looks_binary_is_rendered_all_the_same(tmp_path, start):
    file = tmp_path / "file"
    file.write_text(assembly.guarded(start), encoding="utf-8")
    assert not is_binary(file)
    assert render(file.read_text(encoding="utf-8")) == start


@pytest.mark.parametrize(
    ("path", "belongs"),
    [
        ("src/merge_lane/cli.py", True),
        ("docs/hooks/x.md", True),
        ("hooks/pre_prompt.py", False),
        ("cookiecutter.json", False),
        (".github/workflows/template-only-ci.yml", False),
        ("template-only/Makefile", False),
        ("tests/template_only/baking.py", False),
        ("dvc.lock", False),
        ("reports/metrics.json", False),
    ],
)
def test_what_ships_is_told_by_the_path_alone(path, belongs):
    assert assembly.ships(path) == belongs


def test_an_archive_ships_what_no_gitignore_names(tmp_path):
    rules = ["# comment", "cache/", "*.log", "/top", "!kept.log", "docs/build"]
    shipping = ["a.py", "sub/top", "kept.log", ".gitignore", "sub/cache.py"]
    staying = ["cache/x", "sub/cache/y", "b.log", "top", "docs/build/z", ".git/config", "sub/c.tmp"]
    for name in [*shipping, *staying]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / ".gitignore").write_text("\n".join(rules))
    (tmp_path / "sub" / ".gitignore").write_text("*.tmp\n")
    assert sorted(assembly.walked(tmp_path)) == sorted([*shipping, "sub/.gitignore"])


def test_a_tracked_link_is_refused_by_name(tmp_path):
    (tmp_path / "away").symlink_to("nowhere")
    baking.ok("git", "init", "--quiet", cwd=tmp_path)
    baking.ok("git", "add", "away", cwd=tmp_path)
    with pytest.raises(assembly.TemplateError, match="away is a link"):
        assembly.live_files(tmp_path)


def test_the_live_tree_tracks_no_link(live):
    assert not [path for path in live.rglob("*") if path.is_symlink()]


def test_an_unreadable_repository_is_refused_with_gits_reason(tmp_path):
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    with pytest.raises(assembly.TemplateError, match="nowhere"):
        assembly.live_files(tmp_path)


def test_what_is_executable_begins_like_a_script(live):
    """An archive loses the bit, and generation gives it back by the first two bytes."""
    for path, (data, executable) in baking.expected(live).items():
        assert executable == data.startswith(b"#!"), path


def test_the_hooks_need_the_standard_library_only():
    source = "".join(path.read_text() for path in (baking.LIVE / "hooks").glob("*.py"))
    imported = {
        line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))
    }
    assert imported <= set(baking.sys.stdlib_module_names)
