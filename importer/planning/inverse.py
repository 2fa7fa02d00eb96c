"""The plan that takes a run back: the journal's operations and the live team in, a plan out.

the run       the live post                                 then
created it    is gone                                       nothing; its key is forgotten
              is ours, as the run left it, nobody else
              engaged                                       deleted, its accepted mark first
              is an answer to a question that the run
              created, and that stays                       blocked, and keeps its mark
              anything else                                 blocked
edited it     says what it said before                      nothing
              says what the run wrote                       what stood before is restored
              anything else, or is gone                     blocked
accepted it   bears the mark                                the mark goes back where it was
put a marker  bears that, and no later run wrote it         it is taken off; the texts stay
named experts has those                                     those before are set
uploaded it   (an image)                                    nothing: no API deletes it
deleted it    is gone                                       a manual step: no API call undeletes
              was a double of another                       a manual step as well
              is there again                                nothing

No guard: guards stand against a manifest that isn't what its author believes (files lost, a foreign
namespace). Each write here takes back one that was shown, guarded and confirmed; what others have
built upon it since is blocked post by post.
"""

from collections.abc import Mapping, Sequence

from importer.model.fields import Value, rides_with_post
from importer.model.ids import Field, Kind, Ref, RunId, Verb
from importer.model.ledger import Ledger, Operation, State
from importer.model.live import Ability, Rates, Snapshot
from importer.model.manifest import Footer
from importer.model.plan import Change, Decisions, ManualStep, Plan
from importer.planning.abilities import Abilities
from importer.planning.authoring import NO_AUTHORING, in_writers_names
from importer.planning.cost import cost_of, held_in, singly_read
from importer.planning.objections import OPEN
from importer.planning.standing import Standing
from importer.planning.tags import tags_left
from importer.planning.traces import Trace, last_runs, traces_of
from importer.planning.undo_creates import Creates
from importer.planning.undo_draft import UndoDraft
from importer.planning.undo_edits import Edits
from importer.planning.undo_marks import Marks, in_turn
from importer.planning.unreached import told_unreached
from importer.text.digests import Digest

__all__ = ["make_inverse"]


def make_inverse(
    run: RunId,
    history: Sequence[Operation],
    texts: Mapping[Digest, Value],
    snapshot: Snapshot,
    ledger: Ledger,
    *,
    namespace: str,
    team: str,
    ability: Abilities,
    rates: Rates,
    authoring: Ability = NO_AUTHORING,
    footer: Footer | None = None,
) -> Plan:
    """Return the plan that takes *run* back. *history* holds all operations, oldest first.

    *authoring* tells whether posts can be written in somebody else's name. *footer*, with the
    address that it leads to, is what posts bear; None: a comment.
    """
    traces, draft = _take_back(run, history, texts, snapshot, ledger, ability, namespace)
    ours = ledger.authors | {it.author for it in traces}
    changes = in_turn(in_writers_names(draft.changes, snapshot, ours, authoring))
    return Plan(
        lineage=ledger.lineage,
        serial=ledger.serial,
        namespace=namespace,
        team=team,
        site=snapshot.site.base,
        manifest=Digest(""),
        decisions=Decisions(),
        changes=changes,
        blocked=told_unreached(draft.blocked, ability),
        manual=tuple(draft.manual),
        released=tuple(sorted(draft.released)),
        cost=cost_of(changes, rates, held_in(snapshot), singly_read(snapshot)),
        managed=len(ledger.bindings),
        unchanged=draft.unchanged,
        notes=_notes(draft.gone, draft.images, changes, snapshot),
        undoes=run,
        footer=footer,
    )


def _take_back(
    run: RunId,
    history: Sequence[Operation],
    texts: Mapping[Digest, Value],
    snapshot: Snapshot,
    ledger: Ledger,
    ability: Abilities,
    namespace: str,
) -> tuple[Sequence[Trace], UndoDraft]:
    """Go through the run backwards: what was written last is taken back first."""
    start = next((at for at, it in enumerate(history) if it.run == run), len(history))
    done = [it for it in history if it.state is State.DONE]
    earlier = [it for it in history[:start] if it.state is State.DONE]
    later = last_runs(it for it in history[start:] if it.run != run)
    traces = traces_of(it for it in history[start:] if it.run == run)
    draft = UndoDraft(Standing(snapshot, ledger, ability, later=later, ever=done))
    marks = Marks(draft, traces, earlier)
    made = {it.ref: it.author for it in done if it.verb is Verb.CREATE and it.ref}
    creates = Creates(draft, marks, made)
    edits = Edits(draft, marks, texts, namespace)
    open_keys = {it.key for it in ledger.open}
    for trace in reversed(traces):
        if trace.key in open_keys or trace.ref is None:
            draft.block(trace, trace.key, None, OPEN)
        elif trace.kind is Kind.IMAGE:
            draft.images += 1
        elif Verb.CREATE in trace.verbs:
            creates.delete(trace, trace.ref)
        elif Verb.DELETE in trace.verbs:
            _undelete(draft, trace, trace.ref, texts)
        else:
            edits.restore(trace, trace.ref)
    creates.keep_with_questions(traces)
    return traces, draft


def _undelete(draft: UndoDraft, trace: Trace, ref: Ref, texts: Mapping[Digest, Value]) -> None:
    bound = draft.now.by_key.get(trace.key)
    has_another = bound is not None and bound.ref != ref
    # What the audit removed as a double was deleted without a word of what it said.
    is_double = not any(row.field in trace.fields for row in rides_with_post(ref.kind))
    if draft.now.live(ref) or (has_another and not is_double):
        draft.unchanged += 1
        return
    if is_double:
        counts = f" ({bound.ref})" if bound is not None and has_another else ""
        what = f"undelete {ref} on the site, a double of its key's post{counts}, if it is wanted"
    else:
        before = trace.fields[Field.TITLE].before if Field.TITLE in trace.fields else None
        title = f' "{texts[before]}"' if before and before in texts else ""
        what = f"undelete the {ref.kind}{title} on the site (apply posts it anew, if it is wanted)"
    draft.manual.append(ManualStep(trace.key, what, draft.now.snapshot.site.address(ref)))


def _notes(
    gone: int, images: int, changes: Sequence[Change], snapshot: Snapshot
) -> tuple[str, ...]:
    notes = []
    if gone:
        posts = "1 post" if gone == 1 else f"{gone} posts"
        notes.append(f"{posts} that this run created: gone already, nothing to do.")
    if images:
        stay = "1 image stays" if images == 1 else f"{images} images stay"
        notes.append(
            f"{stay} on the site: no API deletes an image. A later apply uses what is there."
        )
    if left := tags_left(changes, snapshot):
        notes.append(left)
    return tuple(notes)
