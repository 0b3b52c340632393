"""Every mistake that can be seen when a job is defined raises there, and says what to do."""

from __future__ import annotations

import pytest

from spacedrive_jobs._model.errors import DefinitionError
from tests.unit.definition.conftest import ImportSource

MISTAKES = {
    "class without run": ("@job(name='x')\nclass X:\n  a: int\n", "X has no run"),
    "class with plain run": (
        "@job(name='x')\nclass X:\n  def run(self, ctx: JobContext) -> int: return 1\n",
        "run must be `async def`",
    ),
    "class with blocking context": (
        "@job(name='x')\nclass X:\n  async def run(self, ctx: BlockingJobContext) -> int: return 1\n",
        "its context is JobContext",
    ),
    "class whose run takes more": (
        "@job(name='x')\nclass X:\n  async def run(self, ctx: JobContext, more: int) -> int: return 1\n",
        "make more a field",
    ),
    "class whose run takes nothing": (
        "@job(name='x')\nclass X:\n  async def run(self) -> int: return 1\n",
        "first parameter of X.run must be its context",
    ),
    "async with blocking context": (
        "@job(name='x')\nasync def x(ctx: BlockingJobContext) -> int: return 1\n",
        "async: its context is JobContext",
    ),
    "plain with async context": (
        "@job(name='x')\ndef x(ctx: JobContext) -> int: return 1\n",
        "plain function: its context is BlockingJobContext",
    ),
    "no context": ("@job(name='x')\nasync def x(path: Path) -> int: return 1\n", "must be its context"),
    "no parameters": ("@job(name='x')\nasync def x() -> int: return 1\n", "must be its context"),
    "context by name only": (
        "@job(name='x')\nasync def x(*, ctx: JobContext) -> int: return 1\n",
        "must be its context",
    ),
    "context in a pack": ("@job(name='x')\nasync def x(*ctx: JobContext) -> int: return 1\n", "must be its context"),
    "context without annotation": ("@job(name='x')\nasync def x(ctx) -> int: return 1\n", "must be its context"),
    "no return annotation": ("@job(name='x')\nasync def x(ctx: JobContext): ...\n", "annotate what x returns"),
    "parameter without annotation": (
        "@job(name='x')\nasync def x(ctx: JobContext, a) -> None: ...\n",
        "annotate the parameter 'a'",
    ),
    "packed positions": ("@job(name='x')\nasync def x(ctx: JobContext, *a: int) -> None: ...\n", r"cannot take \*a"),
    "packed names": ("@job(name='x')\nasync def x(ctx: JobContext, **a: int) -> None: ...\n", r"cannot take \*a"),
    "async generator": ("@job(name='x')\nasync def x(ctx: JobContext) -> int:\n  yield 1\n", "x yields"),
    "generator": ("@job(name='x')\ndef x(ctx: BlockingJobContext) -> int:\n  yield 1\n", "x yields"),
    "not a function": ("job(name='x')(len)\n", "takes a function or a class"),
    "state is a type variable": (
        "T = TypeVar('T')\n@job(name='x')\nasync def x(ctx: JobContext[T]) -> None: ...\n",
        "type variable",
    ),
    "hook without context": (
        "@job(name='x')\nclass X:\n  async def run(self, ctx: JobContext) -> None: ...\n"
        "  async def on_pause(self) -> None: ...\n",
        r"X.on_pause takes the context alone: write `async def on_pause\(self, ctx: JobContext\)`",
    ),
    "hook with more": (
        "@job(name='x')\nclass X:\n  async def run(self, ctx: JobContext) -> None: ...\n"
        "  async def on_cancel(self, ctx: JobContext, reason: str = '') -> None: ...\n",
        "X.on_cancel takes the context alone",
    ),
    "plain hook": (
        "@job(name='x')\nclass X:\n  async def run(self, ctx: JobContext) -> None: ...\n"
        "  def on_resume(self, ctx: JobContext) -> None: ...\n",
        "X.on_resume is a hook",
    ),
    "hook with blocking context": (
        "@job(name='x')\nclass X:\n  async def run(self, ctx: JobContext) -> None: ...\n"
        "  async def on_resume(self, ctx: BlockingJobContext) -> None: ...\n",
        "X.on_resume takes the context alone",
    ),
    "argument that cannot be stored": (
        "@job(name='x')\nasync def x(ctx: JobContext, a: int, call: Callable[[], int]) -> None: ...\n",
        "argument 'call' of 'x': values of type `collections.abc.Callable` cannot be stored",
    ),
    "argument that cannot be stored, deep": (
        "class Opaque: ...\n@dataclass\nclass Nested:\n  inside: dict[str, list[Opaque]]\n"
        "@job(name='x')\nclass X:\n  nested: tuple[Nested | None, ...]\n"
        "  async def run(self, ctx: JobContext) -> None: ...\n",
        "argument 'nested' of 'x': values of type `sample_jobs.Opaque` cannot be stored",
    ),
    "state that cannot be stored": (
        "@job(name='x')\nasync def x(ctx: JobContext[complex]) -> None: ...\n",
        "state of 'x': values of type `builtins.complex` cannot be stored",
    ),
    "output that cannot be stored": (
        "@job(name='x')\nasync def x(ctx: JobContext) -> Iterator[int]: ...\n",
        "output of 'x': values of type `collections.abc.Iterator` cannot be stored",
    ),
    "a union that cannot be told apart": (
        "@job(name='x')\nasync def x(ctx: JobContext, a: Path | str) -> None: ...\n",
        "argument 'a' of 'x'",
    ),
    "mutable default": (
        "@job(name='x')\nclass X:\n  a: list[int] = []\n  async def run(self, ctx: JobContext) -> None: ...\n",
        "X cannot be a frozen dataclass: mutable default",
    ),
    "already a dataclass": (
        "@job(name='x')\n@dataclass(frozen=True)\nclass X:\n  async def run(self, ctx: JobContext) -> None: ...\n",
        "leave @dataclass out",
    ),
    "a base that is not frozen": (
        "@dataclass\nclass Base:\n  a: int\n@job(name='x')\nclass X(Base):\n"
        "  async def run(self, ctx: JobContext) -> None: ...\n",
        "X cannot be a frozen dataclass: cannot inherit frozen",
    ),
    "own constructor": (
        "@job(name='x')\nclass X:\n  def __init__(self) -> None: ...\n"
        "  async def run(self, ctx: JobContext) -> None: ...\n",
        "instead of __init__",
    ),
    "InitVar": (
        "@job(name='x')\nclass X:\n  a: InitVar[int]\n  async def run(self, ctx: JobContext) -> None: ...\n",
        "'a' is an InitVar",
    ),
    "transient as argument": (
        "@job(name='x')\nclass X:\n  a: int = transient(default_factory=int, init=True)\n"
        "  async def run(self, ctx: JobContext) -> None: ...\n",
        "never an argument",
    ),
    "progress that may change": (
        "class P(ProgressData):\n  found: list[str]\n@job(name='x')\nasync def x(ctx: JobContext) -> None: ...\n",
        r"P.found may change after it was reported \(list\)",
    ),
}

