"""A stage's code is the modules that it imports, without comments and docstrings."""

import subprocess
import sys
from pathlib import Path

import pytest

from merge_lane.repository import closure

MODULES = {
    "lib": "",
    "lib.stages": "",
    "lib.stages.train": "from lib.model import bundle\nfrom . import fit\ndef run():\n    import lib.late\n",
    "lib.stages.fit": "from ..data.rows import read\n",
    "lib.model": "from lib.model.seal import SEAL\n",
    "lib.model.bundle": "import os\nif TYPE_CHECKING:\n    import lib.typed\nelse:\n    import lib.runs\n",
    "lib.model.seal": "import typing\nif typing.TYPE_CHECKING:\n    from lib import typed\n",
    "lib.data": "",
    "lib.data.rows": "def read(): ...\n",
    "lib.late": "",
    "lib.runs": "",
    "lib.typed": "",
    "lib.other": "import lib.late\n",
}


def test_closure_is_what_runs():
    """Imports in functions, relative ones and parent packages count; types and other modules do not."""
    assert closure.closure(["lib.stages.train"], MODULES) == MODULES.keys() - {"lib.typed", "lib.other"}


def test_circle_of_imports_ends():
    """Two modules that import each other are both in the closure."""
    assert closure.closure(["a"], {"a": "import b", "b": "import a"}) == {"a", "b"}


SOURCE = '''\
"""Module."""

import os  # why


LIMIT = 3
"""What the limit is."""


def run(value):
    """Do it.

    At length.
    """
    # first
    text = """a

      b  """
    return f"""{value!r:#x}

    # no comment {value}
    """ + ("ü"  # why
           "# no comment"), os, text
'''
CODE = '''\
import os
LIMIT = 3
def run(value):
    text = """a

      b  """
    return f"""{value!r:#x}

    # no comment {value}
    """ + ("ü"
           "# no comment"), os, text
'''


def test_words_are_left_out():
    """Comments, docstrings and blank lines go; text in strings stays."""
    assert closure.code(SOURCE) == CODE
    assert closure.code(CODE) == CODE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\n", "x = 1  # one\n"),
        ("x = 1\n", "\n\nx = 1   \n\n"),
        ("def f():\n    return 1\n", 'def f():\n    """One."""\n    return 1\n'),
        ("def f():\n    return 1\n", 'def f():\n    """ä"""  # ö\n    return 1\n'),
        ("def f(): return 1\n", 'def f(): """One."""; return 1\n'.replace('"""One."""; ', "")),
        ("class A:\n    x: int\n", 'class A:\n    """A."""\n\n    x: int\n    """An x."""\n'),
        ("x = 1\ny = 2\n", "x = 1\r\ny = 2\r\n"),
    ],
)
def test_change_of_words_changes_nothing(before, after):
    """Someone who only explains the code retrains nothing."""
    assert closure.code(before) == closure.code(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\n", "x = 2\n"),
        ("x = '#a'\n", "x = '#b'\n"),
        ("x = '''a\n\nb'''\n", "x = '''a\nb'''\n"),
        ("x = '''a \nb'''\n", "x = '''a\nb'''\n"),
        ("x = f'''{y}\n\nb'''\n", "x = f'''{y}\nb'''\n"),
        ("if x:\n    y = 1\n    z = 1\n", "if x:\n    y = 1\nz = 1\n"),
    ],
)
def test_change_of_code_shows(before, after):
    """A value, a blank line in a string, an indentation: each is code."""
    assert closure.code(before) != closure.code(after)


def test_function_is_taken_alone():
    """The verb of a stage is one function of a module of verbs."""
    text = "import x\n@verb\ndef train():\n    x()\n\ndef other(): ...\n"
    assert closure.function("train", text) == "def train():\n    x()\n"
    with pytest.raises(KeyError):
        closure.function("nothing", text)


OTHERS = sorted(Path(sys.base_prefix).parent.glob("3.1[1-9]*/bin/python3"))
"""Other Pythons of this machine, where a version manager keeps them side by side."""


@pytest.mark.parametrize("python", OTHERS, ids=lambda path: path.parts[-3])
def test_every_python_gives_the_same(python, tmp_path):
    """Tokens of f-strings differ from 3.12 on; the code does not."""
    (tmp_path / "source.py").write_text(SOURCE)
    program = (
        "import sys, closure; sys.stdout.write(closure.code(open('source.py', encoding='utf-8').read()))"
    )
    variables = {"PYTHONPATH": str(Path(closure.__file__).parent), "PYTHONUTF8": "1"}
    command = [python, "-P", "-c", program]
    result = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, check=True, timeout=60)
    assert result.stdout.decode() == CODE
