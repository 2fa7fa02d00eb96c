"""A Markdown file as one question or article: front matter, the body, and the answers.

What else is to be said of an answer stands in the front matter: `answers: {KEY: {id: 12}}`.

The result has the shape of an included YAML file, with places, so that everything after it is one
path. Where an answer starts is decided by whole lines outside code; what comes close is an error.
"""

import re
from difflib import SequenceMatcher

from importer.manifests.nodes import ListNode, MapNode, parse
from importer.manifests.rules import Findings
from importer.manifests.source import Source
from importer.text.blocks import Blocks, Line, Open

__all__ = ["answer_line", "answer_lines", "front_matter_end", "is_markdown", "read_markdown"]

_FRONT = re.compile(r"---[ ]*(?:\n|\Z)")
_FRONT_END = re.compile(r"^---[ ]*$", re.MULTILINE)
_ANSWER = re.compile(r"<!-- answer: (\S+)( accepted)? -->[ ]*")
# No two neighbours match the same character: a line of a million blanks takes no longer.
_NEAR = re.compile(r"[\s>*+-]*<[!\-\u2013\u2014\s]*([^\W\d_]+)(.*)", re.DOTALL)
_DASHES = "-\u2013\u2014"
_BELOW = ("body", "body_file", "answer")
_OF_ANSWERS = "answers"
_BELOW_ANSWER = ("key", "accepted", *_BELOW)
_WHAT_OPEN = "a code fence"


def is_markdown(path: str) -> bool:
    """Tell whether *path* is the name of a Markdown file."""
    return path.lower().endswith((".md", ".markdown"))


def front_matter_end(text: str) -> int | None:
    """Return where the front matter's closing line starts; None if it has none, -1 if open."""
    opening = _FRONT.match(text)
    if opening is None:
        return None
    closing = _FRONT_END.search(text, opening.end())
    return closing.start() if closing else -1


def read_markdown(source: Source, findings: Findings) -> MapNode | None:
    """Return `{questions: [...]}` or `{articles: [...]}` with the file's one item; None if none."""
    end = front_matter_end(source.text)
    if end is None or end < 0:
        rule = "front-matter-missing" if end is None else "front-matter-open"
        findings.add(rule, source.span(0))
        return None
    source.verbatim_from = end
    before = len(findings.problems)
    data = parse(source, findings, end=end)
    if not isinstance(data, MapNode):
        if data is not None or len(findings.problems) == before:
            findings.add("not-a-mapping", source.span(0))
        return None
    for key in _BELOW:
        if key in data:
            findings.add("front-matter-body", source.span(data.keys_at[key]), key=key)
    section = _section(source, data, findings)
    rows = ListNode(0)
    rows.put(_entry(source, data, end, findings), data.at)
    document = MapNode(0)
    document.put(section, rows, 0, 0)
    return document


def _section(source: Source, data: MapNode, findings: Findings) -> str:
    kind = data.get("kind", "question")
    if kind not in ("question", "article"):
        at = data.values_at["kind"]
        findings.add("not-one-of", source.span(at), expected="`question` or `article`")
    return "articles" if kind == "article" else "questions"


def _entry(source: Source, data: MapNode, end: int, findings: Findings) -> MapNode:
    entry = MapNode(data.at)
    for key, value in data.items():
        if key not in ("kind", _OF_ANSWERS, *_BELOW):
            entry.put(key, value, data.keys_at[key], data.values_at[key])
    text = source.text
    start = text.find("\n", end) + 1 or len(text)
    found = answer_lines(source, start, findings)
    if found and data.get("kind") == "article":
        hint = "an article has none"
        findings.add("answer-line-misplaced", source.span(found[0][0]), hint=hint)
    stops = [at for at, _ in found] + [len(text)]
    entry.put("body", text[start : stops[0]], start, start)
    more = _more_of_answers(source, data, {match[1] for _, match in found}, findings)
    if found and data.get("kind") != "article":
        answers = ListNode(found[0][0])
        for (at, match), stop in zip(found, stops[1:], strict=True):
            answer = _answer(text, at, match, stop)
            _add(answer, more.get(match[1], MapNode(0)))
            answers.put(answer, at)
        entry.put("answers", answers, found[0][0], found[0][0])
    return entry


