"""Import and export of what is ours, as CSV and Excel: rows are matched by our id, written by a service, never made.

What is exported can be opened by a spreadsheet without anything in it being run: text that begins like a
formula gets an apostrophe, which an import takes off again.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from import_export.admin import ImportExportMixin
from import_export.fields import Field
from import_export.formats import base_formats
from import_export.forms import ExportForm, ImportForm
from import_export.instance_loaders import CachedInstanceLoader
from import_export.resources import Diff, ModelResource
from import_export.tmp_storages import BaseStorage
from import_export.widgets import Widget

from tsh_erp.admin_site.lists import NONSENSE

if TYPE_CHECKING:
    from import_export.results import Result
    from tablib import Dataset

MOST_ROWS = 5_000
MOST_DIGITS = 18  # of an id
MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED = 50 * 1024 * 1024
KEPT_SECONDS = 24 * 3600
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"  # without it Excel takes the file for one in the machine's old encoding
_NAME = re.compile(r"[0-9a-f]{32}")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # XML, and so Excel, knows none of these


def neutralise(value: Any) -> Any:
    """The cell as a spreadsheet may show it: what it would calculate is made plain text, signs it refuses are gone."""
    if not isinstance(value, str):
        return value
    text = _UNWRITABLE.sub("", value)
    return f"'{text}" if text.startswith(FORMULA) else text


def restore(value: Any) -> Any:
    """The cell as it was before `neutralise`."""
    if isinstance(value, str) and value.startswith("'") and value[1:].startswith(FORMULA):
        return value[1:]
    return value


class YesNo(Widget):  # type: ignore[misc]  # the library has no types
    """True or false as people and spreadsheets write them; anything else is refused."""

    YES = frozenset({"1", "true", "yes", "y", "نعم"})
    NO = frozenset({"0", "false", "no", "n", "", "لا", "كلا"})

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        word = str(value if value is not None else "").strip().casefold().removesuffix(".0")
        if word in self.YES or word in self.NO:
            return word in self.YES
        raise ValueError(_("“%(value)s” is neither 1 (yes) nor 0 (no).") % {"value": str(value)[:40]})

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "1" if value else "0"


class Text(Widget):  # type: ignore[misc]
    """Text as it stands, without space around it and without the apostrophe of an export."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = str(restore("" if value is None else str(value).strip())).strip()
        if "\x00" in text:
            raise ValueError(_("Null characters are not allowed."))
        return text

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


class Key(Widget):  # type: ignore[misc]
    """Our id of a row; 0, which no row has, for what cannot be one."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int:
        key = str(value if value is not None else "").strip().removesuffix(".0")
        return int(key) if key.isascii() and key.isdigit() and len(key) <= MOST_DIGITS else 0

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(value)


class SafeDiff(Diff):  # type: ignore[misc]
    """What a row would change, as plain `del` and `ins`: no markup of anybody's, no inline styles."""

    def as_html(self) -> list[SafeString | str]:
        return [self._shown(str(before), str(after)) for before, after in zip(self.left, self.right, strict=False)]

    def _shown(self, before: str, after: str) -> SafeString | str:
        if before == after:
            return format_html("<bdi>{}</bdi>", after)
        return format_html("<del><bdi>{}</bdi></del> <ins><bdi>{}</bdi></ins>", before, after)


class OurColumns(ModelResource):  # type: ignore[misc]
    """A subclass names `ours` (what an import may change), the columns beside them, and how a batch is `save`d."""

    ours: Sequence[str] = ()

    class Meta:
        import_id_fields = ("id",)
        skip_unchanged = True
        use_transactions = False  # the service has one of its own, and a savepoint for each row would be slow
        report_skipped = False
        instance_loader_class = CachedInstanceLoader

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._changed: list[Any] = []
        self._seen: set[int] = set()

    def save(self, rows: Sequence[Any]) -> None:
        """Write these rows' own columns."""
        raise NotImplementedError

    def get_diff_class(self) -> type[Diff]:
        return SafeDiff

    def export_resource(self, instance: Any, selected_fields: Any = None, **kwargs: Any) -> list[Any]:
        return [neutralise(cell) for cell in super().export_resource(instance, selected_fields, **kwargs)]

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        if len(dataset) > MOST_ROWS:
            raise ValidationError(_("At most %(count)d rows can be imported at once.") % {"count": MOST_ROWS})
        known = {field.column_name for field in self.fields.values()}
        strange = [str(name)[:40] for name in dataset.headers or () if name not in known]
        if strange:
            raise ValidationError(_("There is no column called %(names)s.") % {"names": ", ".join(strange)})

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        key = Key().clean(row.get("id"))
        if not key:
            raise ValidationError(_("“%(value)s” is no id of a row.") % {"value": str(row.get("id") or "")[:40]})
        if key in self._seen:
            raise ValidationError(_("The id %(value)s stands in the file twice.") % {"value": key})
        self._seen.add(key)

    def init_instance(self, row: Any = None) -> Any:
        raise ValidationError(_("There is no row with the id %(value)s.") % {"value": (row or {}).get("id", "")})

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        errors = dict(import_validation_errors or {})
        others = [column.name for column in instance._meta.fields if column.name not in self.ours]
        try:
            instance.clean_fields(exclude=others)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def do_instance_save(self, instance: Any, is_create: bool) -> None:
        self._changed.append(instance)

    def after_import(self, dataset: Dataset, result: Result, **kwargs: Any) -> None:
        """Nothing is written by a dry run, nor when a row is wrong."""
        is_right = not result.has_errors() and not result.has_validation_errors()
        if self._changed and is_right and not kwargs.get("dry_run"):
            self.save(self._changed)


