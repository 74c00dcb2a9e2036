"""The verbs of the pipeline: each reads params.yaml and files, and writes files. dvc.yaml calls them."""

from __future__ import annotations

from pathlib import Path

import click

RAW = Path("data/raw")
FEATURES = Path("data/features.parquet")
BUNDLE = Path("models")
REPORTS = Path("reports")


@click.command()
def prune() -> None:
    """Remove files of months that params.yaml no longer names, so that no stage reads them."""
    from merge_lane import settings
    from merge_lane.stages.featurize import leftovers

    for path in leftovers(settings.load().data.months, [RAW, REPORTS / "validation"]):
        path.unlink()
        click.echo(f"prune: removed {path} (its month is not in params.yaml; DVC keeps what was committed)")


@click.command()
@click.argument("month")
def ingest(month: str) -> None:
    """Read MONTH (YYYY-MM) from the source that params.yaml names into data/raw."""
    from merge_lane import project, settings
    from merge_lane.data import schema
    from merge_lane.stages import ingest as stage

    target = RAW / f"{month}.parquet"
    rows = stage.ingest(settings.load().data.source, month, schema.read(project.contract()), target)
    click.echo(f"ingest {month}: {rows.height:,} rows -> {target}")


@click.command()
@click.argument("month")
def validate(month: str) -> None:
    """Check MONTH (YYYY-MM) of data/raw against the contract; write reports/validation."""
    from merge_lane import project
    from merge_lane.stages import validate as stage

    target = REPORTS / "validation" / f"{month}.json"
    report = stage.validate_file(RAW / f"{month}.parquet", project.contract(), month, target)
    click.echo(f"validate {month}: {report['rows']:,} rows keep the contract -> {target}")


@click.command()
def featurize() -> None:
    """Build point-in-time features of all months and split them by time."""
    from merge_lane import project, settings
    from merge_lane.data import schema
    from merge_lane.data.split import PART
    from merge_lane.stages import featurize as stage

    params = settings.load()
    stage.refuse_leftovers(params.data.months, [RAW, REPORTS / "validation"])
    months = {name: RAW / f"{name}.parquet" for name in params.data.months}
    rows = stage.featurize(months, schema.read(project.contract()), params.split, FEATURES)
    counts = dict(rows[PART].value_counts().sort(PART).iter_rows())
    parts = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    click.echo(f"featurize: {rows.height:,} labelled rows ({parts}) -> {FEATURES}")


@click.command()
def train() -> None:
    """Train the model on the training months and write its bundle to models/."""
    from merge_lane import project, settings
    from merge_lane.data import schema
    from merge_lane.repository import integrity
    from merge_lane.stages import train as stage

    params = settings.load()
    # DVC compares times and sizes; a model of damaged features looks healthy.
    if Path("dvc.lock").is_file():
        integrity.verify(stages=["featurize"], outputs_only=True).require()
    trained = stage.train(FEATURES, schema.read(project.contract()), params.train, params.task, BUNDLE)
    click.echo(
        f"train: {trained.rounds} trees on {trained.rows:,} rows, model {trained.model[:12]} -> {BUNDLE}"
    )


@click.command()
def evaluate() -> None:
    """Measure the model on the test months; write reports/."""
    from merge_lane import settings
    from merge_lane.stages import evaluate as stage

    params = settings.load()
    report = stage.evaluate(FEATURES, BUNDLE, params.evaluate, REPORTS)
    click.echo(f"evaluate: {report['rows']['test']:,} test rows -> {REPORTS / 'metrics.json'}")


@click.command()
def document() -> None:
    """Write the model card to reports/model_card.md."""
    from merge_lane.stages import document as stage

    stage.document(BUNDLE, REPORTS, REPORTS / "model_card.md")
    click.echo(f"document: {REPORTS / 'model_card.md'}")


@click.command()
def metrics() -> None:
    """Print the metrics of reports/metrics.json next to their baselines."""
    from merge_lane.stages.document import metric_table, report

    click.echo(metric_table(report(REPORTS / "metrics.json")))
