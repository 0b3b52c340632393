"""Kinds by name: clashes, renames, reloads, plugins."""

from __future__ import annotations

import importlib
import sys
import threading
import warnings
from collections.abc import Callable
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from spacedrive_jobs._definition.context import JobContext
from spacedrive_jobs._definition.job import job
from spacedrive_jobs._definition.registry import ENTRY_POINT_GROUP, Registry, registry
from spacedrive_jobs._model.errors import DefinitionError, UnknownKind
from tests.unit.definition.conftest import ImportSource

ONE = "@job(name='test.one')\nasync def one(ctx: JobContext) -> None: ...\n"


def test_a_clash_names_both_places(import_source: ImportSource) -> None:
    import_source(ONE, file="first.py")
    with pytest.raises(DefinitionError) as caught:
        import_source(ONE.replace("def one", "def two"), file="second.py")
    text = str(caught.value)
    assert "two jobs are named 'test.one'" in text
    assert "first:one" in text
    assert "first.py" in text
    assert "second:two" in text
    assert "second.py" in text
    kept = registry.get("test.one")
    assert kept is not None
    assert kept.source == "first:one"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("name='test.one'", "name='test.two', aliases=['test.one']"),
        ("name='test.one', aliases=['test.two']", "name='test.two'"),
        ("name='test.one', aliases=['test.old']", "name='test.two', aliases=['test.old']"),
    ],
)
def test_aliases_clash_too(first: str, second: str, import_source: ImportSource) -> None:
    import_source(f"@job({first})\nasync def x(ctx: JobContext) -> None: ...\n", file="first.py")
    with pytest.raises(DefinitionError, match="two jobs are named"):
        import_source(f"@job({second})\nasync def x(ctx: JobContext) -> None: ...\n", file="second.py")


def test_a_former_name_leads_to_the_kind(import_source: ImportSource) -> None:
    import_source("@job(name='test.new', aliases=['test.old'])\nasync def x(ctx: JobContext) -> None: ...\n")
    new = registry.get("test.new")
    assert new is not None
    assert registry.get("test.old") is new
    assert [known.kind for known in registry.all() if known is new] == ["test.new"]


def test_a_reload_replaces(import_source: ImportSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    first = import_source(ONE, file="reloaded.py")
    path = tmp_path / "reloaded.py"
    path.write_text("\n\n" + path.read_text().replace("'test.one'", "'test.one', description='new'"))
    second = importlib.reload(sys.modules["reloaded"])
    assert second is first
    again = registry.require("test.one")
    assert again is second.one.definition
    assert again.description == "new"


def test_a_rename_with_an_alias_survives_a_reload(import_source: ImportSource) -> None:
    import_source(ONE)
    renamed = import_source(ONE.replace("'test.one'", "'test.two', aliases=['test.one']"))
    assert registry.get("test.one") is registry.get("test.two") is renamed.one.definition
    assert "test.one" not in [definition.kind for definition in registry.all()]


def test_a_module_imported_under_a_second_name_does_not_clash(import_source: ImportSource) -> None:
    first = import_source(ONE)
    second = import_source(ONE, as_name="package.sample_jobs")
    assert registry.get("test.one") is second.one.definition
    assert registry.definition_of(first.one.new()) is first.one.definition


def test_a_program_that_imports_itself_does_not_clash(import_source: ImportSource) -> None:
    main = sys.modules["__main__"]
    try:
        import_source(ONE, as_name="__main__")
        imported = import_source(ONE)
    finally:
        sys.modules["__main__"] = main
    assert registry.get("test.one") is imported.one.definition


def test_two_texts_without_a_file_are_two_places() -> None:
    for name, wanted in (("first_text", None), ("second_text", DefinitionError)):
        scope: dict[str, Any] = {"__name__": name, "job": job, "JobContext": JobContext}
        if wanted is None:
            exec(ONE, scope)
        else:
            with pytest.raises(wanted, match="two jobs are named"):
                exec(ONE, scope)


def test_an_unknown_kind_lists_the_known_ones() -> None:
    own = Registry()
    definition = known.definition
    own.register(definition)
    assert own.require("test.known") is definition
    assert own.get("test.unknown") is None
    with pytest.raises(UnknownKind, match=r"'test.unknown' is registered in this process \(known: test.known\)"):
        own.require("test.unknown")


@job(name="test.known")
async def known(ctx: JobContext) -> None: ...


@job(name="test.class")
class Known:
    async def run(self, ctx: JobContext) -> None: ...


class Plain:
    async def run(self, ctx: JobContext) -> None: ...


class Derived(Known):
    pass


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (Known, r"pass one with its arguments: Known\(...\)"),
        (known, r"pass it with its arguments: known.new\(...\)"),
        (Plain(), "its class lacks @job"),
        (Derived(), "its class lacks @job"),
        ("test.known", "a job is an instance of a class under @job"),
        (None, "a job is an instance"),
    ],
)
def test_what_is_no_job_says_what_to_do(value: object, advice: str) -> None:
    with pytest.raises(TypeError, match=advice):
        registry.definition_of(value)


