"""The bundle: what is in it, how large it is, and that the same input makes the same bytes."""

import hashlib
import json
import marshal
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import CodeType

import pytest

from infra.parts import bundle as building
from infra.parts import tools
from infra.parts.bundle import ROOT, bundle

from .starting import MACHINE, PYTHON

MOST_BYTES = 13_000_000  # of which cryptography, for the vault, is five
OURS = ("local", "cli", "app.py", "__main__.py", "catalog/sample_products.csv")


@pytest.fixture(scope="module")
def arm() -> Path:
    """For Lambda's arm64, but for the Python that is here, so that there is bytecode in it."""
    return bundle("arm64", PYTHON)


def content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_zipped_it_keeps_its_budget(arm: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in content(arm):
            zipped.write(arm / name, name)
    assert (tmp_path / "bundle.zip").stat().st_size < MOST_BYTES


def test_only_what_functions_need_is_in_it(arm: Path) -> None:
    assert [name for name in OURS if (arm / "cartwheel" / name).exists()] == []
    assert not [name for name in content(arm) if "test" in Path(name).parts or Path(name).name.startswith("test_")]
    assert not [path.name for path in arm.glob("bin/*")]
    assert not (arm / ".lock").exists()
    for provided in ("boto3", "botocore"):
        assert not (arm / provided).exists()


def test_its_libraries_are_for_the_processor_that_was_asked_for(arm: Path) -> None:
    tags = {path.name.partition(".")[2] for path in arm.rglob("*.so")}
    assert tags == {f"cpython-{PYTHON.replace('.', '')}-aarch64-linux-gnu.so", "abi3.so"}
    machines = {int.from_bytes(path.read_bytes()[18:20], "little") for path in arm.rglob("*.so")}
    assert machines == {183}  # in a file of ELF's form: AArch64


def test_scanners_find_what_is_installed(arm: Path) -> None:
    described = {path.parent.name.partition("-")[0] for path in arm.glob("*.dist-info/METADATA")}
    assert {"pydantic", "aws_lambda_powertools", "jinja2", "pyjwt"} <= described


def test_what_it_answers_for_the_shop_is_in_it(arm: Path) -> None:
    assert '"/orders"' in (arm / "cartwheel/aws/openapi.json").read_text()
    assert "swagger" in (arm / "cartwheel/aws/docs.html").read_text().lower()


def test_every_module_has_bytecode_that_no_clock_makes_stale(arm: Path) -> None:
    for path in arm.rglob("*.py"):
        compiled = path.parent / "__pycache__" / f"{path.stem}.cpython-{PYTHON.replace('.', '')}.pyc"
        assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 0b01, path  # a hash that is not checked


def test_tracebacks_name_files_as_they_are_on_lambda(arm: Path) -> None:
    for path in arm.rglob("*.pyc"):
        code = marshal.loads(path.read_bytes()[16:])
        assert isinstance(code, CodeType)
        assert code.co_filename.startswith("/var/task/"), path
        assert str(ROOT).encode() not in path.read_bytes(), path


@pytest.mark.slow
def test_same_input_same_bytes_wherever_it_is_built(arm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "src/cartwheel", tmp_path / "elsewhere/src/cartwheel")
    shutil.copytree(ROOT / "requirements", tmp_path / "elsewhere/requirements")
    monkeypatch.setattr(building, "ROOT", tmp_path / "elsewhere")
    monkeypatch.setattr(building, "PACKAGE", tmp_path / "elsewhere/src/cartwheel")
    monkeypatch.setattr(building, "REQUIREMENTS", tmp_path / "elsewhere/requirements/aws.txt")
    monkeypatch.setattr(building, "BUNDLES", tmp_path / "elsewhere/cdk.out/bundle")
    monkeypatch.setattr(building, "RECIPE", ())
    again = bundle("arm64", PYTHON)
    assert again.is_relative_to(tmp_path)
    assert content(again) == content(arm)


def test_where_every_request_needs_a_token_the_document_says_so(tmp_path: Path) -> None:
    documents = {}
    for closed in (False, True):
        building._write_pages(tmp_path, closed)
        documents[closed] = json.loads((tmp_path / "openapi.json").read_text())["paths"]
    assert "security" not in documents[False]["/products"]["get"]
    assert documents[True]["/products"]["get"]["security"] == [{"token": ["customer"]}]
    assert documents[True]["/stock"]["get"]["security"] == [{"token": ["staff"]}]


def test_what_is_built_is_found_again(arm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "install", None)
    assert bundle("arm64", PYTHON) == arm


def test_changed_code_makes_another_bundle(arm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "src/cartwheel", tmp_path / "src/cartwheel")
    with (tmp_path / "src/cartwheel/ordering/model.py").open("a") as module:
        module.write("CHANGED = True\n")
    monkeypatch.setattr(building, "PACKAGE", tmp_path / "src/cartwheel")
    monkeypatch.setattr(building, "BUNDLES", tmp_path / "bundle")
    monkeypatch.setattr(building, "ROOT", Path("/"))
    monkeypatch.setattr(building, "_fill", lambda folder, *_: folder.mkdir())
    assert bundle("arm64", PYTHON).name != arm.name


def test_without_the_python_there_is_no_bytecode_and_a_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tools, "OURS", "2.7")
    monkeypatch.setattr(building, "BUNDLES", tmp_path)
    monkeypatch.setattr(tools, "_find", lambda python: None)
    folder = bundle(MACHINE, PYTHON)
    assert not list(folder.rglob("*.pyc"))
    (line,) = capsys.readouterr().err.splitlines()
    assert "bytecode" in line
    assert f"uv python install {PYTHON}" in line


def test_without_uv_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "BUNDLES", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(tools.CannotBundle, match="make synth") as refusal:
        bundle("arm64", PYTHON)
    assert "\n" not in str(refusal.value)
    assert not any(tmp_path.iterdir())


def test_without_the_package_index_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "BUNDLES", tmp_path)
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    with pytest.raises(tools.CannotBundle, match="package index") as refusal:
        bundle("arm64", PYTHON)
    assert "\n" not in str(refusal.value)
    assert not any(tmp_path.iterdir())


def test_a_changed_wheel_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = (ROOT / "requirements/aws.txt").read_text().replace("sha256:", "sha256:0000")
    (tmp_path / "aws.txt").write_text("".join(line[:91] + "\n" for line in wrong.splitlines()))
    with pytest.raises(tools.CannotBundle):
        tools.install(tmp_path / "aws.txt", tmp_path / "out", "arm64", PYTHON)


def test_cdk_ends_with_the_line_alone() -> None:
    code = "from infra.parts.tools import CannotBundle; raise CannotBundle('what to do')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "what to do\n")