OPTIONS = {
    "name=''": "cannot name a job",
    "name='two words'": "cannot name a job",
    "name='ünicode'": "cannot name a job",
    "name='9lives'": "cannot name a job",
    "name='x' * 101": "cannot name a job",
    "name=3": "cannot name a job",
    "name='x', aliases='old'": "aliases are a list",
    "name='x', aliases=['x']": "aliases are a list",
    "name='x', aliases=['o d']": "cannot name a job",
    "name='x', version=0": "version is a whole number from 1",
    "name='x', version=True": "version is a whole number from 1",
    "name='x', version=1.5": "version is a whole number from 1",
    "name='x', retries=-1": "retries is a whole number from 0",
    "name='x', priority='high'": "priority is a whole number",
    "name='x', timeout=5": "timeout is a timedelta above zero",
    "name='x', timeout=timedelta()": "timeout is a timedelta above zero",
    "name='x', deadline=timedelta(-1)": "deadline is a timedelta above zero",
    "name='x', backoff=timedelta()": "backoff is a timedelta above zero",
    "name='x', checkpoint_interval=1.0": "checkpoint_interval is a timedelta above zero",
    "name='x', isolation='thread'": "an async job is isolated by 'async' or 'process', not 'thread'",
    "name='x', isolation='vm'": "an async job is isolated by",
    "name='x', upgrades={1: dict}": "is at version 1: it has no upgrade from version 1",
    "name='x', version=4, upgrades={1: dict, 3: dict}": "has no upgrade from version 2 to 3",
    "name='x', version=3, upgrades={1: dict}": "has no upgrade from version 2 to 3",
    "name='x', version=3, state_upgrades={0: dict}": "has no upgrade from version 0",
}


@pytest.mark.parametrize(("source", "says"), MISTAKES.values(), ids=MISTAKES.keys())
@pytest.mark.parametrize("future", [False, True], ids=["now", "future"])
def test_raises_when_defined(source: str, says: str, future: bool, import_source: ImportSource) -> None:
    with pytest.raises(DefinitionError, match=says):
        import_source(source, future=future)


