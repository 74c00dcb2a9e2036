"""The assembly: what comes out of the template with the live names is the live tree, byte for byte."""

import ast
import json
from fnmatch import fnmatch

import pytest
from binaryornot.check import is_binary
from cookiecutter.environment import StrictEnvironment
from hypothesis import given, settings
from hypothesis import strategies as st
from template import baking

assembly = baking.assembly
QUESTIONS = json.loads((baking.LIVE / "cookiecutter.json").read_text())
NAMES = {
    "project_name": QUESTIONS["project_name"],
    "project_slug": "flight-board",
    "package_name": "flight_board",
    "owner": QUESTIONS["owner"],
    "description": QUESTIONS["description"],
}
TOKENS = [*NAMES.values(), "FLIGHT_BOARD", "merge-lane-dev/merge-lane", "merge_lane"]


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
def test_any_text(text):
    """Whatever the text, rendering gives it back as it was."""
    assert render(assembly.guarded(assembly.Encoder(QUESTIONS)(text))) == text


@pytest.mark.parametrize(
    ("live", "renamed"),
    [
        ("{flight_board}", "{ab_c}"),
        ("{{flight-board}}", "{{ab-c}}"),
        ("FLIGHT_BOARD_PORT", "AB_C_PORT"),
        ("MERGE_LANE_PORT merge-lane merge_lane", "MERGE_LANE_PORT merge-lane merge_lane"),
        ("github.com/merge-lane-dev/merge-lane", "github.com/merge-lane-dev/merge-lane"),
        ("github.com/merge-lane-dev/flight-board @merge-lane-dev", "github.com/acme/ab-c @acme"),
        ("${{ github.ref }} Flight Board", "${{ github.ref }} Äb C"),
        ("{% raw %}{# no #}", "{% raw %}{# no #}"),
    ],
)
def test_names(encode, live, renamed):
    """The longest name is replaced first, next to any brace; the product keeps its own names."""
    new = {"project_name": "Äb C", "project_slug": "ab-c", "package_name": "ab_c", "owner": "acme"}
    assert render(encode(live), **new) == renamed


def test_no_text_is_binary(live, tmp_path):
    """cookiecutter takes no file of the tree for binary unless it is."""
    assembly.assemble(live, tmp_path)
    copied = json.loads((tmp_path / "cookiecutter.json").read_text())["_copy_without_render"]
    root = tmp_path / assembly.TEMPLATE
    binary = [
        path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and is_binary(path)
    ]
    assert [path for path in binary if not any(fnmatch(path, pattern) for pattern in copied)] == []


@pytest.mark.parametrize("start", ["BM,1", "\x0c page", "%PDF-1.7", "MZ", "é" * 600, "\x1b[31m"])
def test_guard(tmp_path, start):
    """A text that looks binary is rendered all the same."""
    file = tmp_path / "file"
    file.write_text(assembly.guarded(start), encoding="utf-8")
    assert not is_binary(file)
    assert render(file.read_text(encoding="utf-8")) == start


@pytest.mark.parametrize(
    ("path", "belongs"),
    [
        ("src/flight_board/contract.py", True),
        ("scripts/hooks/x", True),
        ("docs/README.md", True),
        ("docs/runbook.md", True),
        ("docs/pipeline.md", False),
        ("docs/decisions/0001-the-repository-is-a-live-project.md", False),
        ("library/src/merge_lane/cli.py", False),
        ("benchmarks/load.py", False),
        (".ci/run", False),
        ("hooks/pre_prompt.py", False),
        ("cookiecutter.json", False),
        (".github/workflows/template-only-ci.yml", False),
        ("template-only/Makefile", False),
        ("tests/template_only/baking.py", False),
        ("dvc.lock", False),
        ("reports/metrics.json", False),
    ],
)
def test_ships(path, belongs):
    """The path alone decides what ships."""
    assert assembly.ships(path) == belongs


def test_walked(tmp_path):
    """An archive ships what no .gitignore names."""
    rules = ["# comment", "cache/", "*.log", "/top", "!kept.log", "docs/build"]
    shipping = ["a.py", "sub/top", "kept.log", ".gitignore", "sub/cache.py"]
    staying = ["cache/x", "sub/cache/y", "b.log", "top", "docs/build/z", ".git/config", "sub/c.tmp"]
    for name in [*shipping, *staying]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / ".gitignore").write_text("\n".join(rules))
    (tmp_path / "sub" / ".gitignore").write_text("*.tmp\n")
    assert sorted(assembly.walked(tmp_path)) == sorted([*shipping, "sub/.gitignore"])


def test_link(tmp_path):
    """A tracked link is refused by its name."""
    (tmp_path / "away").symlink_to("nowhere")
    baking.ok("git", "init", "--quiet", cwd=tmp_path)
    baking.ok("git", "add", "away", cwd=tmp_path)
    with pytest.raises(assembly.TemplateError, match="away is a link"):
        assembly.live_files(tmp_path)


def test_no_link(live):
    """The live tree tracks no link."""
    assert not [path for path in live.rglob("*") if path.is_symlink()]


def test_unreadable_repository(tmp_path):
    """A repository that git cannot read is refused with git's reason."""
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    with pytest.raises(assembly.TemplateError, match="nowhere"):
        assembly.live_files(tmp_path)


def test_executable(live):
    """An archive loses the bit, and generation gives it back by the first two bytes."""
    for path, (data, executable) in baking.expected(live).items():
        assert executable == data.startswith(b"#!"), path


def test_standard_library():
    """The hooks need the standard library only."""
    source = "".join(path.read_text() for path in (baking.LIVE / "hooks").glob("*.py"))
    lines = [line.split() for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert {words[1].split(".")[0] for words in lines} <= set(baking.sys.stdlib_module_names)


def test_old_python():
    """Hooks and answers parse with Python 3.8, which cookiecutter may run on."""
    for path in [*(baking.LIVE / "hooks").glob("*.py"), *baking.LIVE.glob("template_only_*.py")]:
        ast.parse(path.read_text(), feature_version=(3, 8))
