"""`conjoin compare` on a study of small files, as its users run it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from .till import COMPARED, results, run, write_study


def test_arms_that_are_one_are_said_to_be(study: Path, tmp_path: Path) -> None:
    write_study(tmp_path, regime=None, relations=[], arms=["single", "coupled", "full"])
    done = run("compare", study, "--processes", "1")
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "Without a `regime` nothing is hidden: arm full is arm joint." in said
    assert "Without `relations` there is nothing to couple: arm coupled is arm joint." in said
    values = {(row["arm"], row["seed"], row["task"]): row["value"] for row in results(COMPARED).to_dicts()}
    assert all(values["full", *key] == values["coupled", *key] for arm, *key in values if arm == "full")


def test_single_task_training_alone_is_reported(study: Path, tmp_path: Path) -> None:
    write_study(tmp_path, arms=["single"], training={"steps": 2, "batch_size": 24})
    done = run("compare", study, "--processes", "1")
    assert done.exit_code == 0, done.output
    assert (COMPARED / "report.html").exists()
    assert not (COMPARED / "differences.png").exists()


@pytest.mark.parametrize("changes", [{"arms": ["joint"]}, {"seeds": [3]}])
def test_what_cannot_be_compared(changes: dict[str, Any], study: Path, tmp_path: Path) -> None:
    write_study(tmp_path, **changes)
    done = run("compare", study)
    assert done.exit_code == 1
    assert "`arms` of a comparison should hold `single`" in done.stderr
    assert str(next(iter(changes.values()))) in done.stderr


def test_a_script_is_not_run_again_by_its_children(study: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        f"import conjoin as cj\nstudy = cj.Study.from_yaml({str(study)!r})\ncj.compare(study, processes=2)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'RuntimeError: `compare` should be called under `if __name__ == "__main__":` in a script' in done.stderr


def command(study: Path, folder: Path, processes: int = 1) -> list[str]:
    arguments = ["--folder", str(folder), "--processes", str(processes), "--logger", "csv"]
    return [sys.executable, "-m", "conjoin", "compare", str(study), *arguments]


def alive(group: int) -> list[str]:
    """Processes of a group that are not merely waiting to be reaped."""
    told = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    lines = [line.split(maxsplit=2) for line in told.splitlines()]
    return [line[2] for line in lines if line[0] == str(group) and not line[1].startswith("Z")]


@pytest.mark.parametrize(
    ("verb", "begun", "told"),
    [
        ("compare", "test.parquet", "Without --overwrite the same command goes on: runs that were done are kept."),
        ("train", "logs", "With --resume it goes on from its last checkpoint."),
    ],
)
def test_who_interrupts_is_told_how_to_go_on(verb: str, begun: str, told: str, study: Path, tmp_path: Path) -> None:
    write_study(tmp_path, training={"steps": 100_000, "batch_size": 24})
    line = [sys.executable, "-m", "conjoin", verb, str(study), "--folder", str(tmp_path / "out")]
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts in the background without it
    with (tmp_path / "said").open("w") as said:
        running = subprocess.Popen(line, start_new_session=True, stdout=said, stderr=said)
    signal.signal(signal.SIGINT, heard)
    deadline = time.monotonic() + 120
    while not (tmp_path / "out" / begun).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(3)
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait(timeout=60) == 130
    assert (tmp_path / "said").read_text("utf-8").splitlines()[-1] == f"Interrupted. {told}"
    deadline = time.monotonic() + 20
    while (left := alive(running.pid)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def test_the_processes_of_a_comparison_end_with_it(study: Path, tmp_path: Path) -> None:
    write_study(tmp_path, training={"steps": 100_000, "batch_size": 24})
    arguments = command(study, tmp_path / "out", processes=2)
    killed = subprocess.Popen(arguments, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while not any((tmp_path / "out" / "logs").glob("*-0*")) and time.monotonic() < deadline:
            assert killed.poll() is None, "it ended by itself"
            time.sleep(0.05)
        assert len([process for process in alive(killed.pid) if "multiprocessing.spawn" in process]) == 2
        killed.kill()
        killed.wait()
        deadline = time.monotonic() + 20
        while alive(killed.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert alive(killed.pid) == []
    finally:
        with suppress(ProcessLookupError):
            os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()


def kill_at(reached: Path, arguments: list[str], *, fresh: bool = False) -> None:
    """Start a command, and kill it and its children as soon as a file is there, or is written anew."""
    before = reached.stat().st_mtime_ns if fresh else 0
    killed = subprocess.Popen(arguments, start_new_session=True, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while killed.poll() is None and time.monotonic() < deadline:
        if reached.exists() and reached.stat().st_mtime_ns > before:
            break
        time.sleep(0.005)
    os.killpg(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL, "it ended before it was killed"


def test_a_comparison_that_was_killed_goes_on_and_ends_the_same(study: Path, tmp_path: Path) -> None:
    first = tmp_path / "killed" / "runs" / "single-0" / "run.json"
    for reached in ("origin.json", "logs/single-0-marks", "runs/single-0/run.json"):
        kill_at(tmp_path / "killed" / reached, command(study, tmp_path / "killed"))
    written = first.stat().st_mtime_ns
    assert not (tmp_path / "killed" / "metrics.json").exists()

    done = run(*command(study, tmp_path / "killed")[3:])
    assert done.exit_code == 0, done.output
    assert re.search(r"[1-3] of 4 runs are finished and kept\.", done.stdout)
    curves = pl.read_csv(tmp_path / "killed" / "logs" / "coupled-1" / "metrics.csv", infer_schema_length=None)
    assert curves["step"].max() == 30
    assert {"loss", "terms/article", "validation/article"} <= set(curves.columns), curves.columns
    assert first.stat().st_mtime_ns == written
    whole = run("compare", study, "--folder", tmp_path / "whole")
    assert whole.exit_code == 0, whole.output
    assert results(tmp_path / "killed").equals(results(tmp_path / "whole"))
    (tmp_path / "killed" / "report.html").unlink()
    kill_at(tmp_path / "killed" / "differences.png", command(study, tmp_path / "killed"), fresh=True)
    again = run(*command(study, tmp_path / "killed")[3:])
    assert again.exit_code == 0, again.output
    assert "4 of 4 runs are finished and kept." in again.stdout
    written_last = {path.name for path in (tmp_path / "killed").iterdir() if not path.name.startswith(".")}
    assert written_last - {"logs"} == {path.name for path in (tmp_path / "whole").iterdir() if path.name != ".lock"}
    assert results(tmp_path / "killed").equals(results(tmp_path / "whole"))
    logits = [
        folder / "runs" / "coupled-1" / "logits.safetensors" for folder in (tmp_path / "killed", tmp_path / "whole")
    ]
    assert logits[0].read_bytes() == logits[1].read_bytes()

    told = json.loads((tmp_path / "whole" / "metrics.json").read_text())
    assert set(told["verdicts"]) == {"coupled"}
    assert told["verdicts"]["coupled"] in " ".join(whole.stdout.split())
    looks = pl.read_csv(tmp_path / "whole" / "validation.csv")
    assert set(looks["step"]) == {10, 20, 30}
    assert set(looks["task"]) == {"article", "marks"}
    assert bool((looks["error"] > 0).all())
    assert looks.filter("kept").group_by("arm", "seed", "task").len()["len"].to_list() == [1] * 8
    rows = pl.read_parquet(tmp_path / "whole" / "test.parquet")
    assert rows["row"].to_list() == list(range(129, 161))
    assert rows["group"].to_list() == [f"g{number // 4}" for number in range(128, 160)]
    assert whole.stdout.splitlines()[-1] == f"To read: {tmp_path / 'whole' / 'report.html'}"
    page = (tmp_path / "whole" / "report.html").read_text("utf-8")
    for words in ("Learning curves", "Data check", "Images by source and split", "<span>shop.csv, row 1", "regime:"):
        assert words in page
    assert {"differences.png", "evidence-1.png", "report.html"} <= {
        path.name for path in (tmp_path / "whole").iterdir()
    }


def test_seeds_may_be_added_and_nothing_else_may_change(study: Path, tmp_path: Path) -> None:
    assert run("compare", study, "--processes", "1").exit_code == 0
    kept = tmp_path / "runs" / "shop" / "compare" / "runs"
    before = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    write_study(tmp_path, seeds=[0, 1, 2], margin=0.05)
    more = run("compare", study, "--json", "--processes", "1")
    assert more.exit_code == 0, more.output
    assert "4 of 6 runs are finished and kept." in more.stderr
    assert json.loads(more.stdout) == json.loads((kept.parent / "metrics.json").read_text())
    assert json.loads(more.stdout)["margin"] == 0.05
    after = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    assert set(after) - set(before) == {"single-2", "coupled-2"}
    assert before.items() <= after.items()
    assert results(kept.parent)["seed"].unique().sort().to_list() == [0, 1, 2]
    write_study(tmp_path, regime={"article": 40, "marks": 50})
    other = run("compare", study)
    assert other.exit_code == 1
    assert re.search(
        r"`regime\.marks` should be as in .*, whose runs would be gone on with: 60\. Found 50", other.stderr
    )
