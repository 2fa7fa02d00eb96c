"""Finding a command: help, versions, mistakes, and secrets where they don't belong."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import importer
from importer.cli import dispatching
from importer.cli.bugs import write_bug_report
from importer.cli.main import COMMANDS
from importer.cli.secrets import known_secrets
from importer.errors import UsageError
from tests.acceptance.running import environment, program
from tests.cli.conftest import CANARY
from tests.cli.stage import Program

PATHS = [
    *([name] for name in COMMANDS if name not in ("journal", "sandbox")),
    ["journal", "show"],
    ["sandbox", "serve"],
]
SECRETS = ["--token", "--pat", "--api-key", "--access-token", "--password"]
HEAVY = ("click", "pydantic", "httpx", "asyncio", "rich", "importlib.metadata", "jinja2")


def test_version_and_help_are_told(cli: Program) -> None:
    assert cli("--version").out == f"teams-importer {importer.__version__}\n"
    told = cli("--help")
    assert told.code == 0
    assert "2 changes (plan --detailed-exitcode, pull --check, convert --check)" in told.out
    assert all(f"\n  {name} " in told.out for name in COMMANDS)
    assert cli("-h") == told


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_help_and_version_import_nothing_heavy(option: str, tmp_path: Path) -> None:
    code = (
        "import sys; from importer.cli.main import main; main(sys.argv[1:]); "
        f"print([it for it in {HEAVY!r} if it in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, option],
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "[]\n"


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_has_help_with_examples(cli: Program, path: list[str]) -> None:
    told = cli(*path, "--help")
    assert told.code == 0
    assert "Examples:\n  teams-importer " in told.out
    assert "JSON:\n" in told.out
    assert cli(*path, "-h") == told


@pytest.mark.parametrize("group", ["journal", "sandbox"])
def test_a_group_shows_its_commands_and_their_examples(cli: Program, group: str) -> None:
    told = cli(group, "--help")
    assert "Examples:" in told.out
    assert cli(group).code == 64


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        pytest.param([], "teams-importer --help", id="no command"),
        pytest.param(["plann"], "Did you mean `plan`?", id="a mistyped command"),
        pytest.param(["--debug", "plan"], "there is no option '--debug' before", id="too early"),
        pytest.param(["plan", "--detailed"], "Did you mean `--detailed-exitcode`?", id="option"),
        pytest.param(["journal", "shwo"], "Did you mean `show`?", id="a command's command"),
        pytest.param(["plan", "--limit", "0"], "0 is not in the range", id="a number"),
        pytest.param(["plan", "--limit", "9" * 23], "is not in the range", id="a huge number"),
        pytest.param(["plan", "--max-deletes", "many"], "a percentage", id="a guard"),
        pytest.param(["plan", "--max-deletes", "200%"], "more than all", id="more than all"),
        pytest.param(["plan", "--max-updates", "101%"], "more than all", id="1% more than all"),
        pytest.param(["plan", "--max-creates", "9" * 5000], "a percentage", id="a huge guard"),
        pytest.param(["plan", "--fail-on", "rain"], "none of drift, manual", id="a reason"),
        pytest.param(["plan", "--format", "jsn"], "Did you mean `json`?", id="a choice"),
        pytest.param(["plan", "--fail-on", "drfit"], "Did you mean `drift`?", id="of a list"),
        pytest.param(["plan", "a", "b"], "extra argument", id="an argument too many"),
        pytest.param(["show"], "Missing argument", id="an argument too few"),
    ],
)
def test_wrong_use_ends_with_64_and_a_hint(cli: Program, arguments: list[str], hint: str) -> None:
    done = cli(*arguments)
    assert (done.code, done.out) == (64, "")
    assert hint in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("form", ["{} {}", "{}={}"])
@pytest.mark.parametrize("option", SECRETS)
def test_f85_a_secret_on_the_command_line_is_refused_and_not_repeated(
    cli: Program, option: str, form: str
) -> None:
    done = cli("plan", *form.format(option, CANARY).split(" "), "--debug")
    assert (done.code, done.out) == (64, "")
    assert "-file FILE" in done.err
    assert CANARY not in done.err


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(
    "arguments",
    [
        ["{}"],
        ["--{}"],
        ["plan", "{}"],
        ["plan", "--{}"],
        ["plan", "--only", "{}"],
        ["plan", "--url", "sandbox:", "--only=a{}"],
        ["plan", "--template", "{}"],
        ["plan", "--output", "{}"],
        ["plan", "--out", "x/{}"],
        ["plan", "--format", "{}"],
        ["plan", "--limit", "{}"],
        ["plan", "--api", "{}"],
        ["journal", "{}"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("source", ["variable", "file"])
def test_f85_a_token_typed_as_an_argument_is_refused_and_not_repeated(
    cli: Program,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    source: str,
) -> None:
    typed = [it.format(CANARY) for it in arguments]
    if source == "variable":
        monkeypatch.setenv("TEAMS_IMPORTER_TOKEN", CANARY)
    else:
        (home / "token").touch(mode=0o600)
        (home / "token").write_text(f"{CANARY}\n")
        typed += ["--token-file", "token"]
    before = sorted(home.rglob("*"))
    done = cli(*typed)
    assert (done.code, done.out) == (64, "")
    assert "an argument holds the access token" in done.err
    assert CANARY not in done.err
    assert sorted(home.rglob("*")) == before


def test_f85_a_token_in_a_path_of_ours_is_in_no_report_of_a_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAMS_IMPORTER_TOKEN", CANARY)
    (secret,) = known_secrets([])
    kind = type(CANARY, (RuntimeError,), {})
    path = write_bug_report(kind(), tmp_path, secret.redact)
    assert path is not None
    assert CANARY not in path.read_text()


@pytest.mark.usefixtures("manifest")
def test_f85_a_token_given_where_its_file_belongs_is_not_repeated(cli: Program) -> None:
    done = cli("plan", "--team", "acme", "--token-file", CANARY)
    assert done.code == 6
    assert CANARY not in done.err


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(
    "url",
    [
        f"https://{CANARY}@teams.example",
        f"https://teams.example/?access_token={CANARY}",
        f"https://teams.example/2.3/{CANARY}1",
    ],
)
def test_f85_a_token_in_the_url_is_refused_and_not_repeated(cli: Program, url: str) -> None:
    done = cli("plan", "--team", "acme", "--url", url, "--debug")
    assert (done.code, done.out) == (64, "")
    assert CANARY not in done.err


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_f85_a_token_file_that_others_can_read_is_refused(
    cli: Program, tmp_path: Path, mode: int
) -> None:
    file = tmp_path / "token"
    file.write_text(CANARY)
    file.chmod(mode)
    done = cli("plan", "--team", "acme", "--token-file", file)
    assert (done.code, done.out) == (64, "")
    assert f"chmod 600 {file}" in done.err
    assert CANARY not in done.err
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_a_mistyped_key_or_reader_gets_a_suggestion(cli: Program, manifest: Path) -> None:
    assert cli("apply", "--url", "sandbox:team.db", "--yes").code == 0
    done = cli("journal", "show", "rolback", "--url", "sandbox:team.db")
    assert (done.code, "Did you mean `rollback`?" in done.err) == (64, True)
    done = cli("convert", "confluense", manifest, "--out", "new", "--namespace", "new")
    assert (done.code, "Did you mean `confluence`?" in done.err) == (64, True)
    done = cli("export", "--out", "new", "--kinds", "tags,artickles")
    assert (done.code, "Did you mean `articles`?" in done.err) == (64, True)


def test_only_linux_and_macos_are_served() -> None:
    dispatching._require_platform("linux")  # noqa: SLF001 - the control
    dispatching._require_platform("darwin")  # noqa: SLF001 - the control
    with pytest.raises(UsageError, match="runs on Linux and macOS; this is win32"):
        dispatching._require_platform("win32")  # noqa: SLF001 - another platform isn't at hand


def test_the_console_script_returns_the_exit_code(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "teams-importer", "nothing"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 64


INTERRUPTED = """
import os, signal, sys

