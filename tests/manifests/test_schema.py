"""The schemas in schemas/ are the models' own, and the examples fit them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from importer.manifests import SCHEMAS, load_manifest
from tests.conftest import ROOT

EXAMPLES = ROOT / "examples"


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_in_the_repository_is_the_models_own(name: str) -> None:
    assert (ROOT / "schemas" / name).read_text() == SCHEMAS[name]()


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("minimal.yaml", "manifest.schema.json"),
        ("handbook/teams-importer.yaml", "manifest.schema.json"),
        ("handbook/faq/ci.yaml", "include.schema.json"),
        ("handbook/faq/access.yaml", "include.schema.json"),
    ],
)
def test_an_example_fits_its_schema(path: str, schema: str) -> None:
    document = YAML(typ="safe").load(EXAMPLES / path)
    jsonschema.validate(document, json.loads(SCHEMAS[schema]()))


def test_a_mistyped_key_does_not_fit() -> None:
    document: Any = {"version": 1, "namespace": "x", "qestions": []}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json.loads(SCHEMAS["manifest.schema.json"]()))


@pytest.mark.parametrize("path", ["minimal.yaml", "handbook/teams-importer.yaml"])
def test_an_example_loads_without_a_finding(path: str) -> None:
    manifest, warnings = load_manifest(Path(EXAMPLES / path))
    assert manifest.items
    assert warnings == ()
