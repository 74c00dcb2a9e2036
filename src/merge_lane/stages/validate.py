"""validate: one month against the contract; all failures at once, with their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl

from merge_lane import schema as contracts
from merge_lane import tables
from merge_lane.errors import ContractError
from merge_lane.files import write_json, write_text

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE_ROWS = 5
SAMPLE_CHARACTERS = 200

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
    """Write the report as JSON to `target` and for people beside it."""
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
        next=f"read {target.with_suffix('.md')}; mend the data or contract.py, then dvc repro",
    )


def render(report: dict[str, Any]) -> str:
    """Return the report as Markdown."""
    verdict = "keeps the contract" if report["valid"] else "BREAKS the contract"
    head = [
        f"# {report['month']} {verdict}",
        "",
        f"{report['rows']:,} rows, {report['labelled']:,} with a label.",
    ]
    findings = [f"- {_sentence(finding)}" for finding in report["findings"]]
    missing = [f"| {name} | {count:,} |" for name, count in report["missing"].items() if count]
    table = ["", "| column | missing values |", "|---|---:|", *missing] if missing else []
    return "\n".join([*head, *([""] if findings else []), *findings, *table])


def _sentence(finding: Finding) -> str:
    samples = "; ".join(f"row {entry['row']}: {entry['value']}" for entry in finding["sample"])
    count = f"{finding['count']:,} row(s)" if finding["count"] else "the whole column"
    return f"{finding['column']}: {finding['check']}: {count}" + (f" ({samples})" if samples else "")


def _contract_findings(rows: pl.DataFrame, model: type[pa.DataFrameModel]) -> list[Finding]:
    try:
        contracts.raw(model).validate(rows, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return _grouped(errors.failure_cases, model.__name__)
    except pl.exceptions.PolarsError as error:
        # A cross-column check that meets a column of the wrong type: the type itself is the finding.
        raise ContractError(
            f"The contract cannot be checked: {error}.", next="mend the check in contract.py"
        ) from error
    return []


def _grouped(cases: pl.DataFrame, table: str) -> list[Finding]:
    """Fold pandera's failure cases (one a row) into one finding a column and check, in a fixed order."""
    findings = []
    for (column, name), group in cases.group_by(["column", "check"], maintain_order=True):
        rows = group.filter(pl.col("index").is_not_null()).sort("index")
        named = _named(str(column), str(name), group, table)
        if named["check"]:
            sample = [_sample(entry) for entry in rows.head(SAMPLE_ROWS).to_dicts()]
            findings.append({**named, "count": rows.height, "sample": sample})
    return sorted(findings, key=lambda finding: (finding["column"], finding["check"]))


def _named(column: str, check: str, group: pl.DataFrame, table: str) -> dict[str, str]:
    """Say in words what pandera's structural checks mean."""
    case = str(group["failure_case"][0])
    if check == "column_in_dataframe":
        return {"column": case, "check": "the column is missing"}
    if check == "column_in_schema":
        return {"column": case, "check": "the contract has no such column"}
    if check.startswith("dtype("):
        return {"column": column, "check": f"the type is {case}, the contract says {check[7:-2]}"}
    if check == "multiple_fields_uniqueness":
        return {"column": "key", "check": "the same key stands in several rows"}
    if case.startswith(("ComputeError", "InvalidOperationError", "ColumnNotFoundError", "SchemaError")):
        return {
            "column": column,
            "check": "",
        }  # a consequence of a missing or mistyped column, which is listed
    return {"column": "row" if column == table else column, "check": check}


def _sample(entry: dict[str, Any]) -> dict[str, Any]:
    return {"row": int(entry["index"]), "value": str(entry["failure_case"])[:SAMPLE_CHARACTERS]}


def _month_findings(rows: pl.DataFrame, time: str, month: str) -> list[Finding]:
    if not rows[time].dtype.is_temporal():
        return []
    outside = rows.with_row_index("row").filter(pl.col(time).dt.strftime("%Y-%m") != month)
    if outside.is_empty():
        return []
    sample = [{"row": r["row"], "value": str(r[time])} for r in outside.head(SAMPLE_ROWS).to_dicts()]
    return [{"column": time, "check": f"outside {month}", "count": outside.height, "sample": sample}]


def validate_file(path: Path, model: type[pa.DataFrameModel], month: str, target: Path) -> dict[str, Any]:
    """Validate the raw month in `path`, report to `target`, raise ContractError if it is broken."""
    report = validate(tables.read(path), model, month)
    write(report, target)
    check(report, target)
    return report
