"""Images, from files beside a manifest to the team: uploaded once, and found again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from importer.errors import ExitCode
from importer.execution import RunOptions
from importer.manifests import load_manifest
from importer.model.ids import Key, Kind, image_key, image_ref
from importer.model.manifest import Manifest
from importer.model.plan import BlockedCode, Plan
from importer.model.report import Report, ResultState
from importer.model.writing import Done, Outcome, Rejected, Unknown, Write
from importer.ports import Hold, Team
from importer.rendering import Format, render_report
from importer.sandbox import Post
from importer.text.digests import digest_bytes
from tests.pictures import png
from tests.rendering.documents import TEMPLATES
from tests.stage import Stage

LONG = "A text that is long enough for a post, and shows something:"
DOT, OTHER = png(), png(1)
IMAGE = image_key(digest_bytes(DOT))


def write(folder: Path, **texts: str) -> Manifest:
    """Return the manifest of one question for each text."""
    rows = "".join(
        f"- key: {key}\n  title: How is {key} to be shown here?\n  body: |\n    {LONG} {text}\n"
        for key, text in texts.items()
    )
    head = "version: 1\nnamespace: handbook\ndefaults: {tags: [testing]}\nquestions:\n"
    (folder / "teams-importer.yaml").write_text(head + rows)
    manifest, warnings = load_manifest(folder / "teams-importer.yaml")
    assert warnings == ()
    return manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "img").mkdir()
    (tmp_path / "img/a.png").write_bytes(DOT)
    (tmp_path / "img/b.png").write_bytes(OTHER)
    return tmp_path


@pytest.fixture(params=["auto", "3"])
def stage(request: pytest.FixtureRequest, folder: Path) -> Stage:
    return Stage(api=request.param, folder=folder)


def uploads(stage: Stage) -> int:
    paths = [it.path for it in stage.world.requests if it.method == "POST"]
    return sum(path.endswith("/images/upload") for path in paths)


def ids(plan: Plan) -> list[str]:
    return [it.id for it in plan.changes]


def nothing_to_do(plan: Plan) -> bool:
    return (plan.changes, plan.blocked, plan.drift, plan.orphans) == ((), (), (), ())


def done(report: Report) -> None:
    assert (report.exit_code, report.incidents) == (ExitCode.DONE, ())
    assert {it.state for it in report.results} == {ResultState.DONE}


def post(stage: Stage, key: str) -> Post:
    return stage.by_title()[f"How is {key} to be shown here?"]


def address(stage: Stage, key: str) -> str:
    """Return what stands between the brackets of the image in the post of *key*."""
    return post(stage, key).body.partition("](")[2].partition(")")[0]


def test_an_image_is_uploaded_once_for_all_that_show_it(stage: Stage, folder: Path) -> None:
    wanted = write(folder, one="![a](img/a.png)", two="![again](img/a.png)")
    plan = stage.plan(wanted)
    assert ids(plan) == [f"{IMAGE}!create", "one!create", "two!create"]
    assert plan.changes[1].needs == plan.changes[2].needs == (plan.changes[0].id,)
    assert plan.cost.uploaded == len(DOT)
    done(stage.apply(wanted))
    assert uploads(stage) == 1
    assert address(stage, "one") == address(stage, "two")
    url, _, fragment = address(stage, "one").partition("#")
    assert fragment == f"ti={digest_bytes(DOT)}"
    name = url.rpartition("/")[2].partition(".")[0]
    assert stage.world.image_content(name) == DOT


@pytest.mark.parametrize("lose", [False, True], ids=["with a journal", "without"])
@pytest.mark.parametrize("api", ["auto", "2.3", "3"])
def test_the_next_plan_has_nothing_to_do(stage: Stage, folder: Path, lose: bool, api: str) -> None:
    wanted = write(folder, one="![a](img/a.png)", two="[it][a]\n\n    [a]: img/a.png")
    done(stage.apply(wanted))
    if lose:
        stage.lose_journal()
    stage.api = api
    assert nothing_to_do(stage.plan(wanted))
    report = stage.apply(wanted)
    assert (report.results, uploads(stage)) == ((), 1)


@pytest.mark.parametrize("lose", [False, True], ids=["with a journal", "without"])
def test_an_image_that_is_there_is_used_by_new_posts(
    stage: Stage, folder: Path, lose: bool
) -> None:
    done(stage.apply(write(folder, one="![a](img/a.png)")))
    if lose:
        stage.lose_journal()
    more = write(folder, one="![a](img/a.png)", two="![a](img/a.png)")
    assert ids(stage.plan(more)) == ["two!create"]
    done(stage.apply(more))
    assert (uploads(stage), address(stage, "one")) == (1, address(stage, "two"))
    assert nothing_to_do(stage.plan(more))


@pytest.mark.parametrize("lose", [False, True], ids=["with a journal", "without"])
def test_a_renamed_file_changes_nothing(stage: Stage, folder: Path, lose: bool) -> None:
    done(stage.apply(write(folder, one="![a](img/a.png)")))
    if lose:
        stage.lose_journal()
    (folder / "img/a.png").rename(folder / "img/z.png")
    assert nothing_to_do(stage.plan(write(folder, one="![a](img/z.png)")))


@pytest.mark.parametrize("lose", [False, True], ids=["with a journal", "without"])
def test_a_changed_file_is_one_upload_and_one_update(
    stage: Stage, folder: Path, lose: bool
) -> None:
    done(stage.apply(write(folder, one="![a](img/a.png)", two="No image.")))
    if lose:
        stage.lose_journal()
    (folder / "img/a.png").write_bytes(OTHER)
    changed = write(folder, one="![a](img/a.png)", two="No image.")
    new = image_key(digest_bytes(OTHER))
    assert ids(stage.plan(changed)) == [f"{new}!create", "one!update"]
    done(stage.apply(changed))
    assert (uploads(stage), stage.plan(changed).orphans) == (2, ())
    assert nothing_to_do(stage.plan(changed))


def test_without_an_upload_images_and_what_shows_them_are_blocked_by_name(folder: Path) -> None:
    stage = Stage(api="2.3", folder=folder)
    wanted = write(folder, one="![a](img/a.png)", two="![a](img/a.png)", three="None.")
    plan = stage.plan(wanted)
    assert ids(plan) == ["three!create"]
    image, *users = plan.blocked
    assert (image.code, image.key) == (BlockedCode.UNSUPPORTED, IMAGE)
    assert "API v2.3 cannot upload images; img/a.png is shown in one, two" in image.why
    assert image.span is not None
    assert image.span.path.endswith("teams-importer.yaml")
    assert [(it.code, it.key) for it in users] == [
        (BlockedCode.NEEDS, "one"),
        (BlockedCode.NEEDS, "two"),
    ]
    assert "img/a.png" in users[0].why
    done_one = stage.apply(wanted)
    assert done_one.exit_code == ExitCode.DECISION
    stage.api = "auto"
    assert ids(stage.plan(wanted)) == [f"{IMAGE}!create", "one!create", "two!create"]


def test_an_image_that_nothing_would_show_is_not_uploaded(stage: Stage, folder: Path) -> None:
    wanted = write(folder, one="![a](img/a.png)", two="![b](img/b.png)", three="None.")
    other = image_key(digest_bytes(OTHER))
    assert ids(stage.plan(wanted, only=("two",))) == [f"{other}!create", "two!create"]
    assert ids(stage.plan(wanted, only=("three",))) == ["three!create"]
    assert ids(stage.plan(wanted, limit=1)) == [f"{IMAGE}!create", "one!create"]
    guarded = stage.plan(wanted, max_creates="3")
    assert not guarded.blocked, "images are no posts"


def test_an_image_that_somebody_took_out_is_drift_and_not_uploaded_again(
    stage: Stage, folder: Path
) -> None:
    wanted = write(folder, one="![a](img/a.png)")
    done(stage.apply(wanted))
    body = post(stage, "one").body.replace("![a]", "[no image any more]")
    body = body.replace(address(stage, "one"), "https://example.com/")
    stage.world.edit(stage.ada, post(stage, "one").id, body=body)
    stage.lose_journal()
    plan = stage.plan(wanted)
    assert (plan.changes, [it.key for it in plan.drift], plan.blocked) == ((), ["one"], ())


def test_f71_a_colleagues_post_says_nothing_of_images(stage: Stage, folder: Path) -> None:
    done(stage.apply(write(folder, one="![a](img/a.png)")))
    there = address(stage, "one").replace("/images/a/", "/images/a/another-")
    foreign = Stage(api=stage.api, folder=folder)
    body = f"{LONG} ![a]({there})"
    foreign.world.ask(foreign.bo, title="How is this shown?", body=body, tags=("testing",))
    plan = foreign.plan(write(folder, one="![a](img/a.png)"))
    assert ids(plan) == [f"{IMAGE}!create", "one!create"]


def test_f71_a_copy_of_a_marked_post_says_nothing_of_images(stage: Stage, folder: Path) -> None:
    done(stage.apply(write(folder, one="None.")))
    marker = post(stage, "one").body.rpartition("\n")[2]
    other = f"http://sandbox.localhost/c/acme/images/a/other.png#ti={digest_bytes(DOT)}"
    body = f"{LONG} ![a]({other})\n\n{marker}"
    stage.world.ask(stage.bo, title="Is this a copy of another post?", body=body, tags=("testing",))
    wanted = write(folder, one="![a](img/a.png)")
    assert ids(stage.plan(wanted)) == [f"{IMAGE}!create", "one!update"]
    done(stage.apply(wanted))
    assert (uploads(stage), "other.png" in address(stage, "one")) == (1, False)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(OTHER, "img/a.png was changed since the plan was made", id="changed"),
        pytest.param(None, "img/a.png can't be read any more", id="missing"),
    ],
)
def test_f71_a_file_that_changed_after_the_plan_is_stale_and_what_shows_it_is_skipped(
    stage: Stage, folder: Path, content: bytes | None, why: str
) -> None:
    plan = stage.plan(write(folder, one="![a](img/a.png)", two="None."))
    (folder / "img/a.png").unlink()
    if content is not None:
        (folder / "img/a.png").write_bytes(content)
    report = stage.apply(plan)
    states = {it.change: (it.state, it.why) for it in report.results}
    assert states[plan.changes[0].id] == (ResultState.STALE, why)
    assert states[plan.changes[1].id][0] is ResultState.SKIPPED
    assert [it.state for it in report.results if it.key == "two"] == [ResultState.DONE]
    assert uploads(stage) == 0


def test_a_saved_plan_does_not_upload_what_came_meanwhile(stage: Stage, folder: Path) -> None:
    wanted = write(folder, one="![a](img/a.png)")
    plan = stage.plan(wanted)
    done(stage.apply(wanted))
    stage.lose_journal()
    report = stage.apply(plan)
    assert {it.state for it in report.results} == {ResultState.FOUND}
    assert uploads(stage) == 1


class Losing:
    """A team whose first upload's answer never arrives; *arrives* says whether the upload does."""

    def __init__(self, team: Team, *, arrives: bool) -> None:
        self._team = team
        self._arrives = arrives
        self._lost = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._team, name)

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        if write.kind is not Kind.IMAGE or self._lost:
            return await self._team.write(write, hold)
        self._lost += 1
        if self._arrives:
            assert isinstance(await self._team.write(write, hold), Done)
        return Unknown("the connection broke")