def test_a_kind_is_named_by_its_class_or_function() -> None:
    assert registry.definition_of_kind(Known) is registry.require("test.class")
    assert registry.definition_of_kind(known) is known.definition
    for value in (Derived, Plain, Known(), "test.known", known.new()):
        with pytest.raises(TypeError, match="names no kind"):
            registry.definition_of_kind(value)


# --- plugins


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def install(*values: str) -> None:
        points = EntryPoints(EntryPoint(f"p{n}", value, ENTRY_POINT_GROUP) for n, value in enumerate(values))
        monkeypatch.setattr("importlib.metadata.entry_points", lambda *, group: points.select(group=group))

    return install


def test_plugins_are_imported_once(
    plugins: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, import_source: ImportSource
) -> None:
    import_source(ONE, file="plugin_text.py")
    registry._forget(registry.require("test.one"))
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("plugin_text")
    plugins("plugin_text", "plugin_text:one")
    own = Registry()
    own.discover()
    assert registry.require("test.one").source == "plugin_text:one"
    plugins("no_such_module")
    own.discover()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("raise ZeroDivisionError('no')\n", "ZeroDivisionError: no"),
        ("import no_such_module\n", "ModuleNotFoundError"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("x = = 3\n", "SyntaxError"),
        ("@job(name='test.known')\nasync def other(ctx: JobContext) -> None: ...\n", "two jobs are named 'test.known'"),
    ],
)
def test_a_plugin_that_fails_is_a_warning_and_the_others_are_there(
    text: str,
    says: str,
    plugins: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    import_source: ImportSource,
) -> None:
    import_source(ONE, file="good_plugin.py")
    registry._forget(registry.require("test.one"))
    head = (tmp_path / "good_plugin.py").read_text().removesuffix(ONE)
    (tmp_path / "bad_plugin.py").write_text(head + text)
    sys.modules.pop("good_plugin")
    monkeypatch.syspath_prepend(tmp_path)
    plugins("bad_plugin", "good_plugin")
    with pytest.warns(RuntimeWarning, match="'bad_plugin', which cannot be imported: .*" + says):
        Registry().discover()
    assert registry.get("test.one") is not None


def test_discovery_finished_means_found(plugins: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """A second thread that asks meanwhile waits until the plugins are there."""
    importing, go_on = threading.Event(), threading.Event()

    class Slow:
        value, name, dist = "slow", "slow", None

        def load(self) -> None:
            importing.set()
            assert go_on.wait(5)

    monkeypatch.setattr("importlib.metadata.entry_points", lambda *, group: [Slow()])
    own = Registry()
    first = threading.Thread(target=own.discover)
    first.start()
    assert importing.wait(5)
    second = threading.Thread(target=own.discover)
    second.start()
    assert second.is_alive()
    own.register(known.definition)  # what an import does needs no lock of the discovery
    go_on.set()
    first.join(5)
    second.join(5)
    assert not second.is_alive()


def test_installed_plugins_can_be_discovered() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a package of this environment may lack its extras
        Registry().discover()