def _more_of_answers(
    source: Source, data: MapNode, known: set[str], findings: Findings
) -> dict[str, MapNode]:
    """Return what the front matter says of the answers, by their keys."""
    rows = data.get(_OF_ANSWERS)
    if rows is None:
        return {}
    if not isinstance(rows, MapNode):
        at = data.keys_at[_OF_ANSWERS]
        findings.add("front-matter-body", source.span(at), key=_OF_ANSWERS)
        return {}
    found: dict[str, MapNode] = {}
    for key, row in rows.items():
        if key not in known:
            findings.add("answer-unknown", source.span(rows.keys_at[key]), key=key)
        elif isinstance(row, MapNode):
            found[key] = row
            for each in (it for it in _BELOW_ANSWER if it in row):
                findings.add("front-matter-body", source.span(row.keys_at[each]), key=each)
        elif row is not None:
            findings.add("not-a-mapping", source.span(rows.values_at[key]))
    return found


def _add(answer: MapNode, more: MapNode) -> None:
    for key, value in more.items():
        if key not in _BELOW_ANSWER:
            answer.put(key, value, more.keys_at[key], more.values_at[key])


def _answer(text: str, at: int, match: re.Match[str], stop: int) -> MapNode:
    answer = MapNode(at)
    answer.put("key", match[1], at, at + match.start(1))
    if match[2]:
        answer.put("accepted", "true", at, at + match.start(2) + 1)
    begin = min(at + match.end() + 1, stop)
    answer.put("body", text[begin:stop], begin, begin)
    return answer


def answer_lines(source: Source, start: int, findings: Findings) -> list[tuple[int, re.Match[str]]]:
    """Return place and match of each line from *start* on that starts an answer.

    A near miss is recorded, and one that an unclosed fence swallows.
    """
    body = source.text[start:]
    if "<" not in body:
        return []
    found: list[tuple[int, re.Match[str]]] = []
    swallowed: list[Line] = []
    fence_at: int | None = None
    blocks = Blocks()
    for line in blocks.walk(body):
        if blocks.left_open() is not Open.FENCE:
            fence_at = None
            swallowed.clear()
        elif fence_at is None:
            fence_at = line.start
        if "<" not in line.text:
            continue
        match = _ANSWER.fullmatch(line.text)
        if line.code:
            if match and fence_at is not None:
                swallowed.append(line)
        elif match and not line.comment:
            found.append((start + line.start, match))
        elif match or _is_near(line.text):
            findings.add("answer-line", source.span(start + line.start))
    if swallowed and fence_at is not None:
        opened = source.span(start + fence_at)
        for line in swallowed:
            at = source.span(start + line.start)
            findings.add("answer-line-swallowed", at, what=_WHAT_OPEN, opened=opened)
    return found


def answer_line(key: str, *, accepted: bool) -> str:
    """Return the line that starts the answer *key*."""
    return f"<!-- answer: {key}{' accepted' if accepted else ''} -->"


def _is_near(line: str) -> bool:
    """Tell whether *line* was meant to start an answer: close in its word and in its form."""
    match = _NEAR.match(line)
    if match is None or "<" not in line[: match.start(1)]:
        return False
    word, rest = match[1].lower(), match[2]
    if SequenceMatcher(None, word, "answer").ratio() < 0.8:
        return False
    if rest.lstrip().startswith((":", "=")):
        return True
    tokens = rest.partition(">")[0].rstrip().rstrip(_DASHES).split()
    return len(tokens) <= 1 or (len(tokens) == 2 and tokens[1].lower().startswith("accept"))
