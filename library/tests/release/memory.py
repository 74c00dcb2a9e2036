"""A target in memory: it notes each call, and fails where a test tells it to."""

from merge_lane.release.canary import Counts, Observation


class MemoryTarget:
    """`faults` maps a method to the error that it raises; `seen` is what `observe` returns."""

    remote = False
    url = "http://127.0.0.1:9"

    def __init__(self, serving=None, *, beside=True):
        self.serving = serving
        self.beside = beside
        self.answer = None
        self.calls = []
        self.faults = {}
        self.seen = Observation(Counts(), Counts(), 0.0)

    def _note(self, name, *arguments):
        self.calls.append((name, *arguments))
        if name in self.faults:
            raise self.faults[name]

    def named(self):
        """Return the names of the calls, in order."""
        return [name for name, *_ in self.calls if name != "observe"]

    def stable(self):
        return self.serving

    def restore(self):
        self._note("restore")

    def keep(self):
        self._note("keep")

    def prepare(self, release):
        self._note("prepare", release.id)

    def start(self, release, *, direct):
        self._note("start", release.id, direct)
        return self.beside

    def route(self, release, share, deployment):
        self._note("route", release.id, share, deployment)
        self.answer = release.model

    def observe(self, release):
        self._note("observe", release.id)
        return self.seen

    def promote(self, release):
        self._note("promote", release.id)
        self.serving = release.id

    def remove(self, release):
        self._note("remove", release.id)

    def links(self, release):  # noqa: ARG002 - a target's interface
        return iter(())

    def counts(self):
        return {}

    def version(self):
        return {"model": self.answer}
