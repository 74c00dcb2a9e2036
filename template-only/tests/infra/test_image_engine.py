"""The image, really built, run and pushed, where a container engine is."""

import inspect
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest
import toy
from infra.harness import ROOT
from merge_lane.data import rows
from merge_lane.data.columns import Schema
from merge_lane.errors import ChainError, ReleaseError
from merge_lane.release.image import build, library, publish

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")  # what one worker removes another may still need
BASE = f"merge-lane-test-base-{WORKER}"
LIMIT_MB = 250
# As a deploy starts it: nobody, nothing to write but /tmp, nothing of the kernel's privileges.
CAGE = ["--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=host"]


def docker(*words, check=True):
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False, timeout=200)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def engine():
    if (
        not shutil.which("docker")
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no container engine runs on this machine")
    if not shutil.which("apt-get"):
        pytest.skip("the base image of the test is made of Debian's packages")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """This project with a small model of its own, as after `dvc repro`."""
    root = tmp_path_factory.mktemp("project")
    for path in (
        ROOT / build.RECIPE,
        *(ROOT / name for name in (*build.LOCKS, "pyproject.toml")),
        *library.files(ROOT),
    ):
        target = root / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    shutil.copytree(ROOT / "src", root / "src")
    features = f'"""Features of the small model."""\n\nimport numpy as np\n\n\n{inspect.getsource(toy.build)}'
    (root / "src/flight_board/features.py").write_text(features)
    toy.export(root / "models")
    author = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "first"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    return root


@pytest.fixture(scope="module")
def built(engine, project):  # noqa: ARG001 - it skips
    """The image of the project; removed afterwards, as is its base."""
    subprocess.run(
        [str(ROOT / "infra/image/debian-base"), BASE], check=True, timeout=240, stdout=subprocess.DEVNULL
    )
    tag = f"merge-lane-test-{WORKER}:{build.content_tag(project, BASE)}"
    build.build(project, tag, build.labels(project, BASE), BASE)
    yield tag
    for name in (tag, f"{BASE}:run", f"{BASE}:build"):
        docker("image", "rm", "--force", name, check=False)
    label = "label=merge-lane.stage"
    docker("image", "prune", "--force", "--filter", label, check=False)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


@pytest.fixture(scope="module")
def server(built):
    """The address of the image's server, running as a deploy runs it."""
    port = free_port()
    serve = ["serve", "--bundle", "models", "--host", "127.0.0.1", "--port", str(port)]
    container = docker("run", "--detach", *CAGE, built, *serve)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/readyz", container)
        yield f"http://127.0.0.1:{port}"
    finally:
        docker("rm", "--force", container)


def wait_until_ready(url, container):
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < deadline, docker("logs", container)
            time.sleep(0.2)


def test_it_answers_a_prediction_as_nobody_on_a_root_that_cannot_be_written(server, project):
    row = rows.example(Schema.from_json(json.loads((project / "models/contract.json").read_text())))
    (answer,) = ask(f"{server}/predict", {"rows": [row]})["predictions"]
    assert 0 < answer < 1


def test_the_version_it_answers_is_the_model_of_its_label(server, built, project):
    labels = json.loads(docker("image", "inspect", "--format", "{{json .Config.Labels}}", built))
    version = ask(f"{server}/version")
    assert version["model"] == labels[build.MODEL_LABEL]
    assert version["commit"] == labels["org.opencontainers.image.revision"]
    assert labels[build.MODEL_LABEL] == build.labels(project, BASE)["MODEL"]
    assert labels["merge-lane.content"] == built.partition(":")[2]


def test_it_is_small(built, capsys):
    size = int(docker("image", "inspect", "--format", "{{.Size}}", built)) / 1e6
    with capsys.disabled():
        print(f"\nimage with its model: {size:.0f} MB, at most {LIMIT_MB}")
    assert size <= LIMIT_MB


@pytest.mark.parametrize("tool", ["sh", "bash", "apt", "dpkg", "pip", "tar"])
def test_it_holds_no_shell_and_no_package_manager(built, tool):
    code = f"import shutil; print(shutil.which('{tool}'))"
    assert docker("run", "--rm", *CAGE, "--entrypoint", "python3", built, "-c", code) == "None"


def test_nothing_in_it_can_be_written_and_it_is_not_root(built):
    code = "import os; print(os.getuid(), os.access('/app', os.W_OK), os.access('/app/models', os.W_OK))"
    assert (
        docker("run", "--rm", "--network=host", "--entrypoint", "python3", built, "-c", code)
        == "10001 False False"
    )


def test_the_health_check_tells_a_server_from_none(built, server):
    check = json.loads(docker("image", "inspect", "--format", "{{json .Config.Healthcheck.Test}}", built))
    assert check[:2] == ["CMD", "python3"]

    def verdict(port):
        ask_for_health = ["--entrypoint", "python3", built, "-c", check[3].replace("8080", str(port))]
        words = ["docker", "run", "--rm", *CAGE, *ask_for_health]
        return subprocess.run(words, capture_output=True, check=False, timeout=60).returncode

    assert verdict(server.rpartition(":")[2]) == 0
    assert verdict(free_port()) == 1


def test_the_same_content_makes_the_same_layers(built, project):
    layers = ("image", "inspect", "--format", "{{json .RootFS.Layers}}")
    first = docker(*layers, built)
    again = f"{built}-again"
    build.build(project, again, build.labels(project, BASE), BASE, cached=False)
    try:
        assert docker(*layers, again) == first
    finally:
        docker("image", "rm", "--force", again, check=False)


@pytest.fixture
def registry(tmp_path):
    """A real registry on loopback."""
    program = shutil.which("docker-registry")
    if not program:
        pytest.skip("there is no registry to push to: Debian's docker-registry is not installed")
    port = free_port()
    settings = tmp_path / "registry.yml"
    settings.write_text(
        f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {tmp_path / 'images'}\n"
        f"http:\n  addr: 127.0.0.1:{port}\nlog:\n  level: error\n"
    )
    process = subprocess.Popen(
        [program, "serve", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for_port(port)
        yield f"127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def wait_for_port(port):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the registry did not start")


def test_it_is_pushed_and_pulled_back_by_its_digest_to_read_its_label(built, registry, project):
    remote = f"{registry}/merge-lane:{built.partition(':')[2]}"
    docker("tag", built, remote)
    docker("push", "--quiet", remote)
    (by_digest,) = json.loads(docker("image", "inspect", "--format", "{{json .RepoDigests}}", remote))
    docker("image", "rm", remote)
    labelled = build.model_label(by_digest)
    ids = {docker("image", "inspect", "--format", "{{.Id}}", name) for name in (built, by_digest)}
    docker("image", "rm", by_digest)
    assert len(ids) == 1
    assert labelled == build.labels(project, BASE)["MODEL"]
    assert "@sha256:" in by_digest


@pytest.fixture
def repository(registry):
    """A repository in the registry; what the engine keeps of it is removed afterwards."""
    name = f"{registry}/merge-lane"
    yield name
    shape = "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}"
    for one in docker("images", "--digests", "--format", shape, name).split():
        docker("image", "rm", one, check=False)  # by name: the same image has names that are not ours


def test_it_is_published_once_and_found_again_by_its_content(built, project, repository, capsys):
    first = publish.publish(project, repository, build.labels(project, BASE), BASE, say=print)
    assert first.built
    docker("image", "rm", "--force", f"{repository}:{first.tag}", first.name, check=False)
    again = publish.publish(project, repository, build.labels(project, BASE), BASE, say=print)
    assert (again.built, again.digest) == (False, first.digest)
    assert "nothing is built" in capsys.readouterr().out
    assert build.labels_of(again.name)["merge-lane.content"] == built.partition(":")[2]


@pytest.mark.usefixtures("built")
def test_a_foreign_image_under_its_tag_is_refused(project, repository):
    tag = f"{repository}:{build.content_tag(project, BASE)}"
    docker("tag", f"{BASE}:run", tag)
    docker("push", "--quiet", tag)
    with pytest.raises(ChainError, match=r"label merge-lane\.model is missing"):
        publish.publish(project, repository, build.labels(project, BASE), BASE, say=print)


@pytest.mark.usefixtures("built")
def test_a_registry_that_cannot_be_reached_refuses_the_push(project):
    nowhere = f"127.0.0.1:{free_port()}/merge-lane"
    with pytest.raises(ReleaseError, match="push` failed"):
        publish.publish(project, nowhere, build.labels(project, BASE), BASE, say=print)
    docker("image", "rm", f"{nowhere}:{build.content_tag(project, BASE)}")


@pytest.mark.usefixtures("built")
def test_an_image_without_labels_names_no_model(repository):
    docker("tag", f"{BASE}:run", f"{repository}:foreign")
    docker("push", "--quiet", f"{repository}:foreign")
    assert build.model_label(f"{repository}:foreign") is None


@pytest.mark.usefixtures("engine")
def test_an_image_that_the_registry_has_not_cannot_be_asked(repository):
    with pytest.raises(ReleaseError, match="is not available"):
        build.model_label(f"{repository}@sha256:{'0' * 64}")
