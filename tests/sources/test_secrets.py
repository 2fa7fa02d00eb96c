"""What looks like a secret is found by kind and line; it is told nowhere."""

from __future__ import annotations

import pytest

from importer.model.draft import Draft
from importer.sources import Account, Loss, LossKind, accounted
from importer.sources.secrets import MASK, find_secrets, masked
from tests.sources.factories import LONG, page, results_of

# Put together here, so that no scanner of repositories takes them for real.
BODY = "Zx8" * 12
FOUND = {
    "AKIA" + "ABCDEFGHIJKLMNOP": "AWS access key",
    "ghp_" + BODY: "GitHub token",
    "glpat-" + BODY[:20]: "GitLab token",
    "xoxb-" + "1234567890-" + BODY: "Slack token",
    "AIza" + BODY[:35]: "Google API key",
    "sk_live_" + BODY[:24]: "Stripe key",
    "eyJ" + BODY + ".eyJ" + BODY + "." + BODY: "JSON web token",
    "-----BEGIN RSA PRIVATE" + " KEY-----\nabc=\n-----END RSA PRIVATE KEY-----": "private key",
    "postgres://app:" + "hunter2x" + "@db.example/x": "password in an address",
    "Authorization: Bearer " + BODY: "bearer token",
    "password: " + "Sommer2026!": "password or key",
    "**Passwort:** " + "geheim99": "password or key",
    '"api_key": "' + BODY + '",': "password or key",
    "DB_PASSWORD=" + "tr0ub4dor": "password or key",
    "| Kennwort | x |\n| client secret: " + BODY + " |": "password or key",
}
NONE = [
    "password: string;",
    "password: <your password>",
    "password: ********",
    "token: ${TOKEN}",
    "The password: ask Ann for it, please.",
    "api_key = os.environ['KEY']",
    "password: process.env.PASSWORD",
    "What is a token? A token: see below.",
    "https://example.com/a:b@c",
    "const token = CancellationToken;",
]


@pytest.mark.parametrize("text", FOUND, ids=range(len(FOUND)))
def test_a_likely_secret_is_found_and_masked(text: str) -> None:
    (secret,) = find_secrets(f"first line\n{text}\nlast")
    assert secret.kind == FOUND[text]
    assert secret.line in (2, 3)
    hidden = masked(text)
    assert MASK in hidden
    assert not find_secrets(hidden)
    assert BODY not in hidden


@pytest.mark.parametrize("text", NONE)
def test_what_only_talks_of_secrets_is_none(text: str) -> None:
    assert find_secrets(text) == []
    assert masked(text) == text


def test_a_secret_is_told_by_page_and_line_and_stays_in_the_draft() -> None:
    secret = "ghp_" + BODY
    told = page(f"How do I use {secret} here?", answers=(f"{LONG}\n\n{secret}", LONG))
    results = list(accounted(results_of(told)))
    losses = [it for it in results if isinstance(it, Loss) and it.kind is LossKind.SECRET]
    assert [str(it.where) for it in losses] == ["faq.md:1"] * len(losses)
    assert "in line 3 of the answer `answer`" in losses[-1].why
    (account,) = [it for it in results if isinstance(it, Account)]
    assert account.effort >= 10
    (draft,) = [it for it in results if isinstance(it, Draft)]
    assert secret in draft.answers[0].body
    assert secret not in repr([it for it in results if not isinstance(it, Draft)])
