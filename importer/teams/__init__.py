"""The live team over HTTP; must not let status codes, paging or API spelling out of the room."""
