"""The real probe on recorded answers of the kernel and of NVIDIA's library, and on real tmpfs mounts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacedrive_jobs._model.readings import Amount, Condition
from spacedrive_jobs._runtime.probe.activity import Activity
from spacedrive_jobs._runtime.probe.asking import Asker, Question
from spacedrive_jobs._runtime.probe.counts import read_cpu, read_memory
from spacedrive_jobs._runtime.probe.gpus import read_gpus
from spacedrive_jobs._runtime.probe.power import read_mains_power
from spacedrive_jobs._runtime.probe.roots import Roots
from spacedrive_jobs._runtime.probe.volumes import Volumes
from spacedrive_jobs.testing import ManualClock
from tests.mounts import Mounts

GIB = 1 << 30


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    for name in ("sys", "proc", "cgroup", "dev", "etc"):
        (tmp_path / name).mkdir()
    return Roots(
        sys=tmp_path / "sys",
        proc=tmp_path / "proc",
        cgroup=tmp_path / "cgroup",
        dev=tmp_path / "dev",
        etc=tmp_path / "etc",
    )


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


def supply(roots: Roots, name: str, **facts: str) -> None:
    write(roots.sys / "class/power_supply" / name, facts)


# --- power ------------------------------------------------------------------------------------------------------------


def test_a_laptop_on_its_adapter_is_on_mains(roots: Roots) -> None:
    supply(roots, "AC", type="Mains", online="1")
    supply(roots, "BAT0", type="Battery", status="Discharging", capacity="80")  # one of two, emptied on purpose
    assert read_mains_power(roots) == Condition(True, "on mains")


def test_a_laptop_on_its_battery_says_how_full_it_is(roots: Roots) -> None:
    supply(roots, "AC", type="Mains", online="0")
    supply(roots, "BAT0", type="Battery", status="Discharging", capacity="62")
    assert read_mains_power(roots) == Condition(False, "on battery, 62 %")


def test_a_charger_that_is_too_weak_is_no_mains(roots: Roots) -> None:
    supply(roots, "ucsi", type="USB", online="1")
    supply(roots, "BAT0", type="Battery", status="Discharging", capacity="40")
    assert read_mains_power(roots).met is False


def test_a_desktop_has_no_battery_and_the_battery_of_a_mouse_is_none(roots: Roots) -> None:
    assert read_mains_power(roots) == Condition(True, "no battery")
    supply(roots, "hidpp", type="Battery", scope="Device", status="Discharging", capacity="5")
    supply(roots, "BAT1", type="Battery", present="0", status="Unknown")
    assert read_mains_power(roots) == Condition(True, "no battery")


@pytest.mark.parametrize(
    ("facts", "met"),
    [
        ({"status": "Discharging", "online": "0"}, False),
        ({"status": "Charging", "online": "1"}, True),
        ({"status": "Full", "online": "1"}, True),
    ],
)
def test_a_ups_tells_of_the_mains_behind_it(roots: Roots, facts: dict[str, str], met: bool) -> None:
    supply(roots, "ups", type="UPS", **facts)
    assert read_mains_power(roots).met is met


def test_a_battery_that_says_nothing_is_unknown_and_rubbish_is_no_error(roots: Roots) -> None:
    supply(roots, "BAT0", type="Battery", status="Unknown", capacity="many")
    assert read_mains_power(roots).met is None
    (roots.sys / "class/power_supply" / "odd").write_text("not a folder")
    assert read_mains_power(roots).met is None


# --- cores and memory -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quota", "cores", "words"),
    [
        ("max 100000", 8, "8 cores"),
        ("250000 100000", 2, "a control group allows 2.5 of 8 cores"),
        ("50000 100000", 1, "a control group allows 0.5 of 8 cores"),
        ("rubbish", 8, "8 cores"),
    ],
)
def test_the_quota_of_a_container_is_what_there_is(roots: Roots, quota: str, cores: int, words: str) -> None:
    write(roots.proc, {"self/cgroup": "0::/user.slice/app.scope"})
    write(roots.cgroup, {"user.slice/cpu.max": quota, "user.slice/app.scope/cpu.max": "max 100000"})
    assert read_cpu(roots, lambda: 8) == Amount(cores, words)


def test_the_first_version_of_control_groups(roots: Roots) -> None:
    write(roots.proc, {"self/cgroup": "4:cpu,cpuacct:/docker/1\n3:memory:/docker/1", "meminfo": "MemTotal: 8388608 kB"})
    group = {"cpu/docker/1/cpu.cfs_quota_us": "200000", "cpu/docker/1/cpu.cfs_period_us": "100000"}
    limit = {"memory/docker/1/memory.limit_in_bytes": str(GIB), "memory/docker/1/memory.usage_in_bytes": str(GIB // 2)}
    write(roots.cgroup, {**group, **limit})
    assert read_cpu(roots, lambda: 4).total == 2
    assert read_memory(roots).total == GIB


def test_memory_is_what_the_strictest_group_leaves(roots: Roots) -> None:
    write(roots.proc, {"meminfo": "MemTotal:       16777216 kB\nMemAvailable:    8388608 kB", "self/cgroup": "0::/a/b"})
    assert (read_memory(roots).total, read_memory(roots).available) == (16 * GIB, 8 * GIB)
    write(
        roots.cgroup,
        {
            "a/memory.max": str(4 * GIB),
            "a/memory.current": str(3 * GIB),
            "a/memory.stat": f"anon 5\ninactive_file {GIB}",
            "a/b/memory.max": "max",
        },
    )
    found = read_memory(roots)
    assert (found.total, found.available) == (4 * GIB, 2 * GIB), "cache that can be dropped is available"


def test_without_an_answer_memory_is_unknown(roots: Roots) -> None:
    found = read_memory(roots)
    assert found.total is None
    assert "does not say how much memory" in found.words


# --- GPUs -------------------------------------------------------------------------------------------------------------


class Recorded:
    """NVML as it answered on a machine with these GPUs; `lost`: one that fell off the bus."""

    def __init__(self, *names: str | bytes, lost: int = -1, broken: bool = False) -> None:
        self.names, self.lost, self.broken, self.shut = names, lost, broken, False

    def nvmlInit(self) -> object:
        if self.broken:
            raise RuntimeError("NVMLError_DriverNotLoaded")
        return None

    def nvmlShutdown(self) -> object:
        self.shut = True
        return None

    def nvmlDeviceGetCount(self) -> int:
        return len(self.names)

    def nvmlDeviceGetHandleByIndex(self, index: int, /) -> object:
        if index == self.lost:
            raise RuntimeError("NVMLError_GpuIsLost")
        return index

    def nvmlDeviceGetName(self, handle: object, /) -> str | bytes:
        assert isinstance(handle, int)
        return self.names[handle]


def test_gpus_that_answer_are_counted_by_name(roots: Roots) -> None:
    library = Recorded("NVIDIA L4", b"Tesla T4", lost=0)
    assert read_gpus(roots, lambda: library) == Amount(1, "Tesla T4")
    assert library.shut
    assert read_gpus(roots, lambda: Recorded("A", "B")) == Amount(2, "A, B")


@pytest.mark.parametrize(("shown", "count"), [("0", 1), ("1,0", 2), ("", 0), ("-1", 0), ("0,-1,1", 1), ("0,1,2", 2)])
def test_gpus_that_are_hidden_do_not_count(roots: Roots, shown: str, count: int) -> None:
    found = read_gpus(roots, lambda: Recorded("A", "B"), {"CUDA_VISIBLE_DEVICES": shown})
    assert found.total == count


def test_without_a_driver_the_render_nodes_of_others_count(roots: Roots) -> None:
    write(roots.sys / "class/drm", {"renderD128/device/vendor": "0x8086", "renderD129/device/vendor": "0x10de"})
    write(roots.sys / "class/drm", {"card0/device/vendor": "0x1002"})
    assert read_gpus(roots, lambda: Recorded(broken=True)) == Amount(1, "Intel (renderD128)")
    assert read_gpus(roots, lambda: None).total == 1


def test_no_gpu_is_said_in_words(roots: Roots) -> None:
    assert read_gpus(roots, lambda: None) == Amount(0, "no GPU")


# --- idleness ---------------------------------------------------------------------------------------------------------


def record_use(roots: Roots, *, busy: int, own: int, load: str = "0.0") -> None:
    """Ticks of all programs, and of process 7, on two cores."""
    fields = " ".join(["0"] * 10)
    write(
        roots.proc,
        {
            "stat": f"cpu {busy} 0 0 0 0 0 0\ncpu0 0\ncpu1 0",
            "loadavg": f"{load} 0 0 1/1 1",
            "7/stat": f"7 (a ) b) S 1 {fields[:-2]} {own} 0 0 0 0 0",
        },
    )


async def test_the_work_of_our_own_jobs_is_no_use_by_others(roots: Roots) -> None:
    clock = ManualClock()
    activity = Activity(roots, clock, own=lambda: (7,), input_age=lambda: None, ticks=100)
    record_use(roots, busy=0, own=0)
    assert activity.read().met is True
    await clock.advance(10)
    record_use(roots, busy=2_000, own=1_900)  # both cores for ten seconds, nearly all of it ours
    assert activity.read().met is True
    await clock.advance(10)
    record_use(roots, busy=4_000, own=1_900)
    assert activity.read() == Condition(False, "other programs use 52% of the processor")


def test_somebody_who_types_is_there(roots: Roots) -> None:
    record_use(roots, busy=0, own=0)
    read = Activity(roots, ManualClock(), input_age=lambda: 20.0, ticks=100).read()
    assert read == Condition(False, "somebody is using it")


def test_a_busy_machine_is_not_idle_and_a_silent_kernel_is_unknown(roots: Roots) -> None:
    assert Activity(roots, ManualClock(), input_age=lambda: None, ticks=100).read().met is None
    record_use(roots, busy=0, own=0, load="1.5")
    busy = Activity(roots, ManualClock(), input_age=lambda: None, ticks=100).read()
    assert busy == Condition(False, "other programs use 75% of the processor")


# --- those that do not answer -----------------------------------------------------------------------------------------


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    release = threading.Event()
    yield release
    release.set()


def test_one_that_hangs_keeps_nobody_else_waiting_and_is_not_asked_twice(hanging: threading.Event) -> None:
    asked: list[str] = []

    def question(key: str, *, hangs: bool = False) -> Question:
        def ask() -> Amount:
            asked.append(key)
            if hangs:
                hanging.wait()
            return Amount(1, key)

        return Question(key=key, ask=ask, unknown=lambda why: Amount(None, why), keep=0.0)

    asker = Asker(ManualClock(), limit=0.05)
    both = [question("dead mount", hangs=True), question("cpu")]
    assert asker.answers(both) == {"dead mount": Amount(None, "not answering"), "cpu": Amount(1, "cpu")}
    assert asker.answers(both)["dead mount"].words == "not answering"
    assert asked.count("dead mount") == 1


def test_a_question_that_fails_is_unknown_with_its_error() -> None:
    def ask() -> Amount:
        raise ValueError("odd file")

    question = Question(key="x", ask=ask, unknown=lambda why: Amount(None, why), keep=1.0)
    assert Asker(ManualClock()).answers([question]) == {"x": Amount(None, "ValueError: odd file")}


# --- volumes, on real mounts ------------------------------------------------------------------------------------------


@pytest.mark.needs("mount")
def test_a_volume_is_there_while_it_is_mounted(tmp_path: Path, roots: Roots) -> None:
    real = Roots(etc=roots.etc)
    with Mounts(tmp_path / "media") as mounted:
        volumes = Volumes(real, places=[tmp_path / "media"])
        mount = mounted.tmpfs(size_mib=8)
        found = volumes.present(mount.path)
        assert (found.met, found.words) == (True, f"mounted at {mount.path}")
        space = volumes.space(mount.path / "not made yet")
        assert (space.device, space.total) == (mount.path.stat().st_dev, 8 << 20)
        (mount.path / "file").write_bytes(b"x" * (3 << 20))
        assert volumes.space(mount.path).free == 5 << 20
        mounted.unmount(mount)
        assert volumes.present(mount.path) == Condition(False, "nothing is mounted there")
        (mount.path / "stray").write_text("written where the drive should be")
        assert volumes.present(mount.path).met is False, "a stray file makes no volume"
        assert volumes.present(mount.path / "gone") == Condition(False, "there is no such folder")


@pytest.mark.needs("mount")
def test_what_fstab_expects_and_is_not_mounted_is_missing(tmp_path: Path, roots: Roots) -> None:
    with Mounts(tmp_path / "mounts") as mounted:
        mount = mounted.tmpfs(size_mib=8)
        inner = mount.path / "backup disk"
        inner.mkdir()
        (inner / "stray").write_text("x")
        escaped = str(inner).replace(" ", "\\040")
        write(roots.etc, {"fstab": f"# comment\nUUID=1 {escaped} ext4 noauto 0 2\nnonsense"})
        volumes = Volumes(Roots(etc=roots.etc), places=[])
        assert volumes.present(inner) == Condition(False, "not mounted")
        space = volumes.space(inner / "folder")
        assert (space.device, space.words, space.missing) == (None, "not mounted", inner / "folder")
        assert volumes.present(mount.path).met is True
