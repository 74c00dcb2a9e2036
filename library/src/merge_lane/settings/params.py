"""params.yaml as one frozen, typed model that refuses unknown keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field, ValidationError, field_validator

from merge_lane.errors import ParamsError
from merge_lane.settings.gates import Gates, Section, Share

Month = Annotated[str, Field(pattern=r"^(\d{4}-(0[1-9]|1[0-2])|all)$")]
"""`YYYY-MM`, or `all` for a table without a time column."""


class Data(Section):
    """Which data the project knows about."""

    source: str
    months: tuple[Month, ...] = Field(min_length=1)

    @field_validator("months")
    @classmethod
    def _in_order(cls, months: tuple[str, ...]) -> tuple[str, ...]:
        if list(months) != sorted(set(months)):
            raise ValueError("months must be in order, each once")
        return months


class Split(Section):
    """Which months train and which test."""

    test_from: Month
    validation_days: int = Field(ge=1, le=15)


class Train(Section):
    """How the model is trained; names and meanings are xgboost's where it has them."""

    rounds: int = Field(ge=1)
    early_stopping_rounds: int = Field(ge=1)
    learning_rate: Share
    max_depth: int = Field(ge=1, le=16)
    min_child_weight: float = Field(ge=0)
    subsample: Share
    colsample_bytree: Share
    reg_lambda: float = Field(ge=0)
    max_bin: int = Field(ge=2)
    max_categories: int = Field(ge=1)
    threads: int = Field(ge=1)
    seed: int
    max_single_feature_auc: float = Field(gt=0.5, le=1)
    monotone: dict[str, Literal[-1, 1]] = Field(default_factory=dict)


class Evaluate(Section):
    """What is measured, and how precise the intervals are."""

    bootstrap: int = Field(ge=20)
    confidence: float = Field(gt=0.5, lt=1)
    bins: int = Field(ge=2)
    seed: int
    rate_table: tuple[str, ...]
    slices: tuple[str, ...]
    min_slice_rows: int = Field(ge=1)


class Canary(Section):
    """How a release is judged against stable before it takes over. An alpha is a rate of false alarms."""

    share: float = Field(gt=0, le=0.5)
    min_requests: int = Field(ge=1)
    min_seconds: float = Field(ge=0)
    max_seconds: float = Field(gt=0)
    error_alpha: float = Field(gt=0, le=0.1)
    rejected_alpha: float = Field(gt=0, le=0.1)
    p50_ratio: float = Field(ge=1)
    p99_ratio: float = Field(ge=1)
    latency_slack_ms: float = Field(ge=0)
    latency_alpha: float = Field(gt=0, le=0.1)
    min_latencies: int = Field(ge=1)
    max_prediction_psi: float = Field(gt=0)
    min_predictions: int = Field(ge=1)


class Settings(Section):
    """The whole of params.yaml."""

    task: Literal["binary", "multiclass", "regression"]
    data: Data
    split: Split
    train: Train
    evaluate: Evaluate
    canary: Canary
    gates: Gates = Gates()


def load(path: Path | str = "params.yaml") -> Settings:
    """Return the settings in `path`. Raises ParamsError naming the key and its line."""
    path = Path(path)
    tree = _parse(path)
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise _explained(path, tree, error) from error


def _parse(path: Path) -> object:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ParamsError(
            f"There is no {path} here.",
            where=str(path.resolve()),
            next="run the command in the project's root",
        ) from error
    except OSError as error:
        raise ParamsError(
            f"{path} cannot be read: {error.strerror}.",
            where=str(path.resolve()),
            next="put the file back: `git restore params.yaml`",
        ) from error
    except (YAMLError, UnicodeDecodeError) as error:
        what = getattr(error, "problem", None) or str(error)
        raise ParamsError(
            f"{path} is not YAML: {what.splitlines()[0]}.",
            where=_mark(path, error),
            next="fix that line; `git diff params.yaml` shows what changed",
        ) from error


def _mark(path: Path, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"{path}:{mark.line + 1}" if mark else str(path)


def _explained(path: Path, tree: object, error: ValidationError) -> ParamsError:
    """Name every bad key at once, each with its line."""
    problems = [_problem(path, tree, entry) for entry in error.errors()]
    return ParamsError(
        f"{path} has {len(problems)} problem(s):\n" + "\n".join(f"  - {text}" for text in problems),
        where=str(path),
        next="compare with the comments in params.yaml; `git diff params.yaml` shows what changed",
    )


def _problem(path: Path, tree: object, entry: object) -> str:
    assert isinstance(entry, dict)
    where = entry["loc"]
    key = ".".join(str(part) for part in where) or "the file"
    message = entry["msg"].removeprefix("Value error, ")
    if entry["type"] == "extra_forbidden":
        message = f"unknown key, known here: {_known(where)}"
    return f"{path}:{_line(tree, where)}: {key}: {message}"


def _known(where: tuple[str | int, ...]) -> str:
    model: type[BaseModel] = Settings
    for part in where[:-1]:
        field = model.model_fields.get(str(part))  # absent where `part` is an index of a list or a free name
        model = model if field is None else _section(field.annotation) or model
    return ", ".join(model.model_fields)


def _section(annotation: object) -> type[BaseModel] | None:
    """Return the Section inside an annotation such as `Floors | None` or `dict[str, Behaviour]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((section for part in get_args(annotation) if (section := _section(part))), None)


def _line(tree: object, where: tuple[str | int, ...]) -> int:
    """Return the line of the deepest key of `where` that the file has (1 for the first)."""
    line = 1
    for part in where:
        position = getattr(tree, "lc", None)
        try:
            if position is not None:
                line = (position.key(part) if isinstance(tree, dict) else position.item(part))[0] + 1
            tree = tree[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            break
    return line
