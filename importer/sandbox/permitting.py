"""Who may edit an article: what its owner says, and who may say so."""

from importer.sandbox.rules import Rule, RuleBroken
from importer.sandbox.sharing import Sharing
from importer.sandbox.values import EDITABLE_BY, Permissions, Post, Shares, User

__all__ = ["Permitting"]


class Permitting(Sharing):
    """What members do with articles' permissions; raises `RuleBroken` when refused."""

    def given_permissions(self, given: Permissions | None) -> Permissions | None:
        """Give what a write asks for, in an API that knows permissions; None leaves them alone."""
        if given is not None:
            return given
        match self.behaviour.absent_permissions:
            case "kept":
                return None
            case "reset":
                return Permissions()
            case "refused":
                text = "The Permissions field is required."
                raise RuleBroken(Rule.PERMISSIONS_MISSING, text)

    def _permit(self, by: User, article: Post, wanted: Permissions) -> None:
        """Let exactly these edit an article."""
        if wanted.editable_by not in EDITABLE_BY:
            text = f"Unknown permissions '{wanted.editable_by}'."
            raise RuleBroken(Rule.PERMISSIONS_INVALID, text)
        editors = self._checked(by, wanted.editors)
        if wanted.editable_by != "specificEditors" and self.behaviour.idle_editors == "dropped":
            editors = Shares()
        kept = Permissions(wanted.editable_by, editors)
        if kept == self.permissions(article.id):
            return
        strict = self.behaviour.permissions_by == "owner"
        if strict and article.owner_id != by.id and not by.moderates:
            text = "Only its owner may change who may edit this article."
            raise RuleBroken(Rule.NOT_ALLOWED, text)
        self._share("article_editors", "post_id", article.id, kept.editors)
        sql = "UPDATE posts SET editable_by = ? WHERE id = ?"
        self.store.run(sql, (kept.editable_by, article.id))
