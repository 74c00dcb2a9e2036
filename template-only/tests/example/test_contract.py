"""The example's contract is a page that people read, and the one that its model was trained with."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
CONTRACT = ROOT / "src/flight_board/contract.py"
COLUMN = re.compile(r"    (\w+): (int|float|str|bool|datetime) = \w+\(.*\)")


def test_contract_is_that_of_the_model(contract):
    """How columns are declared may change; what serving reads of them stays the same."""
    manifest = json.loads((ROOT / "models/manifest.json").read_text())
    assert contract.hash == manifest["inputs"]["contract"]


def test_column_is_one_line(contract):
    """The formatter keeps each declaration on its line."""
    lines = CONTRACT.read_text().splitlines()
    assert [match[1] for line in lines if (match := COLUMN.fullmatch(line))] == [c.name for c in contract]


def test_contract_is_one_page():
    """The whole contract fits a page, its checks included."""
    assert len(CONTRACT.read_text().splitlines()) < 90
