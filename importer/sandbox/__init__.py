"""A Stack Overflow for Teams of your own: runnable, with the service's rules and its quirks.

The room imports nothing else of the importer: client and server must not agree on the same
mistake. `open_world` makes the teams, `create_app` the ASGI application that answers for them,
`serve` listens. What is known of the service, and how well, stands beside each switch of
`Behaviour`.
"""

from importer.sandbox.app import create_app
from importer.sandbox.behaviour import Backoff, Behaviour
from importer.sandbox.clock import Clock, SteppedClock, SystemClock
from importer.sandbox.errors import SandboxBusyError, SandboxDiskError, SandboxError
from importer.sandbox.faults import PROFILES, Fault, Profile, ProfileName, profile_of
from importer.sandbox.injecting import Faults
from importer.sandbox.request_log import RequestRecord
from importer.sandbox.rules import Rule, RuleBroken
from importer.sandbox.values import (
    Collection,
    Comment,
    Group,
    Image,
    Key,
    Keys,
    Permissions,
    Post,
    Revision,
    Shares,
    Synonym,
    Tag,
    Team,
    Tier,
    Tokens,
    User,
)
from importer.sandbox.world import World, open_world

__all__ = [
    "PROFILES",
    "Backoff",
    "Behaviour",
    "Clock",
    "Collection",
    "Comment",
    "Fault",
    "Faults",
    "Group",
    "Image",
    "Key",
    "Keys",
    "Permissions",
    "Post",
    "Profile",
    "ProfileName",
    "RequestRecord",
    "Revision",
    "Rule",
    "RuleBroken",
    "SandboxBusyError",
    "SandboxDiskError",
    "SandboxError",
    "Shares",
    "SteppedClock",
    "Synonym",
    "SystemClock",
    "Tag",
    "Team",
    "Tier",
    "Tokens",
    "User",
    "World",
    "create_app",
    "open_world",
    "profile_of",
]
