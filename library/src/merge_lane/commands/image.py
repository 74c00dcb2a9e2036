"""The verb `image`: bring the image of this commit to a registry, and say by which digest it is there."""

from __future__ import annotations

from pathlib import Path

import click

ROOT = Path()


@click.command()
@click.option("--repository", required=True, help="Where it goes, without a tag: HOST/OWNER/NAME.")
@click.option("--base", help="Base images BASE:build and BASE:run in place of those that the recipe names.")
@click.option("--sbom", type=click.Path(path_type=Path), help="Also write its bill of materials (CycloneDX).")
@click.option("--output", type=click.Path(path_type=Path), help="Also write where it is, as JSON.")
def image(repository: str, base: str | None, sbom: Path | None, output: Path | None) -> None:
    """Build the image of this commit and push it, unless the registry has an image of the same content.

    Needs a container engine that may push there, and the model (`dvc repro` or `dvc pull`).
    """
    from merge_lane.release.image import publish
    from merge_lane.release.image import sbom as bill
    from merge_lane.system.files import write_json

    made = publish.publish(ROOT.resolve(), repository, base, say=click.echo)
    click.echo(f"image {made.name}")
    if sbom is not None:
        click.echo(f"bill of materials in {sbom}: {bill.write(ROOT, sbom, base)} parts")
    if output is not None:
        write_json(output, {**vars(made), "name": made.name})
