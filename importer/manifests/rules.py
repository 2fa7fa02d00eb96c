"""THE table of findings: each rule's stable id, its text, and what to do about it.

Texts are templates over facts; facts come from the author's files and are made harmless here.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from importer.errors import Problem, Severity, Span

__all__ = ["RULES", "Findings", "Rule", "escaped", "shown"]

_SHOWN_LENGTH = 100
_MANY = 10_000
# Facts that are our own words and places: cut short, they would say something else.
_WHOLE = frozenset({"hint", "remedy", "first", "opened"})


@dataclass(frozen=True, slots=True)
class Rule:
    """`text` and `remedy` are `str.format` templates over the same facts."""

    name: str
    text: str
    remedy: str
    severity: Severity = Severity.ERROR


_QUOTE = "Put the value in quotes."
_TABLE = (
    # Files
    Rule("file-missing", "there is no file `{path}`", "Correct the path or add the file."),
    Rule("file-unreadable", "`{path}` can't be read: {why}", "Make it readable for you."),
    Rule(
        "file-special",
        "`{path}` is not a regular file",
        "Name a regular file: folders, pipes, sockets and devices are never read.",
    ),
    Rule(
        "file-too-large",
        "`{path}` is larger than {limit} MB",
        "Split it into several files and list them under `include`.",
    ),
    Rule(
        "path-leaves",
        "`{path}` leads out of the manifest's folder",
        "Keep every file below the folder of the manifest; absolute paths, `..` beyond it and links"
        " that lead out of it are refused.",
    ),
    Rule(
        "path-name",
        "the path `{path}` can't be used",
        "Use `/` between folders and names in UTF-8, relative to the file that names them.",
    ),
    Rule(
        "path-clash",
        "`{path}` and `{other}` differ only in upper and lower case or in composed letters",
        "Rename one of them: on other machines they are the same file.",
    ),
    Rule(
        "include-nothing",
        "`{pattern}` matches no file",
        "Correct the pattern or take it out. `**` stands for any folders, names that start with a"
        " dot match only a pattern that does.",
    ),
    Rule(
        "include-kind",
        "`{path}` is neither YAML nor Markdown",
        "Narrow the pattern, e.g. to `**/*.md`; read are .yaml, .yml, .md and .markdown.",
    ),
    Rule(
        "file-twice",
        "`{path}` is both an included file and a `body_file`",
        "Move it out of the reach of `include`, or don't name it under `body_file`.",
    ),
    # Characters
    Rule(
        "encoding",
        "this is not UTF-8 (byte {byte} of the file)",
        "Save the file as UTF-8; UTF-16, UTF-32 and Latin-1 are refused.",
    ),
    Rule(
        "control-character",
        "the character {character} must not stand here",
        "Take it out. It can't be seen and can change what a reader or a terminal shows.",
    ),
    Rule(
        "tab",
        "a tab stands outside a block of text",
        "Use blanks. Inside quotes write \\t; in a body under `|` tabs are fine.",
    ),
    # YAML
    Rule("yaml-syntax", "this is not valid YAML: {why}", "{remedy}"),
    Rule("yaml-empty", "the file says nothing", "{hint}"),
    Rule(
        "yaml-directive",
        "the directive `{directive}` is not allowed",
        "Take it out; the files are YAML 1.2 as they are.",
    ),
    Rule(
        "yaml-documents",
        "a second YAML document starts here",
        "Split the file in two and list both under `include`.",
    ),
    Rule("yaml-tag", "the YAML tag `{tag}` is not allowed", f"Take it out. {_QUOTE}"),
    Rule(
        "yaml-merge",
        "the merge key `<<` is not allowed",
        "Write the keys out, or use `defaults`.",
    ),
    Rule("yaml-alias", "there is no anchor `&{name}` before this", "Write the value itself."),
    Rule("yaml-cycle", "`*{name}` stands inside its own anchor", "Write the value itself."),
    Rule(
        "yaml-depth",
        "values are nested more than {limit} deep",
        "Take out the brackets or blanks too many.",
    ),
    Rule(
        "yaml-expanded",
        "the file has too many values, aliases expanded",
        "Split it into several files, and write values out where aliases point to aliases.",
    ),
    Rule("key-not-text", "a key must be a plain word", "Write `name: value`."),
    Rule(
        "duplicate-key",
        "`{key}` stands here a second time; the first is at {first}",
        "Keep one of the two.",
    ),
    Rule(
        "empty-value",
        "there is no value",
        'Give it one or take the line out. For the word itself write "null" in quotes.',
    ),
    Rule(
        "cut-by-comment",
        "everything from ` #` on is a comment: the value ends before it",
        f"{_QUOTE} A comment goes on a line of its own.",
    ),
    # Documents
    Rule("unknown-key", "the key `{key}` is not known here", "{hint}"),
    Rule(
        "connection-key",
        "`{key}` does not belong into a manifest",
        "{hint}",
    ),
    Rule("missing-key", "the key `{key}` is missing", "Add `{key}:`{hint}."),
    Rule("newer-version", "version {version} is not known", "Write `version: 1`, or update."),
    Rule("not-text", "this must be text", _QUOTE),
    Rule("not-a-list", "this must be a list", "Write `[one, two]`, or one line each with `- `."),
    Rule("not-a-mapping", "this must have keys", "Write `key: value` pairs below it."),
    Rule("not-a-flag", "this must be `true` or `false`", "Write one of the two, in lower case."),
    Rule(
        "not-a-number",
        "this must be a whole number{bounds}",
        "Write it in decimal digits, without quotes, sign or leading zero.",
    ),
    Rule("not-one-of", "this must be one of {expected}", "Write one of them."),
    Rule("not-one-line", "this must be a single line", "Join it, and take tabs out."),
    Rule("invalid-value", "this value can't be used: {why}", "Correct it."),
    Rule(
        "key-grammar",
        "`{key}` is not a key",
        "Keys are lower case: segments of a-z and 0-9, inside them single `.`, `_` or `-`; between"
        " them `/`; at most 100 characters.{hint}",
    ),
    Rule(
        "old-key-grammar",
        "`{key}` is not an old key",
        "Write `old/key`, or `other-namespace:old/key`; of an answer its old key alone, or"
        " `question#answer`.",
    ),
    Rule(
        "team-grammar", "`{team}` is not the short name of a team", "Copy it from the team's URL."
    ),
    Rule(
        "footer-address",
        "`{address}` can't be what a footer leads to",
        "Write a whole address, https://..., without blanks, brackets, `&`, `@` and `#`.",
    ),
    Rule(
        "digest-grammar",
        "this is not a digest",
        "Copy the 8 characters that `teams-importer pull` writes; a-z and 2-7.",
    ),
    # Markdown files
    Rule(
        "front-matter-missing",
        "the file doesn't start with front matter",
        "Start it with a line `---`, then `key:` and `title:`, then `---`. A `body_file` has none:"
        " keep it out of the reach of `include`.",
    ),
    Rule(
        "front-matter-open",
        "the front matter is never closed",
        "End it with a line `---`.",
    ),
    Rule(
        "front-matter-body",
        "`{key}` does not belong into front matter",
        "Write the body below the second `---`, and each answer below a line"
        " `<!-- answer: KEY -->`.",
    ),
    Rule(
        "answer-unknown",
        "no answer of this file has the key `{key}`",
        "Correct the key, or take this out: an answer starts at a line `<!-- answer: KEY -->`.",
    ),
    Rule(
        "answer-line",
        "this looks like the start of an answer and isn't one",
        "Write `<!-- answer: KEY -->` or `<!-- answer: KEY accepted -->` in column 1, alone on its"
        " line. To show it as text, put it into a fenced code block.",
    ),
    Rule(
        "answer-line-swallowed",
        "this start of an answer stands inside {what} that is never closed",
        "Close it before; it opens at {opened}.",
    ),
    Rule(
        "answer-line-misplaced",
        "an answer can't start here",
        "Only a question's own Markdown file holds answers: {hint}.",
    ),
    # Items
    Rule(
        "duplicate-item",
        "the key `{key}` is already taken at {first}",
        "Give one of them another key.",
    ),
    Rule(
        "duplicate-tag",
        "the tag `{name}` is already described at {first}",
        "Keep one of the two.",
    ),
    Rule(
        "duplicate-id",
        "the post {id} is already bound at {first}",
        "Keep one of the two: a post belongs to one item.",
    ),
    Rule(
        "removed-item",
        "`{key}` is listed under `removed` and is still there, at {first}",
        "Take one of the two out.",
    ),
    Rule(
        "old-key-clash",
        "the old key `{key}` is also {what}, at {first}",
        "An old key names one post that has exactly one successor. Take one of the two out.",
    ),
    Rule(
        "equal-title",
        "the same title stands at {first}",
        "Let each title say what is different.",
        Severity.WARNING,
    ),
    Rule("body-missing", "there is no body", "Add `body:` or `body_file:`."),
    Rule("body-twice", "there are both `body` and `body_file`", "Keep one of the two."),
    Rule("answers-twice", "there are both `answer` and `answers`", "Keep one of the two."),
    Rule("accepted-twice", "another answer is accepted already, at {first}", "Accept one of them."),
    Rule("editors-missing", "there are no editors", "Name some under `users:` or `groups:`."),
    Rule(
        "editors-unheard",
        "editors are named, and `{editable_by}` doesn't ask for any",
        "Write `editable_by: specific-editors`, or take `users:` and `groups:` out.",
    ),
    Rule("unknown-item", "there is no item `{key}`", "Correct the key{hint}."),
    Rule(
        "item-collection",
        "`{key}` is a collection, and a collection can't hold one, nor itself",
        "Name its questions and articles one by one, or take it out.",
    ),
    Rule(
        "item-twice", "`{key}` is in this collection already, at {first}", "Take one of them out."
    ),
    Rule("too-many-items", "the manifest has more than {limit} items", "Split it in two."),
    # Values
    Rule(
        "title-length",
        "the title's length is {length}; {low} to {high} characters are allowed",
        "{hint}",
    ),
    Rule(
        "body-length",
        "the body's length is {length}; {low} to {high} characters are allowed",
        "{hint}",
    ),
    Rule("body-empty", "the body is empty", "Write one."),
    Rule("tag-count", "the number of tags is {length}; {low} to {high} are allowed", "{hint}"),
    Rule(
        "tag-length",
        "the length of the tag `{name}` is {length}; at most {high} characters are allowed",
        "{hint}",
    ),
    Rule(
        "tag-alphabet",
        "the tag `{name}` has a character that tags can't have",
        "Use a-z, 0-9, `+`, `#`, `-` and `.`; write `-` for a blank.",
    ),
    Rule(
        "tag-case",
        "the tag `{name}` will be `{lower}`: tags are lower case",
        "Write `{lower}`.",
        Severity.WARNING,
    ),
    # Bodies
    Rule(
        "body-open",
        "the body ends inside {what} that opens here",
        "Close it: it would swallow the hidden last line that says whose post it is.",
    ),
    Rule(
        "marker-line",
        "a line is the tool's own marker",
        "Take the line out; the tool writes it. To show it as text, put it into a fenced code"
        " block.",
    ),
    Rule(
        "conflict-marker",
        "a conflict is still to be settled here",
        "Choose between the two sides, and take out the lines that begin with `<<<<<<<`, `|||||||`,"
        " `=======` and `>>>>>>>`. To show them as text, put them into a fenced code block.",
    ),
    Rule("link-key", "the link leads to `{key}`, and there is no such item", "Correct it{hint}."),
    Rule(
        "link-file",
        "the link leads to `{path}`, and no item stands in such a file",
        "Correct the path (it is relative to this file){hint}, or link by key: `key:path/key`.",
    ),
    Rule(
        "link-ambiguous",
        "the link leads to `{path}`, the body of several items",
        "Link by key: `key:path/key`.",
    ),
    Rule(
        "link-leaves",
        "the link `{path}` leads out of the manifest's folder",
        "Link to an item by key, or to a page by its whole URL.",
    ),
    Rule(
        "link-relative",
        "the relative link `{path}` leads to no item; on the site it leads nowhere",
        "Link by key or by a whole URL.",
        Severity.WARNING,
    ),
    Rule(
        "image-address",
        "the image is at `{address}`, where no reader of the site finds it",
        "Keep it below the manifest's folder and name it by its path from this file,"
        " `![...](img/flow.png)`: it is uploaded then; or give its whole URL.",
    ),
    Rule(
        "image-tag",
        "the tag <img> shows `{path}`, and is sent as it is: no reader of the site sees that file",
        "Write `![...]({path})`: such an image is uploaded; or give its whole URL. To show the tag"
        " as text, put it into code.",
    ),
    Rule(
        "image-type",
        "`{path}` is no image that can be uploaded",
        "Save it as png, jpeg, gif, bmp or webp: what counts is the content, not the name.",
    ),
    Rule(
        "image-broken",
        "`{path}` begins as a {type} does, and breaks off before its end or says no size",
        "Save the image anew: the file is cut off or damaged.",
    ),
    Rule(
        "image-too-large",
        "the image `{path}` is larger than {limit} MiB",
        "Make it smaller, or put it on a server that the readers reach and give its URL.",
    ),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.name: rule for rule in _TABLE})


def shown(text: str) -> str:
    """Return *text* short and with everything that can't be seen written as an escape."""
    if len(text) > _SHOWN_LENGTH:
        text = f"{text[:_SHOWN_LENGTH]}..."
    return escaped(text)


def escaped(text: str) -> str:
    """Return *text* with everything that can't be seen written as an escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


class Findings:
    """Collects the problems of all files, so that an author mends a manifest once.

    Of one rule and file at most 10,000 are kept: a hostile file can't fill the memory.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(
        self,
        rule_name: str,
        span: Span,
        facts: Mapping[str, object] | None = None,
        *,
        severity: Severity | None = None,
        **more: object,
    ) -> None:
        """Record a finding of a rule at *span*; *severity* overrides the rule's own."""
        self._counts[rule_name, span.path] += 1
        if self._counts[rule_name, span.path] > _MANY:
            return
        rule = RULES[rule_name]
        harmless = {
            key: escaped(str(fact)) if key in _WHOLE else shown(str(fact))
            for key, fact in {**(facts or {}), **more}.items()
        }
        text, remedy = rule.text.format(**harmless), rule.remedy.format(**harmless)
        self.problems.append(Problem(rule_name, text, span, remedy, severity or rule.severity))

    @property
    def failed(self) -> bool:
        """Tell whether one of the findings is an error."""
        return any(problem.severity is Severity.ERROR for problem in self.problems)
