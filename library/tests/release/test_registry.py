"""The registry mirrors what git decided: aliases move, nothing is done twice, and its death costs seconds."""

import socket
import time
from types import SimpleNamespace

import pytest
import toy

from merge_lane.errors import TrackingError
from merge_lane.release import registry
from merge_lane.release.targets import net


class Fake:
    """As much of an MLflow client as the registry uses."""

    def __init__(self):
        self.versions, self.aliases, self.model = [], {}, False

    def search_model_versions(self, query):
        return [version for version in self.versions if f"'{version.tags.get('model_hash')}'" in query]

    def search_registered_models(self, _):
        return [SimpleNamespace(aliases=dict(self.aliases))] if self.model else []

    def create_registered_model(self, _):
        self.model = True

    def create_model_version(self, _, source, run_id):
        self.versions.append(
            SimpleNamespace(version=len(self.versions) + 1, source=source, run=run_id, tags={})
        )
        return self.versions[-1]

    def set_model_version_tag(self, _, number, key, value):
        self.versions[int(number) - 1].tags[key] = value

    def get_model_version(self, _, number):
        return self.versions[int(number) - 1]

    def set_registered_model_alias(self, _, alias, number):
        self.aliases[alias] = int(number)

    def delete_registered_model_alias(self, _, alias):
        del self.aliases[alias]


@pytest.fixture
def mirrored(project, monkeypatch):
    """Two releases, each deployed to production, in a fake registry."""
    fake = Fake()
    monkeypatch.setattr(
        registry.tracking, "track", lambda *_: SimpleNamespace(run_id=f"run{len(fake.versions)}")
    )
    registered = registry.Registry(project.root, "fake:", lambda _: fake)
    first = project.release("first")
    registered.started(first, "production")
    registered.promoted(first, "production")
    second = project.release("second")
    registered.started(second, "production")
    return SimpleNamespace(fake=fake, registry=registered, first=first, second=second)


def test_started_release_is_the_candidate_beside_the_champion(mirrored):
    assert mirrored.fake.aliases == {"champion": 1, "candidate": 2}


def test_promotion_moves_the_aliases_and_keeps_the_former_champion(mirrored):
    mirrored.registry.promoted(mirrored.second, "production")
    assert mirrored.fake.aliases == {"champion": 2, "previous": 1}


def test_staging_gets_an_alias_of_its_own(mirrored):
    mirrored.registry.promoted(mirrored.second, "staging")
    assert mirrored.fake.aliases == {"champion": 1, "staging": 2}


def test_rollback_takes_the_candidates_name_away(mirrored):
    mirrored.registry.rolled_back(mirrored.second, "production")
    assert mirrored.fake.aliases == {"champion": 1}
    assert mirrored.fake.versions[1].tags["rolled_back.production"] == mirrored.second.commit


def test_everything_twice_changes_nothing(mirrored):
    for event in ("started", "promoted"):
        getattr(mirrored.registry, event)(mirrored.second, "production")
    before = (dict(mirrored.fake.aliases), len(mirrored.fake.versions))
    for event in ("started", "promoted"):
        getattr(mirrored.registry, event)(mirrored.second, "production")
    assert (mirrored.fake.aliases, len(mirrored.fake.versions)) == before


def test_version_carries_the_chain_as_tags(mirrored):
    tags = mirrored.fake.versions[0].tags
    assert {key: tags[key] for key in ("commit", "data", "contract", "params")} == {
        key: getattr(mirrored.first, key) for key in ("commit", "data", "contract", "params")
    }
    assert mirrored.registry.served("production") == mirrored.first.model


def test_model_that_is_not_in_the_work_tree_is_not_registered_as_another(mirrored, project):
    project.release("third")
    lost = mirrored.second.model_copy(update={"model": "9" * 64})
    with pytest.raises(TrackingError, match="not in the work tree"):
        mirrored.registry.register(lost)


def test_registry_without_a_database_knows_nothing(tmp_path):
    assert registry.Registry(tmp_path, f"sqlite:///{tmp_path}/none.db").served("production") is None


def mirror(project, uri):
    said = []
    return registry.Mirror(registry.Registry(project.root, uri), "production", said.append), said


def test_dead_registry_is_asked_once_and_never_raises(project):
    release = project.release()
    told, said = mirror(project, f"http://127.0.0.1:{net.free_port()}")
    told("started", release)
    told("promoted", release)
    assert len(said) == 1
    assert "git is the authority" in said[0]


def test_registry_that_hangs_costs_at_most_ten_seconds(project):
    release = project.release()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        told, said = mirror(project, f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        told("started", release)
        told("promoted", release)
    assert time.monotonic() - started < 10
    assert said


@pytest.mark.slow
def test_real_registry_takes_two_releases_and_moves_the_aliases(project, toy_directory, tmp_path):
    """MLflow's own client and database; making the database takes most of the time."""
    from mlflow.tracking import MlflowClient

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    registered = registry.Registry(project.root, uri)

    def promoted(release):
        registered.started(release, "production")
        registered.promoted(release, "production")
        registered.promoted(release, "production")
        return release

    first = promoted(project.adopt(toy_directory))
    toy.export(tmp_path / "second", inputs={**toy.INPUTS, "params": "b" * 64})
    second = promoted(project.adopt(tmp_path / "second", "second"))
    client = MlflowClient(tracking_uri=uri)
    models = {
        alias: client.get_model_version_by_alias(registry.MODEL, alias).tags["model_hash"]
        for alias in ("champion", "previous")
    }
    assert models == {"champion": second.model, "previous": first.model}
    assert registered.served("production") == second.model
    assert len(client.search_model_versions(f"name='{registry.MODEL}'")) == 2
