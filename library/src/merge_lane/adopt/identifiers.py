"""Names that are safe in Python and in the model, for columns that people name as they like."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata

import pandera.polars as pa

from merge_lane import contract

FALLBACK = "column"
LONGEST = 40
USED_IN_CONTRACT = {"annotations", "datetime", "pa", "pl", *contract.__all__}
RESERVED = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *USED_IN_CONTRACT}
XGBOOST_REFUSES = str.maketrans("[]<", "()_")
"""Characters that xgboost does not allow in the name of a feature."""


def attribute(name: str, taken: set[str]) -> str:
    """Return a Python name for a column, of ASCII letters and unlike any in `taken`, and add it there.

    It shadows nothing that contract.py uses: no keyword, builtin, helper or attribute of pandera's model.
    """
    ascii_only = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    text = re.sub(r"\W+", "_", ascii_only).strip("_").lower()[:LONGEST].strip("_") or FALLBACK
    if text[0].isdigit() or _reserved(text):
        text = f"{FALLBACK}_{text}"
    return unique(text, taken)


def _reserved(text: str) -> bool:
    return text in RESERVED or hasattr(pa.DataFrameModel, text)


def feature(name: str, taken: set[str]) -> str:
    """Return a name that xgboost accepts for a feature, unlike any in `taken`, and add it there."""
    return unique(name.translate(XGBOOST_REFUSES), taken)


def unique(text: str, taken: set[str]) -> str:
    """Return `text`, or `text_2` and so on where it is in `taken`, and add it there."""
    name, number = text, 2
    while name in taken:
        name, number = f"{text}_{number}", number + 1
    taken.add(name)
    return name
