"""Manifest files to items, items to files, minimal edits; must not know the live team."""

from importer.manifests.loading import MANIFEST_NAME, find_manifest, load_manifest

__all__ = ["MANIFEST_NAME", "find_manifest", "load_manifest"]