@pytest.mark.parametrize("arrives", [False, True])
def test_f57_an_upload_whose_outcome_is_unknown_is_sent_again_and_that_is_said(
    stage: Stage, folder: Path, arrives: bool
) -> None:
    wanted = write(folder, one="![a](img/a.png)")
    stage.options = RunOptions(settle_s=2.0)
    report = stage.apply(wanted, wrap=lambda team: Losing(team, arrives=arrives))  # type: ignore[arg-type,return-value]  # a team but for one method
    assert report.exit_code == ExitCode.DONE
    assert {it.state for it in report.results} == {ResultState.DONE}
    (incident,) = report.incidents
    assert (incident.severe, incident.key) == (False, IMAGE)
    assert "stays on the site" in incident.what
    assert uploads(stage) == 1 + arrives
    assert nothing_to_do(stage.plan(wanted))


def test_f57_an_upload_that_a_killed_run_left_open_is_sent_again(
    stage: Stage, folder: Path
) -> None:
    wanted = write(folder, one="![a](img/a.png)")

    class Killed(Losing):
        async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
            assert write.kind is not Kind.IMAGE, "killed"
            return await super().write(write, hold)

    with pytest.raises(AssertionError, match="killed"):
        stage.apply(wanted, wrap=lambda team: Killed(team, arrives=False))  # type: ignore[arg-type,return-value]  # a team but for one method
    report = stage.apply(wanted)
    assert report.exit_code == ExitCode.DONE
    assert [it.key for it in report.incidents] == [IMAGE]
    assert uploads(stage) == 1