def column(name: str, *, widget: Widget | None = None, is_ours: bool = False) -> Field:
    """A column of the file, called as the model's."""
    return Field(attribute=name, column_name=name, widget=widget or Text(), readonly=not is_ours)


class OurCSV(base_formats.CSV):  # type: ignore[misc]
    def export_data(self, dataset: Dataset, **kwargs: Any) -> str:
        return BOM + str(super().export_data(dataset, **kwargs))


class OurXLSX(base_formats.XLSX):  # type: ignore[misc]
    def create_dataset(self, in_stream: bytes) -> Dataset:
        with zipfile.ZipFile(BytesIO(in_stream)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise ValueError("too large when unpacked")
        return super().create_dataset(in_stream)


class ImportFolder(BaseStorage):  # type: ignore[misc]
    """Where an upload waits for its confirmation, for a day: a folder of this process's user alone."""

    def save(self, data: bytes) -> None:
        folder = _folder()
        for old in folder.iterdir():
            if old.stat().st_mtime < time.time() - KEPT_SECONDS:
                old.unlink(missing_ok=True)
        self.name = uuid4().hex
        (folder / self.name).write_bytes(data)

    def read(self) -> Any:
        """FileNotFoundError for a name that is none of ours."""
        data = self._path().read_bytes()
        return data if "b" in self.read_mode else data.decode(self.encoding or "utf-8")

    def remove(self) -> None:
        self._path().unlink(missing_ok=True)

    def _path(self) -> Path:
        if not _NAME.fullmatch(self.name or ""):
            raise FileNotFoundError(self.name)
        return _folder() / self.name


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"tsh-erp-imports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


class UploadForm(ImportForm):  # type: ignore[misc]
    def clean_import_file(self) -> Any:
        upload = self.cleaned_data["import_file"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 5 MB."))
        return upload


class ExchangeAdmin(ImportExportMixin):  # type: ignore[misc]
    """Puts import and export above the list. Who may change the rows may import, who may see them may export."""

    formats = (OurCSV, OurXLSX)
    import_form_class = UploadForm
    export_form_class = ExportForm
    tmp_storage_class = ImportFolder
    import_export_change_list_template = None

    def list_tools(self, request: HttpRequest) -> list[tuple[str, str]]:
        tools: list[tuple[str, str]] = super().list_tools(request)
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if self.has_export_permission(request):
            query = f"?{request.GET.urlencode()}" if request.GET else ""
            tools.append((_("Export"), reverse(f"{name}_export") + query))
        if self.has_import_permission(request):
            tools.append((_("Import"), reverse(f"{name}_import")))
        return tools

    def export_action(self, request: HttpRequest) -> HttpResponse:
        """What the list shows; of a filter that makes no sense nothing, and the list says so."""
        try:
            response: HttpResponse = super().export_action(request)
        except (DisallowedModelAdminLookup, IncorrectLookupParameters):
            address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
            return HttpResponseRedirect(f"{address}?{ERROR_FLAG}=1")
        return response

    def get_export_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            raise IncorrectLookupParameters
        try:
            rows: QuerySet[Any] = super().get_export_queryset(request)
            rows.order_by().exists()  # some filters are found to make no sense only when they are asked
        except NONSENSE as error:
            raise IncorrectLookupParameters(error) from error
        return rows

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        is_forged = request.POST.get("format") not in {str(number) for number in range(len(self.formats))}
        if is_forged and self.has_import_permission(request):
            return self._upload_again(request)
        try:
            response: HttpResponse = super().process_import(request, **kwargs)
        except FileNotFoundError:
            return self._upload_again(request)
        return response

    def _upload_again(self, request: HttpRequest) -> HttpResponse:
        self.message_user(request, _("The uploaded file is no longer here; upload it again."), messages.ERROR)
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_import"))

    def process_result(self, result: Result, request: HttpRequest) -> HttpResponse:
        """Rows may have changed between the dry run and its confirmation: then nothing was written."""
        if result.has_errors() or result.has_validation_errors():
            text = _("Nothing was imported: a row is no longer as it was when the file was checked. Upload it again.")
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_import"))
        response: HttpResponse = super().process_result(result, request)
        return response
