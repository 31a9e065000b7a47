"""Images of products: shown small, uploaded beside their product, and those that are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.fields.files import FieldFile
from django.forms.formsets import DELETION_FIELD_NAME
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from catalog.admin.mirrored import ReadOnlyAdmin, TabularInline
from catalog.models import FailedImage, ProductImage
from catalog.models.picture_field import PictureFile, is_upload
from catalog.pictures import SIZES
from catalog.services.images import ask_again

if TYPE_CHECKING:
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
else:
    InlineFormSet = BaseInlineFormSet


def thumbnail(picture: FieldFile, alt: str) -> SafeString | str:
    """A small picture that opens the large one."""
    if not isinstance(picture, PictureFile) or not picture or is_upload(picture):
        return "—"
    return format_html(
        '<a href="{}"><img class="thumbnail" src="{}" alt="{}" width="{}" height="{}" loading="lazy"></a>',
        picture.address("full"),
        picture.address("thumb"),
        alt,
        SIZES["thumb"] // 2,
        SIZES["thumb"] // 2,
    )


def small_picture(picture: FieldFile) -> SafeString | str:
    """A picture for a list, beside the name that says what it is."""
    if not isinstance(picture, PictureFile) or not picture or is_upload(picture):
        return ""
    return format_html(
        '<img class="thumbnail" src="{}" alt="" width="40" height="40" loading="lazy">', picture.address("thumb")
    )


def preview(row: ProductImage) -> SafeString | str:
    return thumbnail(row.image, row.alt_text or str(row.product))


class ProductImageFormSet(InlineFormSet):
    """Of Zoho's image staff choose the words, the place and whether it is the main one; the rest is Zoho's."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if form.instance.is_from_zoho:
            form.fields["image"].disabled = True
            form.fields[DELETION_FIELD_NAME].disabled = True


class ProductImageInline(TabularInline):
    model = ProductImage
    formset = ProductImageFormSet
    extra = 0
    fields = ("preview", "image", "alt_text", "position", "is_primary", "zoho_document_id")
    readonly_fields = ("preview", "zoho_document_id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductImage]:
        return super().get_queryset(request).select_related("product")

    @admin.display(description=_("preview"))
    def preview(self, row: ProductImage) -> SafeString | str:
        return preview(row)


@admin.register(ProductImage)
class ProductImageAdmin(ReadOnlyAdmin):
    list_display = ("preview", "product", "alt_text", "position", "is_primary", "zoho_document_id", "updated_at")
    list_display_links = ("product",)
    list_filter = ("is_primary", ("zoho_document_id", admin.EmptyFieldListFilter))
    list_select_related = ("product",)
    search_fields = ("product__name", "product__sku", "alt_text", "=zoho_document_id")
    readonly_fields = ("preview", "width", "height", "zoho_document_id", "created_at", "updated_at")

    @admin.display(description=_("preview"))
    def preview(self, row: ProductImage) -> SafeString | str:
        return preview(row)


@admin.register(FailedImage)
class FailedImageAdmin(ReadOnlyAdmin):
    list_display = ("product", "trouble", "attempts", "next_attempt_at", "zoho_document_id", "updated_at")
    list_filter = ("trouble", ("next_attempt_at", admin.EmptyFieldListFilter))
    list_select_related = ("product",)
    search_fields = ("product__name", "product__sku", "=product__zoho_id", "=zoho_document_id")
    actions = ("fetch_again",)

    @admin.action(description=_("Fetch again with the next run"), permissions=["fetch_again"])
    def fetch_again(self, request: HttpRequest, queryset: QuerySet[FailedImage]) -> None:
        count = ask_again(queryset, at=timezone.now())
        text = ngettext("%(count)d image will be fetched again.", "%(count)d images will be fetched again.", count)
        self.message_user(request, text % {"count": count})

    def has_fetch_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("zoho_sync.run_sync")