@pytest.mark.parametrize(("options", "says"), OPTIONS.items(), ids=OPTIONS.keys())
def test_an_option_that_cannot_be(options: str, says: str, import_source: ImportSource) -> None:
    with pytest.raises(DefinitionError, match=says):
        import_source(f"@job({options})\nasync def x(ctx: JobContext) -> None: ...\n")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("max_concurrent=0", "max_concurrent is a whole number from 1"),
        ("max_concurrent=True", "max_concurrent is a whole number from 1"),
        ("max_per_key=2", "max_per_key and limit_key belong together"),
        ("limit_key='a'", "max_per_key and limit_key belong together"),
        ("limit_key='b', max_per_key=1", "limit_key names 'b', which is no argument \\(there are: a\\)"),
        ("rate_limit=3", "rate_limit is Rate"),
        ("depends_on=7", "depends_on takes kinds"),
        ("depends_on=[print]", "depends_on takes kinds"),
        ("on_failure='maybe'", "on_failure is"),
        ("unique=('b',)", "unique names 'b', which is no argument"),
        ("unique='a'", "unique is a tuple of argument names"),
        ("scope='b'", "scope names 'b', which is no argument"),
    ],
)
def test_options_by_which_jobs_depend_on_each_other(options: str, problem: str, import_source: ImportSource) -> None:
    with pytest.raises(DefinitionError, match=problem):
        import_source(f"@job(name='x', {options})\nasync def x(ctx: JobContext, a: int) -> None: ...\n")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("isolation='process'", "runs in the process that dispatches it"),
        ("depends_on='y'", "depends_on is looked up in the store"),
        ("requires_resources=[gpu()]", "requires_resources is looked up in the store"),
    ],
)
def test_what_an_ephemeral_job_cannot_have(options: str, problem: str, import_source: ImportSource) -> None:
    source = f"from spacedrive_jobs import gpu\n@job(name='x', ephemeral=True, {options})\n"
    with pytest.raises(DefinitionError, match=problem):
        import_source(source + "async def x(ctx: JobContext) -> None: ...\n")


def test_a_plain_function_cannot_run_on_the_event_loop(import_source: ImportSource) -> None:
    with pytest.raises(DefinitionError, match="a plain function is isolated by 'thread' or 'process', not 'async'"):
        import_source("@job(name='x', isolation='async')\ndef x(ctx: BlockingJobContext) -> None: ...\n")


LOCAL = """
def make() -> None:
    @dataclass
    class Local:
        a: int

    @job(name="x")
    async def x(ctx: JobContext[{state}], a: {argument}) -> {output}: ...

make()
"""


@pytest.mark.parametrize("place", ["state", "argument", "output"])
def test_a_type_inside_a_function_is_named(place: str, import_source: ImportSource) -> None:
    text = LOCAL.format(**{"state": "int", "argument": "int", "output": "int"} | {place: "Local"})
    with pytest.raises(DefinitionError, match="names 'Local', which is not known there: define it at module level"):
        import_source(text, future=True)
    import_source(text)  # without that import the type itself is the annotation


def test_a_type_inside_a_function_is_named_in_a_field_of_a_field(import_source: ImportSource) -> None:
    with pytest.raises(DefinitionError, match="argument 'nested' of 'x': it names 'Local'"):
        import_source(
            """
            def make() -> type:
                class Local: ...
                @dataclass
                class Nested:
                    a: Local
                return Nested

            Nested = make()

            @job(name="x")
            async def x(ctx: JobContext, nested: Nested) -> None: ...
            """,
            future=True,
        )


def test_a_type_for_checkers_alone_is_named(import_source: ImportSource) -> None:
    with pytest.raises(DefinitionError, match="names 'Decimal'"):
        import_source(
            """
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                from decimal import Decimal

            @job(name="x")
            class X:
                price: Decimal
                async def run(self, ctx: JobContext) -> None: ...
            """,
            future=True,
        )


def test_a_program_cannot_isolate_its_own_jobs_by_process(import_source: ImportSource) -> None:
    source = "@job(name='x', isolation='process')\nasync def x(ctx: JobContext) -> None: ...\n"
    import_source(source)
    with pytest.raises(DefinitionError, match="in the program that was started: move it to the top level of a module"):
        import_source(source.replace("@job", "__name__ = '__main__'\n@job"))


def test_a_job_inside_a_function_cannot_be_isolated_by_process(import_source: ImportSource) -> None:
    with pytest.raises(DefinitionError, match="cannot be defined inside a function"):
        import_source(
            """
            def make() -> None:
                @job(name="x", isolation="process")
                def x(ctx: BlockingJobContext) -> None: ...
            make()
            """
        )


def test_a_progress_type_of_another_module_is_blamed_once(import_source: ImportSource) -> None:
    bad = "class P(ProgressData):\n  found: set[str]\n"
    good = "@job(name='x')\nasync def x(ctx: JobContext) -> None: ...\n"
    kept = import_source(bad, file="progress_only.py")
    with pytest.raises(DefinitionError, match=r"P\.found"):
        import_source(good)
    import_source(good)
    assert kept.P.__name__ == "P"


def test_a_progress_type_may_name_what_comes_later(import_source: ImportSource) -> None:
    module = import_source(
        """
        class P(ProgressData):
            later: Later

        @job(name="x")
        async def x(ctx: JobContext) -> None: ...

        @dataclass(frozen=True)
        class Later:
            a: int
        """,
        future=True,
    )
    assert module.P(later=module.Later(1)).later.a == 1
