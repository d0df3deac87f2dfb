from pathlib import Path

import httpx
import pytest

from .shell import Done, Running

HEADER = "Type,SKU,Name,Regular price,Stock\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "products.csv"


def _names(running: Running, query: str) -> list[str]:
    found = httpx.get(f"{running.url}/products", params={"q": query}, trust_env=False).json()
    return [item["name"] for item in found["items"]]


def test_a_file_is_taken_with_a_report_per_row_and_again_without_a_change(running: Running, file: Path) -> None:
    file.write_text(HEADER + "simple,zither-1,Zither One,10,5\ngrouped,zither-all,All Zithers,,\n")
    done = running.cartwheel("import", str(file))
    assert done.code == 0
    lines = [line.split(maxsplit=3) for line in done.out.splitlines()]
    assert lines[0] == ["line", "SKU", "outcome", "reason"]
    assert lines[1] == ["2", "zither-1", "taken"]
    assert lines[2][:3] == ["3", "zither-all", "refused"]
    assert "grouped" in lines[2][3]
    assert done.out.splitlines()[-1] == "2 rows: 1 taken, 0 changed, 0 unchanged, 1 refused"
    assert _names(running, "zither") == ["Zither One"]
    assert _counts(running.cartwheel("import", str(file), "--json")) == {"unchanged": 1, "refused": 1}


def _counts(done: Done) -> dict[str, int]:
    assert done.code == 0
    assert done.json["status"] == "done"
    assert "next" not in done.json
    return {outcome: number for outcome, number in done.json["counts"].items() if number}


def test_a_report_of_many_pages_is_whole(running: Running, file: Path) -> None:
    rows = [f"simple,viola-{number},Viola {number},10,5\n" for number in range(130)]
    file.write_text(HEADER + "".join(rows))
    report = running.cartwheel("import", str(file), "--json")
    assert _counts(report) == {"taken": 130}
    assert [row["line"] for row in report.json["items"]] == list(range(2, 132))


@pytest.fixture
def broken(file: Path) -> Path:
    file.write_text(HEADER + "simple,oboe-1,Oboe,10,1\nsimple,oboe-2,Oboe,ten,1\nsimple,oboe-3,Oboe,3,many\n")
    return file


def test_a_broken_file_is_refused_with_the_lines(running: Running, broken: Path) -> None:
    done = running.cartwheel("import", str(broken))
    assert done.error == f"{broken} is broken, nothing of it was imported; correct these lines and try again."
    assert [line.split()[0] for line in done.out.splitlines()] == ["line", "3", "4"]
    assert _names(running, "oboe") == []


def test_a_broken_file_as_json(running: Running, broken: Path) -> None:
    done = running.cartwheel("import", str(broken), "--json")
    assert done.error
    assert done.json["status"] == "refused"
    assert [error["line"] for error in done.json["errors"]] == [3, 4]


def test_a_file_that_is_not_there(running: Running, file: Path) -> None:
    done = running.cartwheel("import", str(file))
    assert done.error == f"{file} cannot be read: No such file or directory; give the path of a CSV file."


def test_a_file_that_is_too_large(running: Running, file: Path) -> None:
    file.write_bytes(b"x" * (6 * 1024 * 1024 + 1))
    assert "6 MiB" in running.cartwheel("import", str(file)).error
