"""The verb `image`: bring the image of this commit to a registry, and print its digest."""

from __future__ import annotations

from pathlib import Path

import click

ROOT = Path()


@click.command()
@click.option("--repository", required=True, help="Where to push it, without a tag: HOST/OWNER/NAME.")
@click.option("--base", help="Base images BASE:build and BASE:run instead of those that the recipe names.")
@click.option("--sbom", type=click.Path(path_type=Path), help="Also write its bill of materials (CycloneDX).")
@click.option("--output", type=click.Path(path_type=Path), help="Also write its name and digest, as JSON.")
def image(repository: str, base: str | None, sbom: Path | None, output: Path | None) -> None:
    """Build the image of this commit and push it, unless the registry has an image of the same content.

    Needs a container engine that may push there, and the model (`dvc repro` or `dvc pull`).
    """
    from merge_lane.release.image import build, publish
    from merge_lane.release.image import sbom as bill
    from merge_lane.system.files import write_json

    root = ROOT.resolve()
    facts = build.labels(root, base)
    published = publish.publish(root, repository, facts, base, say=click.echo)
    click.echo(f"image {published.name}")
    if sbom is not None:
        click.echo(f"bill of materials in {sbom}: {bill.write(root, sbom, facts, base)} parts")
    if output is not None:
        write_json(output, {**vars(published), "name": published.name})
