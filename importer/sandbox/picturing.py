"""Images: what may be uploaded, and where it is found again."""

import hashlib
import uuid
from collections.abc import Callable, Mapping

from importer.sandbox.acting import Acting
from importer.sandbox.rules import Rule, RuleBroken
from importer.sandbox.values import Image, User

__all__ = ["Picturing", "media_type_of"]

_STARTS: Mapping[str, Callable[[bytes], bool]] = {
    "image/jpeg": lambda start: start.startswith(b"\xff\xd8\xff"),
    "image/png": lambda start: start.startswith(b"\x89PNG\r\n\x1a\n"),
    "image/gif": lambda start: start.startswith((b"GIF87a", b"GIF89a")),
    "image/bmp": lambda start: start.startswith(b"BM"),
    "image/webp": lambda start: start[:4] == b"RIFF" and start[8:12] == b"WEBP",
}


def media_type_of(content: bytes) -> str | None:
    """Tell what image this is by its first bytes; None when it is none of the five."""
    start = content[:12]
    return next((name for name, begins in _STARTS.items() if begins(start)), None)


class Picturing(Acting):
    """What members do with images; every action raises `RuleBroken` when refused."""

    def upload(self, by: User, content: bytes) -> Image:
        """Keep an image, as it is; what it is shows in its bytes, whatever its name says."""
        if len(content) > self.behaviour.image_max:
            most = self.behaviour.image_max / 2**20
            raise RuleBroken(Rule.IMAGE_SIZE, f"The image may not be larger than {most:g} MiB.")
        media_type = media_type_of(content)
        if media_type is None:
            raise RuleBroken(Rule.IMAGE_TYPE, "The image must be a jpeg, png, gif, bmp or webp.")
        with self.store.transaction():
            number = self.store.value("SELECT count(*) FROM images")
            digest = hashlib.blake2b(f"image {number} {by.id}".encode(), digest_size=16).digest()
            image = Image(
                id=str(uuid.UUID(bytes=digest, version=4)),
                team_id=by.team_id,
                owner_id=by.id,
                media_type=media_type,
                size=len(content),
                created=self.seconds,
            )
            values = (image.id, image.team_id, image.owner_id, image.media_type, image.size)
            sql = "INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?)"
            self.store.run(sql, (*values, image.created, content))
        return image

    def live_image(self, by: User, image_id: str) -> Image:
        """Find an image of the user's team; raises `RuleBroken`."""
        found = self.image(image_id)
        if found is None or found.team_id != by.team_id:
            raise RuleBroken(Rule.NO_SUCH_IMAGE, f"Image {image_id} not found")
        return found