class Finder:
    def find_spec(self, name, *_):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)

from importer.cli.main import main
sys.meta_path.insert(0, Finder())
sys.exit(main(["doctor", "--url", "sandbox:"]))
"""


@pytest.mark.parametrize(
    "name", ["click", "pydantic._internal._fields", "ruamel.yaml", "httpx", "starlette.routing"]
)
def test_an_early_ctrl_c_ends_quietly_with_130(tmp_path: Path, name: str) -> None:
    """Wherever it comes once `main` was called: while click, pydantic and the like are imported."""
    ended = subprocess.run(
        [sys.executable, "-P", "-c", INTERRUPTED.format(name=name)],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr.strip() == "interrupted"


def test_a_reader_that_goes_away_is_nothing_to_complain_about(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        program("--help"),
        cwd=tmp_path,
        env=environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "address",
    [
        "http://[::1",
        "http://127.0.0.1:99999",
        "http://",
        "http://:3128",
        "http://pro xy:3128",
        "gopher://127.0.0.1:1",
        "http://me:s3cretw0rd@[::1",
        "http://me:s3cretw0rd@127.0.0.1:0",
    ],
)
def test_a_proxy_that_is_no_address_is_wrong_use_of_its_variable(
    cli: Program, monkeypatch: pytest.MonkeyPatch, variable: str, address: str
) -> None:
    monkeypatch.setenv("TEAMS_IMPORTER_TOKEN", "a" * 24)
    monkeypatch.setenv(variable, address)
    done = cli("plan", "--url", "https://teams.example/2.3", "--team", "acme")
    assert done.code == 64
    assert f"wrong use: {variable} names a proxy that is not an address" in done.err
    assert "bug" not in done.err
    assert "s3cretw0rd" not in done.out + done.err


def test_a_secret_in_the_journals_address_is_refused_where_others_see_it(
    cli: Program, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"git:https://x-access-token:{CANARY}@127.0.0.1:9/a/b.git"
    refused = cli("plan", "--url", "sandbox:", "--journal", address, manifest)
    assert refused.code == 64
    assert "git's own credentials" in " ".join(refused.err.split())
    team = f"sandbox:{manifest.parent / 'team.db'}"
    assert cli("apply", "--yes", "--url", team, manifest).code == 0
    monkeypatch.setenv("TEAMS_IMPORTER_JOURNAL", address)
    monkeypatch.setattr("importer.journal.git_remote._AGAIN_S", ())
    failed = cli("plan", "--url", team, manifest)
    assert failed.code == 9
    assert "git:https://***@127.0.0.1:9/a/b.git#refs/teams-importer/" in failed.err
    for said in (refused, failed):
        assert CANARY not in said.out + said.err
