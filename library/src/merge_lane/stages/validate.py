"""validate: one month against the contract; all failures at once, with their rows."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl

from merge_lane.data import schema as contracts
from merge_lane.data import tables
from merge_lane.errors import ContractError
from merge_lane.system.files import write_json, write_text
from merge_lane.system.markdown import escape

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE_ROWS = 5
SAMPLE_CHARACTERS = 200
CONSEQUENCES = ("ComputeError", "InvalidOperationError", "ColumnNotFoundError", "SchemaError")
"""How checks fail where a column is missing or mistyped: the column itself is listed."""

Finding = dict[str, Any]


def validate(rows: pl.DataFrame, model: type[pa.DataFrameModel], month: str) -> dict[str, Any]:
    """Return the report of one month: what was checked, and every finding with count and sample rows."""
    schema = contracts.read(model)
    findings = _contract_findings(rows, model)
    if schema.time is not None and schema.time.name in rows.columns:
        findings += _month_findings(rows, schema.time.name, month)
    return {
        "month": month,
        "rows": rows.height,
        "columns": rows.width,
        "contract": schema.hash,
        "valid": not findings,
        "findings": findings,
        "missing": {c.name: rows[c.name].null_count() for c in schema.raw if c.name in rows.columns},
        "labelled": rows[schema.label.name].drop_nulls().len() if schema.label.name in rows.columns else 0,
    }


def write(report: dict[str, Any], target: Path) -> None:
    """Write the report as JSON to `target` and as Markdown next to it."""
    write_json(target, report)
    write_text(target.with_suffix(".md"), render(report))


def check(report: dict[str, Any], target: Path) -> None:
    """Raise ContractError naming the findings if the month is not valid."""
    if report["valid"]:
        return
    lines = [f"  - {_sentence(finding)}" for finding in report["findings"]]
    raise ContractError(
        f"{report['month']} breaks the contract in {len(lines)} way(s):\n" + "\n".join(lines),
        where=f"data/raw/{report['month']}.parquet",
        next=f"read {target.with_suffix('.md')}; fix the data or contract.py, then dvc repro",
    )


def render(report: dict[str, Any]) -> str:
    """Return the report as Markdown."""
    verdict = "keeps the contract" if report["valid"] else "BREAKS the contract"
    head = [
        f"# {report['month']} {verdict}",
        "",
        f"{report['rows']:,} rows, {report['labelled']:,} with a label.",
    ]
    findings = [f"- {escape(_sentence(finding), 1000)}" for finding in report["findings"]]
    missing = [f"| {name} | {count:,} |" for name, count in report["missing"].items() if count]
    table = ["", "| column | missing values |", "|---|---:|", *missing] if missing else []
    return "\n".join([*head, *([""] if findings else []), *findings, *table])


def _sentence(finding: Finding) -> str:
    samples = "; ".join(f"row {entry['row']}: {entry['value']}" for entry in finding["sample"])
    count = f"{finding['count']:,} row(s)" if finding["count"] else "the whole column"
    return f"{finding['column']}: {finding['check']}: {count}" + (f" ({samples})" if samples else "")


def _contract_findings(rows: pl.DataFrame, model: type[pa.DataFrameModel]) -> list[Finding]:
    schema = copy.copy(contracts.raw(model))
    if not set(schema.unique or []) <= set(rows.columns):
        schema.unique = None  # the column that is missing is the finding; a key without it cannot be counted
    try:
        schema.validate(rows, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return _grouped(errors.failure_cases, rows, model)
    except pl.exceptions.PolarsError as error:
        # A cross-column check that meets a column of the wrong type: the type itself is the finding.
        raise ContractError(
            f"The contract cannot be checked: {error}.", next="fix the check in contract.py"
        ) from error
    return []


def _grouped(cases: pl.DataFrame, rows: pl.DataFrame, model: type[pa.DataFrameModel]) -> list[Finding]:
    """Fold pandera's failure cases (one a row) into one finding a column and check, in a fixed order."""
    schema, findings = model.to_schema(), []
    for (column, name), group in cases.group_by(["column", "check"], maintain_order=True):
        columns, check = _named(str(column), str(name), str(group["failure_case"][0]), schema)
        indices = group["index"].drop_nulls().sort().to_list()
        if str(name).startswith("dtype("):
            indices = (
                tables.misfits(rows[str(column)], schema.columns[str(column)].dtype.type).arg_true().to_list()
            )
        if check:
            findings.append(_finding(rows, columns, check, indices))
    return sorted(findings, key=lambda finding: (finding["column"], finding["check"]))


def _named(column: str, check: str, case: str, schema: pa.DataFrameSchema) -> tuple[list[str], str]:
    """Return the columns of a check, and what pandera's structural checks mean."""
    structural = {
        "column_in_dataframe": ([case], "the column is missing"),
        "column_in_schema": ([case], "the contract has no such column"),
        "multiple_fields_uniqueness": (list(schema.unique or []), "the same key stands in several rows"),
    }
    if check in structural:
        return structural[check]
    if check.startswith("dtype("):
        return [column], f"the type is {case}, the contract says {check[7:-2]}"
    if case.startswith(CONSEQUENCES):
        return [column], ""
    if column in schema.columns:
        return [column], check
    return [name for name in schema.columns if re.search(rf"\b{re.escape(name)}\b", check)], check


def _finding(rows: pl.DataFrame, columns: list[str], check: str, indices: list[int]) -> Finding:
    sample = [{"row": index, "value": _value(rows, index, columns)} for index in indices[:SAMPLE_ROWS]]
    return {"column": ", ".join(columns) or "row", "check": check, "count": len(indices), "sample": sample}


def _value(rows: pl.DataFrame, index: int, columns: list[str]) -> str:
    """Return what the columns hold in a row: the value of one, `name=value` of several (none named: all)."""
    if len(columns) == 1:
        return str(rows[index, columns[0]])[:SAMPLE_CHARACTERS]
    values = [f"{name}={rows[index, name]}" for name in columns or rows.columns if name in rows.columns]
    return ", ".join(values)[:SAMPLE_CHARACTERS]


def _month_findings(rows: pl.DataFrame, time: str, month: str) -> list[Finding]:
    if not rows[time].dtype.is_temporal():
        return []
    outside = rows.select(pl.col(time).dt.strftime("%Y-%m") != month).to_series().fill_null(value=False)
    indices = outside.arg_true().to_list()
    return [_finding(rows, [time], f"outside {month}", indices)] if indices else []


def validate_file(path: Path, model: type[pa.DataFrameModel], month: str, target: Path) -> dict[str, Any]:
    """Validate the raw month in `path`, report to `target`, raise ContractError if it is broken."""
    report = validate(tables.read(path), model, month)
    write(report, target)
    check(report, target)
    return report
