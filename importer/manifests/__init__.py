"""Manifest files to items, items to files, minimal edits; must not know the live team."""

from importer.manifests.editing import Edited, Editor, FileEdit, Refusal
from importer.manifests.files import shown_folder
from importer.manifests.loading import (
    MANIFEST_NAME,
    Sight,
    find_manifest,
    fingerprint,
    load_manifest,
    look_at,
)
from importer.manifests.pictures import picture_loader
from importer.manifests.replacing import uninterrupted
from importer.manifests.schema import SCHEMAS
from importer.manifests.spelling import Plain
from importer.manifests.writing import write_manifest

__all__ = [
    "MANIFEST_NAME",
    "SCHEMAS",
    "Edited",
    "Editor",
    "FileEdit",
    "Plain",
    "Refusal",
    "Sight",
    "find_manifest",
    "fingerprint",
    "load_manifest",
    "look_at",
    "picture_loader",
    "shown_folder",
    "uninterrupted",
    "write_manifest",
]
