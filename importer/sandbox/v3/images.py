"""The v3 routes of images: uploaded as a form's part, streamed to who has a token."""

from email.parser import BytesParser
from email.policy import HTTP

from starlette.responses import Response

from importer.sandbox.v3.calls import Call, Route
from importer.sandbox.v3.lens import Json
from importer.sandbox.v3.problems import Problem

__all__ = ["ROUTES"]

_PART = "file"


def _upload(call: Call) -> Json:
    image = call.world.upload(call.user, _sent(call))
    return call.lens().show("Image", image)


def _sent(call: Call) -> bytes:
    """Find the bytes that were sent: those of the part `file`, or of a bare image."""
    named = call.content_type.partition(";")[0].strip().lower()
    if named.startswith(("image/", "img/")):
        return call.content
    if named != "multipart/form-data":
        text = "Send the image as the part `file` of a form."
        raise Problem(415, "/v3/errors/images/UnsupportedMediaType", "Unsupported media type", text)
    head = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {call.content_type}".encode())
    boundary = str(head.get_param("boundary") or "").encode()
    for part in (b"\r\n" + call.content).split(b"\r\n--" + boundary)[1:] if boundary else ():
        about, _, content = part.partition(b"\r\n\r\n")
        named_part = BytesParser(policy=HTTP).parsebytes(about.lstrip())
        if named_part.get_param("name", header="content-disposition") == _PART:
            return content
    raise Problem.invalid({"File": ["The File field is required."]})


def _stream(call: Call) -> Response:
    image = call.world.live_image(call.user, call.path["imageId"].partition(".")[0])
    return Response(call.world.image_content(image.id), media_type=image.media_type)


ROUTES = (
    Route(
        "POST",
        "images/upload",
        _upload,
        "Image",
        access="write",
        takes="image",
        noun="image",
        refuses=(415, 500),
    ),
    Route("GET", "images/{imageId}", _stream, "bytes", noun="image"),
)
