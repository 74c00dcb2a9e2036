"""The identity chain names the first broken link; one test per place that can be tampered with."""

import hashlib
import re

import pytest

from merge_lane.errors import ChainError, TrackingError
from merge_lane.release import chain

OTHER = "f" * 64


@pytest.fixture
def release(project):
    return project.release()


def tampered(links, name):
    with pytest.raises(ChainError, match=re.escape(f"breaks at {name}:")) as raised:
        chain.check(links)
    assert raised.value.exit_code == 31
    assert raised.value.where


def test_untouched_chain_holds(project, release):
    seen = chain.check(
        [*chain.reviewed(project.root, release), *chain.bundle(project.root / "models", release)]
    )
    assert [link.name for link in seen][:3] == ["dvc.lock", "release manifest", "bundle manifest"]


def test_lock_of_another_model_is_found(project, release):
    lock = project.root / "dvc.lock"
    lock.write_text(re.sub("md5: .*", f"md5: '{'0' * 32}'", lock.read_text()))
    project.git("commit", "-qam", "tamper")
    release = release.model_copy(update={"commit": project.git("rev-parse", "HEAD")})
    tampered(chain.reviewed(project.root, release), "dvc.lock")


def test_commit_that_git_does_not_know_is_found(project, release):
    tampered(chain.reviewed(project.root, release.model_copy(update={"commit": "0" * 40})), "dvc.lock")


def test_release_manifest_of_another_model_is_found(project, release):
    tampered(chain.reviewed(project.root, release.model_copy(update={"model": OTHER})), "release manifest")


def test_altered_bundle_manifest_is_found(project, release):
    manifest = project.root / "models/manifest.json"
    manifest.write_text(manifest.read_text() + " ")
    tampered(chain.bundle(project.root / "models", release), "bundle manifest")


def test_altered_model_file_is_found(project, release):
    (project.root / "models/model.onnx").write_bytes(b"altered")
    tampered(chain.bundle(project.root / "models", release), "bundle file model.onnx")


def test_missing_model_file_is_found(project, release):
    (project.root / "models/model.onnx").unlink()
    tampered(chain.bundle(project.root / "models", release), "bundle file model.onnx")


@pytest.mark.parametrize("name", ["data", "contract"])
def test_data_or_contract_of_another_release_is_found(project, release, name):
    wrong = release.model_copy(update={name: OTHER})
    tampered(chain.bundle(project.root / "models", wrong), f"{name} hash")


def test_wrong_image_label_is_found(release):
    with_image = release.model_copy(update={"image": "sha256:" + OTHER})
    tampered([chain.label(with_image, OTHER)], "image label")
    tampered([chain.label(with_image, None)], "image label")


def test_without_an_image_no_label_is_asked_for(release):
    assert not chain.label(release, None).broken


def test_label_that_nobody_could_ask_for_breaks_nothing(release):
    with_image = release.model_copy(update={"image": "sha256:" + OTHER})
    assert not chain.label(with_image, None, asked=False).broken


def test_wrong_registry_tag_is_found(release):
    tampered([chain.registry(release, lambda: OTHER)], "registry tag")


def test_registry_that_is_down_breaks_nothing(release):
    def down():
        raise TrackingError("nobody answers")

    assert not chain.registry(release, down).broken


@pytest.mark.parametrize("key", ["model", "data", "contract", "commit"])
def test_server_of_another_release_is_found(release, key):
    answer = release.model_dump() | {key: OTHER}
    tampered(chain.version(release, answer, "server", commit=True), f"/version {key}")


def test_an_image_of_the_same_content_may_answer_the_commit_that_built_it(release):
    answer = {**release.model_dump(), "commit": OTHER[:40]}
    links = chain.check(chain.version(release, answer, "server"))
    assert [link.name for link in links] == ["/version model", "/version data", "/version contract"]


def test_server_that_does_not_answer_is_a_broken_link(release):
    tampered(chain.version(release, None, "server"), "/version model")


def test_record_of_another_promotion_is_found(release):
    tampered([chain.recorded(release, {"model": OTHER}, "record")], "deployment record")
    tampered([chain.recorded(release, None, "record")], "deployment record")


def test_first_broken_link_is_the_one_named():
    whole = chain.Link("whole", "a", "a", "here")
    tampered([whole, chain.Link("first", "a", "b", "here"), chain.Link("second", "a", "c", "here")], "first")


def test_hash_of_the_model_is_the_hash_of_its_manifest(project, release):
    assert release.model == hashlib.sha256((project.root / "models/manifest.json").read_bytes()).hexdigest()
