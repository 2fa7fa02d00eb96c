"""What people share: groups, experts of tags, permissions of articles, collections, images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from importer.sandbox import Permissions, Rule, RuleBroken, Shares, World
from importer.sandbox.reading import BY_ID, Slice, Where
from tests.sandbox.driver import BODY, TITLE, UNHURRIED, Town

Found = Callable[..., Town]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)


def _refused(action: Callable[[], object]) -> Rule:
    with pytest.raises(RuleBroken) as caught:
        action()
    return caught.value.rule


def _tag(town: Town, name: str = "deploys") -> int:
    town.ask(tags=name)
    found = town.world.tag(town.world.team("acme"), name)
    assert found is not None
    return found.id


def test_a_group_is_made_replaced_and_filled(town: Town) -> None:
    world, ada, bjorn, chidi = town.world, town.ada, town.bjorn, town.chidi
    group = world.make_group(chidi, name="Platform", member_ids=[bjorn.id, ada.id, ada.id])
    assert (group.id, group.description, group.member_ids) == (1001, None, (ada.id, bjorn.id))
    assert world.make_group(chidi, name="Law", description="Of the land.").id == 1002
    assert world.add_members(chidi, 1002, [ada.id]).member_ids == (ada.id,)
    assert world.add_members(chidi, 1002, [ada.id, bjorn.id]).member_ids == (ada.id, bjorn.id)
    assert world.remove_member(chidi, 1002, ada.id).member_ids == (bjorn.id,)
    assert _refused(lambda: world.remove_member(chidi, 1002, ada.id)) == Rule.NO_SUCH_USER
    blank = world.replace_group(chidi, 1002, name="Lawyers")
    assert (blank.name, blank.description, blank.member_ids) == ("Lawyers", None, ())
    assert [group.id for group in world.groups("acme")] == [1001, 1002]
    by_size = world.select_groups(Where(["team_id = ?"], [ada.team_id]), Slice("size"))
    assert [group.name for group in by_size] == ["Platform", "Lawyers"]
    assert world.groups_of(ada) == (1001,)


def test_what_a_group_needs(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, group_names_unique=True))
    world, ada, chidi = town.world, town.ada, town.chidi
    stranger = world.users("umbrella")[0]
    assert _refused(lambda: world.make_group(chidi, name=" ")) == Rule.NAME_MISSING
    assert _refused(lambda: world.make_group(ada, name="Mine")) == Rule.NOT_ALLOWED
    group = world.make_group(chidi, name="Platform")
    assert _refused(lambda: world.make_group(chidi, name="PLATFORM")) == Rule.NAME_TAKEN
    assert world.replace_group(chidi, group.id, name="platform").name == "platform"
    for ids in ([stranger.id], [4711]):
        assert _refused(lambda ids=ids: world.add_members(chidi, group.id, ids)) == (  # type: ignore[misc]  # bound now
            Rule.NO_SUCH_USER
        )
    assert _refused(lambda: world.add_members(chidi, 4711, [])) == Rule.NO_SUCH_GROUP
    foreign = world.users("umbrella")[1]
    assert _refused(lambda: world.replace_group(foreign, group.id, name="x")) == Rule.NO_SUCH_GROUP
    world.behaviour = replace(world.behaviour, group_names_unique=False, groups_by="everyone")
    assert world.make_group(ada, name="Platform").name == "Platform"
    assert len(world.groups("acme")) == 2


def test_experts_are_set_added_and_removed_by_moderators_alone(town: Town) -> None:
    world, ada, bjorn, chidi = town.world, town.ada, town.bjorn, town.chidi
    tag, group = _tag(town), world.make_group(chidi, name="Platform", member_ids=[ada.id])
    assert world.experts(tag) == Shares()
    assert world.set_experts(chidi, tag, Shares((bjorn.id,))) == Shares((bjorn.id,))
    both = world.add_experts(chidi, tag, Shares((bjorn.id,), (group.id,)))
    assert both == Shares((bjorn.id,), (group.id,))
    assert world.count_experts(tag) == 2
    assert world.is_expert(ada, ["deploys"])
    assert not world.is_expert(chidi, ["deploys", "nope"])
    assert world.experts_of([tag, 4711]) == {tag: both}
    assert world.remove_experts(chidi, tag, Shares((), (group.id,))) == Shares((bjorn.id,))
    gone = Shares((ada.id,))
    assert _refused(lambda: world.remove_experts(chidi, tag, gone)) == Rule.NO_SUCH_USER
    assert _refused(lambda: world.set_experts(ada, tag, Shares())) == Rule.NOT_ALLOWED
    assert _refused(lambda: world.set_experts(chidi, 4711, Shares())) == Rule.NO_SUCH_TAG
    assert _refused(lambda: world.set_experts(chidi, tag, Shares((4711,)))) == Rule.NO_SUCH_USER
    assert _refused(lambda: world.add_experts(chidi, tag, Shares((), (1,)))) == Rule.NO_SUCH_GROUP
    assert world.set_experts(chidi, tag, Shares()) == Shares()


def test_experts_named_twice_and_removed_twice_are_switches(found_town: Found) -> None:
    harmless = replace(UNHURRIED, v3_expert_not_there="harmless")
    town = found_town(replace(harmless, v3_expert_added_twice="refused"))
    world, tag, ada = town.world, _tag(town), Shares((town.ada.id,))
    assert world.add_experts(town.chidi, tag, ada) == ada
    assert _refused(lambda: world.add_experts(town.chidi, tag, ada)) == Rule.NAME_TAKEN
    assert world.remove_experts(town.chidi, tag, ada) == Shares()
    assert world.remove_experts(town.chidi, tag, ada) == Shares()


def test_a_site_without_experts_refuses_all_that_has_to_do_with_them(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, experts=False))
    tag = _tag(town)
    for action in (
        lambda: town.world.set_experts(town.chidi, tag, Shares()),
        lambda: town.world.remove_experts(town.chidi, tag, Shares((1,))),
        town.world.check_experts_on,
    ):
        assert _refused(action) == Rule.EXPERTS_OFF


def _article(world: World, by: Any, permissions: Permissions | None = None) -> int:
    made = world.publish(by, title=TITLE, body=BODY, tags=["a"], permissions=permissions)
    return made.id


def test_who_may_edit_an_article_follows_from_its_permissions(town: Town) -> None:
    world, ada, bjorn, chidi = town.world, town.ada, town.bjorn, town.chidi
    world.add_user("acme", "Dana Sá")
    dana = world.user("acme", "Dana Sá")
    group = world.make_group(chidi, name="Editors", member_ids=[dana.id])
    specific = Permissions("specificEditors", Shares((bjorn.id,), (group.id,)))
    may = {
        mode: [world.may_edit(user, post) for user in (ada, bjorn, dana, chidi)]
        for mode, permissions in (
            ("none", None),
            ("ownerOnly", Permissions("ownerOnly", Shares((bjorn.id,)))),
            ("specificEditors", specific),
            ("everyone", Permissions("everyone")),
        )
        if (post := world.post(_article(world, ada, permissions)))
    }
    assert may == {
        "none": [True, False, False, True],
        "ownerOnly": [True, False, False, True],
        "specificEditors": [True, True, True, True],
        "everyone": [True, True, True, True],
    }
    shared = _article(world, ada, specific)
    assert world.edit(dana, shared, body=BODY * 2).editor_id == dana.id
    assert _refused(lambda: world.delete(dana, shared)) == Rule.NOT_ALLOWED
    world.remove_member(chidi, group.id, dana.id)
    assert _refused(lambda: world.edit(dana, shared, body=BODY)) == Rule.NOT_ALLOWED


def test_permissions_stay_until_they_are_given_anew(found_town: Found) -> None:
    town = found_town()
    world, ada, bjorn, chidi = town.world, town.ada, town.bjorn, town.chidi
    specific = Permissions("specificEditors", Shares((bjorn.id,)))
    article = _article(world, ada, specific)
    before = world.articles("acme")
    world.edit(ada, article, title="Another title, surely")
    assert world.permissions(article) == specific
    everyone = Permissions("everyone")
    assert _refused(lambda: world.edit(bjorn, article, permissions=everyone)) == Rule.NOT_ALLOWED
    assert world.edit(bjorn, article, permissions=specific, title=TITLE).title == TITLE
    revisions = len(world.revisions(article))
    world.edit(chidi, article, permissions=Permissions("everyone", Shares((bjorn.id,))))
    assert world.permissions(article) == Permissions("everyone", Shares((bjorn.id,)))
    assert (len(world.revisions(article)), len(before)) == (revisions, 1)

    world.behaviour = replace(UNHURRIED, idle_editors="dropped", permissions_by="editors")
    world.edit(bjorn, article, permissions=Permissions("ownerOnly", Shares((bjorn.id,))))
    assert world.permissions(article) == Permissions("ownerOnly")
    wrong = Permissions("nobody")  # type: ignore[arg-type]  # as a request could say
    assert _refused(lambda: world.edit(ada, article, permissions=wrong)) == Rule.PERMISSIONS_INVALID
    unknown = Permissions("everyone", Shares((4711,)))
    assert _refused(lambda: world.edit(ada, article, permissions=unknown)) == Rule.NO_SUCH_USER


@pytest.mark.parametrize(
    ("mode", "expected"), [("kept", None), ("reset", Permissions()), ("refused", Rule)]
)
def test_absent_permissions_are_a_switch(found_town: Found, mode: Any, expected: Any) -> None:
    world = found_town(replace(UNHURRIED, absent_permissions=mode)).world
    assert world.given_permissions(Permissions("everyone")) == Permissions("everyone")
    if expected is Rule:
        assert _refused(lambda: world.given_permissions(None)) == Rule.PERMISSIONS_MISSING
    else:
        assert world.given_permissions(None) == expected


def test_a_collection_keeps_the_order_it_was_given(town: Town) -> None:
    world, ada = town.world, town.ada
    one, two = town.ask(tags="b"), town.ask(tags="c")
    article = _article(world, ada)
    made = world.make_collection(
        ada, title="Start here", description="For *you*.\n", content_ids=[two, article, one, two]
    )
    assert made.content_ids == (two, article, one)
    assert (made.tags, made.owner_id, made.description) == (("a", "b", "c"), ada.id, "For *you*.")
    again = world.replace_collection(
        ada, made.id, title="Start", content_ids=[one, two], editors=Shares((town.bjorn.id,))
    )
    assert (again.content_ids, again.description) == ((one, two), "")
    world.delete(ada, one)
    (kept,) = world.collections("acme")
    assert (kept.content_ids, kept.tags) == ((one, two), ("c",))
    assert [post.deleted is None for post in world.contents(kept)] == [False, True]


def test_who_may_change_a_collection(town: Town) -> None:
    world, ada, bjorn, chidi = town.world, town.ada, town.bjorn, town.chidi
    dana = world.add_user("acme", "Dana Sá")
    group = world.make_group(chidi, name="Editors", member_ids=[dana.id])
    made = world.make_collection(ada, title="List", editors=Shares((), (group.id,)))
    world.make_collection(bjorn, title="Other")

    def put(by: Any, owner_id: int | None = None) -> Any:
        editors = Shares((), (group.id,))
        return world.replace_collection(
            by, made.id, title="List", editors=editors, owner_id=owner_id
        )

    assert _refused(lambda: put(bjorn)) == Rule.NOT_ALLOWED
    town.clock.advance(60)
    assert put(dana).edited == made.created + 60
    assert _refused(lambda: put(dana, dana.id)) == Rule.NOT_ALLOWED
    assert _refused(lambda: world.delete_collection(dana, made.id)) == Rule.NOT_ALLOWED
    assert _refused(lambda: put(ada, 4711)) == Rule.NO_SUCH_USER
    assert put(ada, bjorn.id).owner_id == bjorn.id
    assert _refused(lambda: put(ada)) == Rule.NOT_ALLOWED
    editable = {
        user.name: [
            found.title
            for found in world.select_collections(world.collections_editable_by(user), BY_ID)
        ]
        for user in (ada, bjorn, chidi, dana)
    }
    assert list(editable.values()) == [[], ["List", "Other"], ["List", "Other"], ["List"]]
    world.delete_collection(bjorn, made.id)
    assert [found.title for found in world.collections("acme")] == ["Other"]
    assert [found.id for found in world.collections("acme", deleted=True)] == [made.id]
    assert _refused(lambda: put(bjorn)) == Rule.NO_SUCH_COLLECTION
    assert _refused(lambda: world.delete_collection(bjorn, made.id)) == Rule.ALREADY_DELETED


def test_what_a_collection_holds_is_live_and_no_answer(found_town: Found) -> None:
    town = found_town()
    world, ada = town.world, town.ada
    question, gone = town.ask(), town.ask()
    answer = world.answer(ada, question, body=BODY).id
    world.delete(ada, gone)
    stranger = world.users("umbrella")[0]
    foreign = world.ask(stranger, title=TITLE, body=BODY, tags=["a"]).id
    for wrong in (answer, gone, foreign, 4711):
        assert _refused(
            lambda wrong=wrong: world.make_collection(ada, title="x", content_ids=[wrong])  # type: ignore[misc]  # bound now
        ) == (Rule.CONTENT_INVALID)
    assert _refused(lambda: world.make_collection(ada, title="  ")) == Rule.TITLE_MISSING
    assert world.collections("acme") == ()
    world.behaviour = replace(UNHURRIED, unknown_content="dropped")
    ids = [4711, question, answer]
    assert world.make_collection(ada, title="x", content_ids=ids).content_ids == (question,)


@pytest.mark.parametrize(
    ("content", "media_type", "ending"),
    [
        (b"\xff\xd8\xff\xe0rest", "image/jpeg", "jpg"),
        (PNG, "image/png", "png"),
        (b"GIF89a....", "image/gif", "gif"),
        (b"BM........", "image/bmp", "bmp"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp", "webp"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None, ""),
        (b"RIFF\0\0\0\0WAVEfmt ", None, ""),
        (b"", None, ""),
    ],
)
def test_an_image_is_what_its_bytes_say(
    town: Town, content: bytes, media_type: str | None, ending: str
) -> None:
    if media_type is None:
        assert _refused(lambda: town.world.upload(town.ada, content)) == Rule.IMAGE_TYPE
        return
    image = town.world.upload(town.ada, content)
    assert (image.media_type, image.size) == (media_type, len(content))
    assert image.path == f"/images/a/{image.id}.{ending}"
    assert town.world.image_content(image.id) == content
    assert town.world.images("acme") == (image,)
    assert town.world.live_image(town.bjorn, image.id.upper()) == image
    stranger = town.world.users("umbrella")[0]
    assert _refused(lambda: town.world.live_image(stranger, image.id)) == Rule.NO_SUCH_IMAGE


def test_an_image_may_have_two_mebibytes_and_not_a_byte_more(town: Town) -> None:
    whole = PNG + bytes(2 * 1024 * 1024 - len(PNG))
    first, second = (town.world.upload(town.ada, whole) for _ in range(2))
    assert first.id != second.id
    assert _refused(lambda: town.world.upload(town.ada, whole + b"\0")) == Rule.IMAGE_SIZE


def test_what_is_known_of_a_member(town: Town) -> None:
    world = town.world
    facts = {"email": "d@acme.example", "department": "IT", "job_title": "Lead"}
    dana = world.add_user("acme", "Dana Sá", role="admin", external_id="x1", **facts)
    assert (dana.email, dana.department, dana.job_title) == tuple(facts.values())
    assert (dana.external_id, dana.moderates, dana.administers) == ("x1", True, True)
    assert not world.change_user(dana, role="moderator").administers
    assert (town.ada.email, town.ada.administers) == (None, False)


def test_one_who_left_is_nobody_and_what_they_wrote_stays(town: Town) -> None:
    world, ada, chidi = town.world, town.ada, town.chidi
    group = world.make_group(chidi, name="Editors", member_ids=[ada.id])
    question, token = town.ask(), world.issue_token(ada)
    world.remove_user(ada)
    assert (world.find_user(ada.id), world.questions("acme")[0].id) == (None, question)
    assert world.groups("acme")[0].member_ids == ()
    assert _refused(lambda: world.add_members(chidi, group.id, [ada.id])) == Rule.NO_SUCH_USER
    assert town.caller(token).get("/questions").error == 402
    assert "owner" not in town.caller(world.issue_token(chidi)).get("/questions").item
    assert world.add_user("acme", "Newcomer").id not in (ada.id, chidi.id)
    assert town.api.page(f"/c/acme/questions/{question}/x").status_code == 200


def test_a_second_deletion_says_so(town: Town) -> None:
    question = town.ask()
    town.world.delete(town.ada, question)
    assert _refused(lambda: town.world.delete(town.ada, question)) == Rule.ALREADY_DELETED
    assert _refused(lambda: town.world.delete(town.ada, 4711)) == Rule.NO_SUCH_POST
    stranger = town.world.users("umbrella")[0]
    assert _refused(lambda: town.world.delete(stranger, question)) == Rule.NO_SUCH_POST
    assert town.api.post(f"/questions/{question}/delete").error == 400