def test_an_image_that_the_server_refuses_holds_up_what_shows_it_alone(
    stage: Stage, folder: Path
) -> None:
    class Refusing(Losing):
        async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
            if write.kind is Kind.IMAGE:
                return Rejected("415", "Unsupported media type")
            return await self._team.write(write, hold)

    wanted = write(folder, one="![a](img/a.png)", two="None.")
    report = stage.apply(wanted, wrap=lambda team: Refusing(team, arrives=False))  # type: ignore[arg-type,return-value]  # a team but for one method
    assert {it.key: it.state for it in report.results} == {
        IMAGE: ResultState.REJECTED,
        Key("one"): ResultState.SKIPPED,
        Key("two"): ResultState.DONE,
    }
    codes = {it.key: it.code for it in stage.plan(wanted).blocked}
    assert codes == {IMAGE: BlockedCode.REJECTED, Key("one"): BlockedCode.NEEDS}


def test_an_upload_that_a_proxy_refuses_is_tried_once_a_run_and_told_so(
    stage: Stage, folder: Path
) -> None:
    sent: list[Write] = []

    class Refusing(Losing):
        async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
            if write.kind is not Kind.IMAGE:
                return await self._team.write(write, hold)
            sent.append(write)
            return Rejected("status 413", "too large (status 413)", lasting=False)

    wanted = write(folder, one="![a](img/a.png)", two="None.")
    for tries in (1, 2):
        report = stage.apply(wanted, wrap=lambda team: Refusing(team, arrives=False))  # type: ignore[arg-type,return-value]  # a team but for one method
        assert len(sent) == tries
        assert report.exit_code == ExitCode.PARTLY
        results = {it.key: it for it in report.results}
        assert results[IMAGE].state is ResultState.REJECTED
        assert results[Key("one")].why == "it needs the image img/a.png, which is rejected"
        text = render_report(report, format=Format.TEXT, templates=TEMPLATES)
        assert "Failed, sent again by the next run" in text
        assert "too large (status 413)" in text
        assert "is not sent again" not in text
        assert "The run ended before these" not in text
        assert ids(stage.plan(wanted)) == [f"{IMAGE}!create", "one!create"]
    done(stage.apply(wanted))


