from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import ExitCode, PlanAltered
from importer.model.fields import Value
from importer.model.ids import Field
from importer.model.plan import FORMAT_VERSION
from importer.planning import plan_file
from importer.planning.plan_file import (
    canonical_json,
    load,
    plan_bytes,
    plan_digest,
    plan_schema,
    save,
)
from importer.text.digests import Digest
from importer.text.links import Text
from importer.text.sealed import seal
from tests.factories import (
    HOSTILE,
    a_conflict,
    a_create,
    a_drift,
    a_field,
    a_plan,
    an_accept,
    an_update,
    hostile_texts,
    plans,
)

if TYPE_CHECKING:
    from importer.model.plan import Plan

WHEN, WHO = "2026-03-01T09:00:00+00:00", "ann@example"


def _plan() -> Plan:
    return a_plan(
        a_create(),
        an_update(
            a_field(
                Field.BODY,
                Text("See [it](\0).\n", ("question/12",)),
                Text("See [it](\0) now.\n", ("key:oncall/freeze",)),
            )
        ),
        an_accept(),
        drift=(a_drift(Field.TAGS, ("a", "b"), ("a",)),),
        blocked=(a_conflict(),),
    )


@given(plans(hostile_texts()))
@settings(max_examples=60)
def test_what_was_saved_is_what_is_loaded(plan: Plan) -> None:
    saved = load(save(plan, WHEN, WHO))
    assert saved.plan == plan
    assert saved.digest == plan_digest(plan)
    assert (saved.made_at, saved.made_by) == (WHEN, WHO)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("true", id="a line that looks like a flag"),
        pytest.param(True, id="a flag"),
        pytest.param("", id="an empty line"),
        pytest.param((), id="no names"),
        pytest.param(("true",), id="a name that looks like a flag"),
        pytest.param(("a", "b"), id="names"),
        pytest.param("['a', 'b']", id="a line that looks like names"),
        pytest.param(Text("true"), id="a text that looks like a flag"),
        pytest.param(Text("", ()), id="an empty text"),
        pytest.param(Text("[a](\0)", ("key:b",)), id="a text with a hole"),
        pytest.param('{"holed": "a", "targets": []}', id="a line that looks like a text"),
        pytest.param(Text("\ud800 alone"), id="a lone surrogate"),
    ],
)
def test_a_value_comes_back_with_its_type(value: Value) -> None:
    plan = a_plan(an_update(a_field(Field.TITLE, None, value)))
    back = load(save(plan, WHEN, WHO)).plan.changes[0].fields[0].after
    assert back == value
    assert type(back) is type(value)


def test_a_text_is_readable_in_the_file() -> None:
    plan = a_plan(an_update(a_field(Field.BODY, None, Text("[ä](\0)", ("key:b",)))))
    after = json.loads(plan_bytes(plan))["changes"][0]["fields"][0]["after"]
    assert after == {"holed": "[ä](\0)", "targets": ["key:b"]}
    assert "ä".encode() in plan_bytes(plan)


