"""`apply`: makes the live team what a manifest or a saved plan says."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import click

from importer.cli.applying import Wish, apply_wish
from importer.cli.console import Console
from importer.cli.options import (
    ConnectionOptions,
    DecisionOptions,
    OutputOptions,
    RunOptions,
    connection_options,
    decision_options,
    fail_on_option,
    journal_option,
    make_command,
    output_options,
    run_options,
)
from importer.cli.reading import read_manifest, read_plan
from importer.errors import ExitCode, PlanRefused, UsageError

_REVIEWS = {"GITHUB_EVENT_NAME": "pull_request", "CI_PIPELINE_SOURCE": "merge_request"}
