"""The v3 routes of questions, answers and what stands under both."""

from collections.abc import Callable

from importer.sandbox.reading import Where
from importer.sandbox.v3.calls import Call, Route
from importer.sandbox.v3.forms import ANSWER, QUESTION
from importer.sandbox.v3.lens import Json
from importer.sandbox.v3.params import Filter, Listing
from importer.sandbox.v3.problems import gone
from importer.sandbox.values import Kind

__all__ = ["AUTHORED", "ROUTES", "authored", "comments", "deletion", "tagged"]

AUTHORED = (
    Filter("tagId", "ids"),
    Filter("authorId", "id"),
    Filter("from", "moment"),
    Filter("to", "moment"),
)
_QUESTIONS = Listing(
    {"activity": "activity", "creation": "created", "score": "score"},
    (
        Filter("isAnswered", "flag"),
        Filter("hasAcceptedAnswer", "flag"),
        Filter("questionId", "ids"),
        *AUTHORED,
    ),
)
_ANSWERS = Listing(
    {"score": "score", "modified": "coalesce(edited, created)", "creation": "created"}
)
_ONE = "questions/{questionId}"
_REPLY = "questions/{questionId}/answers/{answerId}"


def tagged(where: Where, tag_ids: list[int]) -> Where:
    """Ask for posts with any of these tags; for all posts without any."""
    if not tag_ids:
        return where
    marks = ", ".join("?" * len(tag_ids))
    sql = f"posts.id IN (SELECT post_id FROM post_tags WHERE tag_id IN ({marks}))"  # noqa: S608 - question marks
    return where.also(sql, *tag_ids)


def authored(call: Call, where: Where) -> Where:
    """Add the filters that lists of questions and of articles share; dates are inclusive."""
    query = call.query
    where = tagged(where, query.numbers("tagId"))
    if (author := query.number("authorId")) is not None:
        where.also("owner_id = ?", author)
    for name, sign in (("from", ">="), ("to", "<=")):
        if (moment := query.moment(name)) is not None:
            where.also(f"created {sign} ?", moment)
    return where


def _list(call: Call) -> Json:
    query = call.query
    where = authored(call, call.listable("question"))
    if ids := query.numbers("questionId"):
        where.among("posts.id", ids)
    if (accepted := query.flag("hasAcceptedAnswer")) is not None:
        where.also(f"accepted_id IS {'NOT ' if accepted else ''}NULL")
    if (answered := query.flag("isAnswered")) is not None:
        least = " AND a.score > 0" if call.world.behaviour.v3_answered == "upvoted" else ""
        sql = f"SELECT 1 FROM posts AS a WHERE a.parent_id = posts.id AND a.deleted IS NULL{least}"  # noqa: S608 - own text
        where.also(f"{'' if answered else 'NOT '}EXISTS ({sql})")
    world = call.world
    return call.listed("QuestionSummary", world.select_posts, world.count_posts, where, _QUESTIONS)


def _question(call: Call) -> Json:
    return call.lens().show("Question", call.post("question"))


def _ask(call: Call) -> Json:
    form = call.form
    asked = call.world.ask(call.user, title=form["title"], body=form["body"], tags=form["tags"])
    return call.lens().show("Question", asked)


def _edit_question(call: Call) -> Json:
    post, form = call.post("question", deleted=False), call.form
    edited = call.world.edit(
        call.user, post.id, title=form["title"], body=form["body"], tags=form["tags"]
    )
    return call.lens().show("Question", edited)


def deletion(kind: Kind) -> Callable[[Call], None]:
    """Make what deletes a post; softly, and once only. Observed."""

    def delete(call: Call) -> None:
        post = call.post(kind, deleted=True)
        if post.deleted is not None:
            raise gone(kind)
        call.world.delete(call.user, post.id)

    return delete


def comments(kind: Kind) -> Callable[[Call], list[Json]]:
    """Make what lists a post's comments: a bare array, oldest first. Documented."""

    def run(call: Call) -> list[Json]:
        post = call.post(kind)
        return call.lens().show_all("Comment", call.world.comments(post.id))

    return run


def _answers(call: Call) -> Json:
    question = call.post("question")
    where = call.listable("answer").also("parent_id = ?", question.id)
    world = call.world
    return call.listed("AnswerSummary", world.select_posts, world.count_posts, where, _ANSWERS)


def _answer(call: Call) -> Json:
    call.post("question")
    return call.lens().show("Answer", call.post("answer"))


def _reply(call: Call) -> Json:
    question = call.post("question", deleted=False)
    answer = call.world.answer(call.user, question.id, body=call.form["body"])
    return call.lens().show("Answer", answer)


def _edit_answer(call: Call) -> Json:
    answer = call.post("answer", deleted=False)
    edited = call.world.edit(call.user, answer.id, body=call.form["body"])
    return call.lens().show("Answer", edited)


def _accept(call: Call) -> Json:
    answer = call.post("answer", deleted=False)
    accepted = call.world.accept(call.user, answer.id, as_moderator=True)
    return call.lens().show("AnswerSummary", accepted)


def _unaccept(call: Call) -> Json:
    answer = call.post("answer", deleted=False)
    answer = call.world.unaccept(call.user, answer.id, as_moderator=True)
    return call.lens().show("AnswerSummary", answer)


ROUTES = (
    Route("GET", "questions", _list, "QuestionSummary", listing=_QUESTIONS, refuses=()),
    Route("POST", "questions", _ask, "Question", 201, "write", QUESTION, refuses=()),
    Route("GET", _ONE, _question, "Question"),
    Route("PUT", _ONE, _edit_question, "Question", 200, "write", QUESTION),
    Route("DELETE", _ONE, deletion("question"), status=204, access="write"),
    Route("GET", f"{_ONE}/comments", comments("question"), "[Comment]"),
    Route("GET", f"{_ONE}/answers", _answers, "AnswerSummary", listing=_ANSWERS),
    Route("POST", f"{_ONE}/answers", _reply, "Answer", 201, "write", ANSWER, noun="answer"),
    Route("GET", _REPLY, _answer, "Answer", noun="answer"),
    Route("PUT", _REPLY, _edit_answer, "Answer", 200, "write", ANSWER, noun="answer"),
    Route("DELETE", _REPLY, deletion("answer"), status=204, access="write", noun="answer"),
    Route("GET", f"{_REPLY}/comments", comments("answer"), "[Comment]", noun="answer"),
    Route("POST", f"{_REPLY}/accept", _accept, "AnswerSummary", access="write", noun="answer"),
    Route("DELETE", f"{_REPLY}/accept", _unaccept, "AnswerSummary", access="write", noun="answer"),
)