@given(plans(), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_equal_plans_give_equal_bytes(plan: Plan, shuffler: random.Random) -> None:
    def shuffled(names: dict[Field, object]) -> dict[Field, object]:
        pairs = list(names.items())
        shuffler.shuffle(pairs)
        return dict(pairs)

    changes = tuple(
        replace(it, marker_base=shuffled(dict(it.marker_base)))  # type: ignore[arg-type]  # same values
        for it in plan.changes
    )
    other = replace(plan, changes=changes)
    assert plan_bytes(other) == plan_bytes(plan)
    assert plan_digest(other) == plan_digest(plan)


def test_a_whole_number_of_seconds_is_the_same_plan_as_int_and_as_float() -> None:
    one = replace(_plan(), cost=replace(_plan().cost, seconds=60))
    other = replace(_plan(), cost=replace(_plan().cost, seconds=60.0))
    assert save(one, WHEN, WHO) == save(other, WHEN, WHO)
    assert load(save(one, WHEN, WHO)).plan == one


def test_the_digest_names_the_plan_and_not_who_made_it_when() -> None:
    assert load(save(_plan(), WHEN, WHO)).digest == load(save(_plan(), "later", "bob")).digest
    assert plan_digest(replace(_plan(), serial=8)) != plan_digest(_plan())


def test_f86_a_plan_file_with_any_byte_edited_is_refused() -> None:
    data = save(_plan(), WHEN, WHO)
    assert load(data).plan == _plan()
    chosen = random.Random(86)
    for place in chosen.sample(range(len(data)), 400):
        for byte in {b" ", b"0", b"a", b"\n", b'"', bytes([data[place] ^ 1])} - {
            data[place : place + 1]
        }:
            with pytest.raises(PlanAltered):
                load(data[:place] + byte + data[place + 1 :])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"release freeze", b"release  reeze", id="a title"),
        pytest.param(WHO.encode(), b"bob@example", id="who made it"),
        pytest.param(WHEN.encode(), b"2027-03-01T09:00:00+00:00", id="when it was made"),
        pytest.param(b'"manifest_at": ""', b'"manifest_at": "a.yaml"', id="where its manifest is"),
        pytest.param(b'"serial": 7', b'"serial": 8', id="the serial"),
        pytest.param(b'"serial": 7', b'"serial": 7.0', id="a number's type"),
        pytest.param(b'"prune": false', b'"prune": 0', id="a flag's type"),
        pytest.param(b'"prune": false', b'"prune": false, "new": 1', id="one member more"),
        pytest.param(b"\n", b"\r\n", id="line ends"),
        pytest.param(b"  ", b"", id="no indent"),
    ],
)
def test_f86_an_edit_that_json_would_take_is_refused(old: bytes, new: bytes) -> None:
    data = save(_plan(), WHEN, WHO)
    assert old in data
    with pytest.raises(PlanAltered, match="edited after it was made"):
        load(data.replace(old, new))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "no saved plan", id="empty"),
        pytest.param(b"version: 1\n", "no saved plan", id="a manifest"),
        pytest.param(b"\xff\xfe{}", "isn't UTF-8", id="not UTF-8"),
        pytest.param(b"[]", "no JSON object", id="a list"),
        pytest.param(b"{}", "no plan with a format version", id="an empty object"),
        pytest.param(b'{"plan": []}', "no plan with a format version", id="a list for a plan"),
        pytest.param(b'{"plan": {"format_version": true}}', "format version", id="a flag"),
        pytest.param(b'{"plan": {"format_version": 1}}', "plan.lineage", id="half a plan"),
        pytest.param(b'{"a": 1, "a": 2}', '"a" stands twice', id="a member twice"),
        pytest.param(b'{"plan": {"b": 1, "b": 1}}', '"b" stands twice', id="twice, deeper"),
        pytest.param(b'{"plan": NaN}', "NaN is no JSON number", id="NaN"),
        pytest.param(b'{"plan": 1e999}', "1e999 is no JSON number", id="beyond a float"),
        pytest.param(b"[" * 200_000, "nested too deep", id="nested too deep"),
        pytest.param(b"9" * 10_000, "no saved plan", id="a number of 10,000 digits"),
    ],
)
def test_what_is_no_plan_is_refused_with_a_remedy(data: bytes, message: str) -> None:
    with pytest.raises(PlanAltered, match=message) as caught:
        load(data)
    assert caught.value.exit_code is ExitCode.REFUSED
    assert "teams-importer plan --out" in caught.value.remedy


def test_a_plan_of_a_newer_importer_is_refused_by_name() -> None:
    newer = FORMAT_VERSION + 1
    old, new = f'"format_version": {FORMAT_VERSION}', f'"format_version": {newer}'
    data = save(_plan(), WHEN, WHO).replace(old.encode(), new.encode())
    with pytest.raises(PlanAltered, match="written by a newer importer"):
        load(data)
    with pytest.raises(PlanAltered, match="written by a newer importer"):
        load(json.dumps({"plan": {"format_version": newer, "unheard": "of"}}).encode())


def test_a_file_beyond_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    data = save(_plan(), WHEN, WHO)
    monkeypatch.setattr(plan_file, "MOST_BYTES", len(data))
    assert load(data).plan == _plan()
    with pytest.raises(PlanAltered, match="larger than"):
        load(data + b" ")


def test_f80_f82_the_file_can_be_printed_without_harm() -> None:
    for text in HOSTILE:
        lines = save(a_plan(a_create(title=text, body=text)), text, text).decode().split("\n")
        assert not [line for line in lines if line.strip().startswith("::")]
        printed = "\n".join(lines)
        assert "##[" not in printed
        assert "##vso[" not in printed
        assert not set(printed) & set("\x1b\x07\x08\r\x9b\u202e\u200b\ufeff")


def test_a_plan_drawn_offline_is_not_loaded() -> None:
    """Its texts are not known: nothing could be held against them."""
    sealed = seal(Text("A text.\n"), (), Digest("a" * 26))
    for ends in ((sealed, Text("Ours.\n")), (Text("Theirs.\n"), sealed)):
        plan = a_plan(an_update(a_field(Field.BODY, *ends)))
        with pytest.raises(PlanAltered, match="drawn offline"):
            load(save(plan, WHEN, WHO))


def test_the_file_fits_its_schema() -> None:
    schema = plan_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(save(_plan(), WHEN, WHO)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(plan_bytes(_plan())), schema)


def test_canonical_json_takes_any_mapping_and_times() -> None:
    when = datetime(2026, 3, 1, 9, tzinfo=UTC)
    value = MappingProxyType({"when": when, "field": Field.BODY})
    assert canonical_json(value) == '{"field":"body","when":"2026-03-01T09:00:00+00:00"}'


def test_canonical_json_is_json_whatever_the_text() -> None:
    for text in HOSTILE:
        assert json.loads(canonical_json({"b": text, "a": [text]})) == {"a": [text], "b": text}
    with pytest.raises(TypeError, match="no place in a plan"):
        canonical_json({"a": object()})
