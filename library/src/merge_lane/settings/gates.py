"""The gates that params.yaml declares: what a pull request is judged by, each with its reason."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Text = Annotated[str, Field(min_length=3)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]


class Section(BaseModel):
    """A part of params.yaml: frozen, strict about unknown keys, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Gate(Section):
    """A rule that a candidate must keep before it is merged, and why it is there."""

    reason: Text


class MetricGate(Gate):
    """Limits by metric: a floor (a ceiling where lower is better), or a margin."""

    metrics: dict[str, float] = Field(min_length=1)


class Floors(MetricGate):
    """The least that a model must reach, whatever main has, and the baselines that it must beat."""

    beat: tuple[Literal["rate_table", "base_rate"], ...] = ()


class Calibration(Gate):
    """How far probabilities may lie from what happens, and how much further than main's."""

    max_error: Positive
    max_increase: Positive


class Latency(Gate):
    """How much slower than main's a prediction of one row may be, and the most that it may take.

    Whatever main takes counts as `free_ms` at least: twice next to nothing is still next to nothing.
    """

    free_ms: Positive = 0.1
    max_ratio: float = Field(gt=1)
    max_ms: Positive


class Size(Gate):
    """How much larger than main's the bundle may be, and the most that it may weigh.

    Whatever main has counts as `free_mb` at least.
    """

    free_mb: Positive = 2.0
    max_ratio: float = Field(gt=1)
    max_mb: Positive


class Leakage(Gate):
    """The best that one feature may rank alone: better means that it contains the answer."""

    max_single_feature_auc: float = Field(gt=0.5, lt=1)


class Shift(Gate):
    """How far a changed or new month may lie from what is known, per column.

    `numbers` in standard deviations, `categories` as a Jensen-Shannon distance, `missing` as a share.
    """

    numbers: Positive
    categories: Positive
    missing: Share


class Behaviour(Gate):
    """What the model must do on changed rows: not move (`invariance`), or move one way (`up`, `down`)."""

    columns: tuple[str, ...] = Field(min_length=1)
    expect: Literal["invariance", "up", "down"]
    add: float = 0.0
    tolerance: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _moves(self) -> Self:
        if (self.expect == "invariance") == bool(self.add):
            raise ValueError("`up` and `down` need `add` (not 0); `invariance` shuffles and takes none")
        return self


class Waiver(Section):
    """An open exception: which check, why, who answers for it, and until when."""

    gate: Text
    reason: Text
    owner: Text
    until: date

    @field_validator("until", mode="before")
    @classmethod
    def _quoted(cls, until: object) -> object:
        if isinstance(until, date):
            raise ValueError(
                'write the date in quotes, "2030-01-31": DVC reads this file too and stops at a bare one'
            )
        return until


class Gates(Section):
    """What a pull request is judged by. A gate left out is off, and the report says so."""

    floors: Floors | None = None
    non_inferiority: MetricGate | None = None
    slices: MetricGate | None = None
    calibration: Calibration | None = None
    latency: Latency | None = None
    size: Size | None = None
    leakage: Leakage | None = None
    compatibility: Gate | None = None
    shift: Shift | None = None
    behaviour: dict[str, Behaviour] = Field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