def test_images_on_another_host_need_the_journal_and_that_is_said(
    stage: Stage, folder: Path
) -> None:
    class Moving(Losing):
        async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
            outcome = await self._team.write(write, hold)
            if write.kind is not Kind.IMAGE or not isinstance(outcome, Done) or not outcome.item:
                return outcome
            url = outcome.item.url.replace("sandbox.localhost", "pictures.example.org")
            return Done(replace(outcome.item, url=url, ref=image_ref(url)))

    wanted = write(folder, one="![a](img/a.png)")
    report = stage.apply(wanted, wrap=lambda team: Moving(team, arrives=True))  # type: ignore[arg-type,return-value]  # a team but for one method
    assert report.exit_code == ExitCode.DONE
    assert any("pictures.example.org" in it.what for it in report.incidents)
    assert nothing_to_do(stage.plan(wanted))


def test_undo_leaves_the_image_and_says_so(stage: Stage, folder: Path) -> None:
    wanted = write(folder, one="![a](img/a.png)")
    done(stage.apply(wanted))
    stage.api = (
        "auto"  # API v3 alone can't tell whether others have commented, and deletes nothing.
    )
    plan, report = stage.undo()
    assert ids(plan) == ["one!delete"], plan.blocked
    assert any("1 image stays on the site" in note for note in plan.notes)
    assert report.exit_code == ExitCode.DONE
    done(stage.apply(wanted))
    assert uploads(stage) == 1, "it is there already"


def test_undo_brings_a_former_image_back(stage: Stage, folder: Path) -> None:
    first = write(folder, one="![a](img/a.png)")
    done(stage.apply(first))
    before = address(stage, "one")
    done(stage.apply(write(folder, one="![a](img/b.png)")))
    _, report = stage.undo()
    assert report.exit_code == ExitCode.DONE
    assert (address(stage, "one"), uploads(stage)) == (before, 2)
    assert nothing_to_do(stage.plan(first))


def test_an_address_that_an_author_copied_from_the_site_is_that_image(
    stage: Stage, folder: Path
) -> None:
    done(stage.apply(write(folder, one="![a](img/a.png)")))
    copied = write(
        folder, one=f"![a]({address(stage, 'one')})", two=f"![a]({address(stage, 'one')})"
    )
    assert ids(stage.plan(copied)) == ["two!create"]
    done(stage.apply(copied))
    assert nothing_to_do(stage.plan(copied))
    stage.lose_journal()
    assert nothing_to_do(stage.plan(copied))
