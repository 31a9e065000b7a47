"""Serve the pictures below MEDIA_ROOT. In production nginx does (docs/operations.md); this answers alike without it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils._os import safe_join
from django.views.decorators.http import require_safe

FOLDER, SUFFIX = "pictures", ".webp"
CONTENT_TYPE = "image/webp"
# A name is made of the content: what it shows never changes.
FOREVER = "public, max-age=31536000, immutable"


@require_safe
def serve_picture(request: HttpRequest, name: str) -> HttpResponse | FileResponse:
    """A picture by its name, for anybody. 404 for everything else that may lie there."""
    file = _picture(name)
    etag = f'"{file.stem}"'
    response: HttpResponse | FileResponse
    if etag in request.headers.get("If-None-Match", ""):
        response = HttpResponseNotModified()
    else:
        response = FileResponse(file.open("rb"), content_type=CONTENT_TYPE)
    response["Cache-Control"] = FOREVER
    response["ETag"] = etag
    return response


def _picture(name: str) -> Path:
    root = Path(settings.MEDIA_ROOT) / FOLDER
    try:
        file = Path(safe_join(root, name))
        is_ours = file.suffix == SUFFIX and file.is_file() and file.resolve().is_relative_to(root.resolve())
    except (SuspiciousFileOperation, ValueError, OSError) as error:  # outside, or no name that a disk could know
        raise Http404 from error
    if not is_ours:
        raise Http404
    return file
