"""The download of a file. Uploading and removing are pages of `kumiko.web.files`, which draws the card again."""

from __future__ import annotations

from flask import Blueprint, Response, send_file

from kumiko.exits import reading
from kumiko.files import services
from kumiko.records.views import RecordView

blueprint = Blueprint("files", __name__, template_folder="templates")
_ID = "<int(min=1, max=9223372036854775807):file_id>"
#: What a browser would run or draw when somebody made it show the download.
_ACTIVE = ("html", "svg", "xml", "javascript", "ecmascript")


@blueprint.get(f"/files/{_ID}/download")
def download(file_id: int) -> Response:
    """The bytes, always as a download."""
    return sent(services.get_file(file_id))


def sent(record: RecordView) -> Response:
    """The answer with the bytes of a file: nothing in it is ever drawn or run as a page of ours."""
    reading.note(record.type, record.id)
    media_type = str(record.get("media_type"))
    if any(word in media_type for word in _ACTIVE):
        media_type = "application/octet-stream"
    answer = send_file(
        services.open_file(record), mimetype=media_type, as_attachment=True, download_name=str(record.get("name")),
        etag=str(record.get("sha256")), conditional=True,
    )  # fmt: skip
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
