"""The pages' routes. They need no token, so they answer only to this machine's own names."""

import re
from collections.abc import Awaitable, Callable, Iterable
from functools import cached_property
from urllib.parse import urlencode

from markupsafe import escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from importer.sandbox.markup import LOOPBACK
from importer.sandbox.pages.answering import (
    HEADERS,
    LIVE_HEADERS,
    asset,
    moved,
    plain,
    templates,
)
from importer.sandbox.pages.shown import News, Pager, TagView, counted
from importer.sandbox.pages.views import Viewer
from importer.sandbox.reading import BY_ID, Slice, Where, live
from importer.sandbox.values import Kind, Post, Team
from importer.sandbox.world import World

__all__ = ["Pages"]

_PAGE_SIZE = 20
_LONGEST_PATH = 500
_NO_PAGE = "There is no such page."
_PORT = re.compile(r":\d+$")
_NUMBER = re.compile(r"[0-9]{1,8}")
_PLACES = frozenset(
    ("questions", "q", "a", "articles", "posts", "tags", "search", "users", "collections", "images")
)
_ORDERS = {"newest": "created", "active": "activity", "votes": "score"}

Endpoint = Callable[[Request], Awaitable[Response]]


class Pages:
    """ASGI application that shows a world's teams; with *news* its pages look for newer ones."""

    def __init__(self, world: World, hosts: Iterable[str], news: News | None = None) -> None:
        self._world = world
        self._news = news
        self._hosts = frozenset(host.lower() for host in hosts)

    @cached_property
    def _router(self) -> Router:
        # Not made before the first page is asked for: most worlds of a simulation never are.
        pages: dict[str, Endpoint] = {
            "/": self._home,
            "/assets/site.css": self._stylesheet,
            "/assets/live.js": self._script,
            "/favicon.ico": self._no_icon,
            "/c/{team}": self._to_questions,
            "/c/{team}/questions": self._questions,
            "/c/{team}/questions/tagged/{tag}": self._questions,
            "/c/{team}/questions/{id:int}": self._question,
            "/c/{team}/questions/{id:int}/{slug}": self._question,
            "/c/{team}/questions/{id:int}/{slug}/{answer:int}": self._question,
            "/c/{team}/q/{id:int}": self._short,
            "/c/{team}/a/{id:int}": self._short,
            "/c/{team}/articles": self._articles,
            "/c/{team}/articles/{id:int}": self._article,
            "/c/{team}/articles/{id:int}/{slug}": self._article,
            "/c/{team}/posts/{id:int}/revisions": self._revisions,
            "/c/{team}/collections": self._collections,
            "/c/{team}/collections/{id:int}": self._collection,
            "/c/{team}/collections/{id:int}/{slug}": self._collection,
            "/c/{team}/images/a/{name}": self._image,
            "/c/{team}/tags": self._tags,
            "/c/{team}/search": self._search,
            "/c/{team}/users": self._users,
            "/c/{team}/users/{id:int}": self._user,
            "/c/{team}/users/{id:int}/portrait.svg": self._portrait,
            "/c/{team}/users/{id:int}/{slug}": self._user,
        }
        routes = [Route(path, page, methods=["GET"]) for path, page in pages.items()]
        return Router(routes, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if len(scope["path"]) > _LONGEST_PATH:
            await plain(_NO_PAGE, 404)(scope, receive, send)
            return
        if not self.is_ours(Request(scope)):
            response = plain("This address isn't one of the sandbox's own.", 421)
            await response(scope, receive, send)
            return
        scope["path"] = self._place(scope["path"].rstrip("/") or "/")
        scope["app"] = self
        try:
            await self._router(scope, receive, send)
        except HTTPException as error:
            why = error.detail if error.status_code == 404 else "Pages can only be read."
            why = _NO_PAGE if why == "Not Found" else why
            page = self._page("missing.html", status=error.status_code, why=why)
            await page(scope, receive, send)

    def _place(self, path: str) -> str:
        """Give a page's address with its team in it; an Enterprise main site's need none."""
        main = self._world.main_site() if path.split("/")[1] in _PLACES else None
        return path if main is None else f"/c/{main.slug}{path}"

    def is_ours(self, request: Request) -> bool:
        """Refuse names that somebody else could have pointed at this machine."""
        host = _PORT.sub("", request.headers.get("host", "")).strip("[]").lower()
        return host in self._hosts or LOOPBACK.fullmatch(host) is not None

    def _page(
        self, name: str, *, status: int = 200, team: Team | None = None, **shown: object
    ) -> Response:
        here = {"team": team, "place": name.removesuffix(".html"), "query": "", "news": self._news}
        html = templates().get_template(name).render({**here, **shown})
        return HTMLResponse(html, status, headers=LIVE_HEADERS if self._news else HEADERS)

    def _team(self, request: Request) -> Team:
        team = self._world.find_team(request.path_params["team"])
        if team is None:
            raise HTTPException(404, "There is no such team here.")
        return team

    def _post(self, request: Request, *kinds: Kind) -> Post:
        where = live(self._team(request), *kinds).also("id = ?", _id(request, "id"))
        found = self._world.select_posts(where, BY_ID)
        if not found:
            raise HTTPException(404, "This page was deleted, or there never was one.")
        return found[0]

    async def _home(self, _: Request) -> Response:
        teams = [
            (team, self._world.count_posts(live(team, "question"))) for team in self._world.teams()
        ]
        return self._page("home.html", teams=teams)

    async def _stylesheet(self, _: Request) -> Response:
        return Response(asset("site.css"), media_type="text/css", headers=HEADERS)

    async def _script(self, _: Request) -> Response:
        return Response(asset("live.js"), media_type="text/javascript", headers=HEADERS)

    async def _no_icon(self, _: Request) -> Response:
        return Response(status_code=204, headers=HEADERS)

    async def _to_questions(self, request: Request) -> Response:
        return moved(f"{self._team(request).path}/questions")

    async def _questions(self, request: Request) -> Response:
        team, tag = self._team(request), request.path_params.get("tag")
        where = live(team, "question")
        about = None
        if tag is not None:
            ids = self._world.tag_ids(team.id, [tag])
            about = next((t for t in self._world.tags(team.slug) if t.id in ids), None)
            where.also("id IN (SELECT post_id FROM post_tags WHERE tag_id = ?)", *ids or [0])
        experts = self._world.behaviour.experts
        shown = Viewer(self._world, team).tag(about, (), experts=experts) if about else None
        title = f"Questions tagged {tag}" if tag else "Questions"
        return self._list(request, where, title=title, tag=shown, place="questions")

    async def _articles(self, request: Request) -> Response:
        where = live(self._team(request), "article")
        return self._list(request, where, title="Articles", place="articles", noun="article")

    async def _search(self, request: Request) -> Response:
        team, query = self._team(request), request.query_params.get("q", "").strip()
        where = live(team, "question", "article")
        for word in query.casefold().split()[:10]:
            answers = (
                "id IN (SELECT parent_id FROM posts WHERE deleted IS NULL"
                " AND instr(folded(body), ?) > 0)"
            )
            own = "instr(folded(title), ?) > 0 OR instr(folded(body), ?) > 0"
            where.also(f"({own} OR {answers})", word, word, word)
        title = f"Search: {query}" if query else "Search"
        return self._list(request, where, title=title, place="search", noun="result", query=query)

    def _list(
        self,
        request: Request,
        where: Where,
        *,
        title: str,
        place: str,
        noun: str = "question",
        tag: TagView | None = None,
        query: str = "",
    ) -> Response:
        team, world = self._team(request), self._world
        sort = request.query_params.get("sort", "newest")
        sort = sort if sort in _ORDERS else "newest"
        total = world.count_posts(where)
        pages = max(1, -(-total // _PAGE_SIZE))
        page = min(_page_number(request), pages)
        part = Slice(_ORDERS[sort], limit=_PAGE_SIZE, offset=(page - 1) * _PAGE_SIZE)
        rows = Viewer(world, team).rows(world.select_posts(where, part))
        tabs = [(name, _again(request, sort=name), name == sort) for name in _ORDERS]
        return self._page(
            "list.html",
            team=team,
            rows=rows,
            total=counted(total, noun),
            tabs=tabs,
            pager=Pager(page, pages, f"{_again(request, sort=sort)}&"),
            title=title,
            place=place,
            tag=tag,
            query=query,
        )

    async def _question(self, request: Request) -> Response:
        question = self._post(request, "question")
        viewer = Viewer(self._world, self._team(request))
        if "slug" not in request.path_params:
            return moved(viewer.url(question))
        answers = self._world.answers_to([question.id]).get(question.id, [])
        answers.sort(key=lambda a: (a.id != question.accepted_id, -a.score, a.id))
        shown = [viewer.post(answer, question) for answer in answers]
        return self._page(
            "post.html",
            team=self._team(request),
            place="questions",
            post=viewer.post(question),
            answers=shown,
        )

    async def _short(self, request: Request) -> Response:
        post = self._post(request, "question", "answer", "article")
        question = self._world.post(post.question_id)
        return moved(Viewer(self._world, self._team(request)).url(post, question))

    async def _article(self, request: Request) -> Response:
        article = self._post(request, "article")
        viewer = Viewer(self._world, self._team(request))
        if "slug" not in request.path_params:
            return moved(viewer.url(article))
        return self._page(
            "post.html",
            team=self._team(request),
            place="articles",
            post=viewer.post(article),
            answers=None,
        )

    async def _revisions(self, request: Request) -> Response:
        post, team = self._post(request, "question", "answer", "article"), self._team(request)
        viewer = Viewer(self._world, team)
        shown = [viewer.revision(revision) for revision in self._world.revisions(post.id)]
        question = self._world.post(post.question_id)
        return self._page(
            "revisions.html",
            team=team,
            post=viewer.post(post, question if post.parent_id else None),
            revisions=shown[::-1],
        )

    async def _tags(self, request: Request) -> Response:
        team = self._team(request)
        viewer, masters = Viewer(self._world, team), self._world.masters(team.id)
        shown = [
            viewer.tag(tag, sorted(name for name, master in masters.items() if master == tag.name))
            for tag in self._world.tags(team.slug)
            if tag.name not in masters or tag.count
        ]
        return self._page("tags.html", team=team, tags=shown)

    async def _users(self, request: Request) -> Response:
        team = self._team(request)
        viewer = Viewer(self._world, team)
        people = [viewer.member(user) for user in self._world.users(team.slug)]
        groups = [viewer.group(group) for group in self._world.groups(team.slug)]
        return self._page("users.html", team=team, people=people, groups=groups)

    async def _collections(self, request: Request) -> Response:
        team = self._team(request)
        viewer = Viewer(self._world, team)
        shown = [viewer.collection(found) for found in self._world.collections(team.slug)[::-1]]
        return self._page("collections.html", team=team, collections=shown)

    async def _collection(self, request: Request) -> Response:
        team, found = self._team(request), self._world.collection(_id(request, "id"))
        if found is None or found.team_id != team.id or found.deleted is not None:
            raise HTTPException(404, "This collection was deleted, or there never was one.")
        shown = Viewer(self._world, team).collection(found)
        if "slug" not in request.path_params:
            return moved(shown.url)
        return self._page("collection.html", team=team, place="collections", collection=shown)

    async def _image(self, request: Request) -> Response:
        team, name = self._team(request), request.path_params["name"]
        found = self._world.image(name.partition(".")[0])
        if found is None or found.team_id != team.id or found.file_name != name:
            raise HTTPException(404, "There is no such image.")
        content = self._world.image_content(found.id)
        return Response(content, media_type=found.media_type, headers=HEADERS)

    async def _user(self, request: Request) -> Response:
        team = self._team(request)
        user = self._world.find_user(_id(request, "id"))
        if user is None or user.team_id != team.id:
            raise HTTPException(404, "There is no such member.")
        where = live(team, "question", "article").also("owner_id = ?", user.id)
        return self._list(request, where, title=f"Posts of {user.name}", place="users", noun="post")

    async def _portrait(self, request: Request) -> Response:
        user = self._world.find_user(_id(request, "id"))
        letter = escape((user.name if user else "?")[:1].upper())
        hue = (_id(request, "id") * 137) % 360
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
            f'<rect width="64" height="64" fill="hsl({hue},45%,42%)"/>'
            '<text x="32" y="33" fill="#fff" font-family="sans-serif" font-size="34"'
            f' text-anchor="middle" dominant-baseline="central">{letter}</text></svg>'
        )
        return Response(svg, media_type="image/svg+xml", headers=HEADERS)


def _id(request: Request, name: str) -> int:
    found = int(request.path_params[name])
    return found if found < 2**62 else 0


def _page_number(request: Request) -> int:
    given = request.query_params.get("page", "1")
    return max(int(given), 1) if _NUMBER.fullmatch(given) else 1


def _again(request: Request, *, sort: str) -> str:
    """Give the query that asks for the same list in an order, from its first page."""
    kept = {"q": request.query_params["q"]} if "q" in request.query_params else {}
    return "?" + urlencode({**kept, "sort": sort})
