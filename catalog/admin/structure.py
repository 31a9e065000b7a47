from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from tree_queries.admin import TreeChangeList

from catalog.admin.images import thumbnail
from catalog.admin.mirrored import (
    MirroredAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    RetiredFilter,
    list_link,
    shown_custom_fields,
)
from catalog.models import Category, ItemGroup, ItemGroupAttribute, ItemGroupOption, Product
from catalog.services.local_fields import save_local_category_fields
from catalog.values import LocalCategoryFields
from tsh_erp.admin_site.figures import with_figures


@admin.register(Category)
class CategoryAdmin(MirroredAdmin):
    local_fields = Category.LOCAL_FIELDS
    list_display = ("indented_name", "name_ar", "parent", "sort_order", "is_active", "products", "retired_at")
    list_filter = ("is_active", RetiredFilter)
    list_select_related = ("parent",)
    search_fields = ("name", "name_ar", "=zoho_id")
    fieldsets = (
        (None, {"fields": ("name", "name_ar", ("image", "preview"), "sort_order", "parent", "is_active", "products")}),
        (
            _("Record"),
            {"fields": (("zoho_id", "parent_zoho_id"), "retired_at", ("created_at", "updated_at"))},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        return Category.tree.all()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Any]:
        return TreeChangeList  # type: ignore[no-any-return]

    @admin.display(description=_("name"), ordering="name")
    def indented_name(self, category: Category) -> str:
        depth: int = getattr(category, "tree_depth", 0)
        return f"{'— ' * depth}{category.name}"

    @admin.display(description=_("preview"))
    def preview(self, category: Category) -> SafeString | str:
        return thumbnail(category.image, str(category))

    @admin.display(description=_("products"))
    def products(self, category: Category) -> SafeString:
        return list_link(Product, _("products"), category__id__exact=category.pk)

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        image = (form.cleaned_data["image"] or "") if "image" in form.changed_data else None
        values = LocalCategoryFields(name_ar=obj.name_ar, sort_order=obj.sort_order)
        save_local_category_fields(obj.pk, values, image=image, at=timezone.now())


class ItemGroupAttributeInline(ReadOnlyInline):
    model = ItemGroupAttribute
    fields = ("name", "choices", "zoho_id")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[ItemGroupAttribute]:
        return super().get_queryset(request).prefetch_related("options")

    @admin.display(description=_("options"))
    def choices(self, attribute: ItemGroupAttribute) -> str:
        return ", ".join(option.name for option in attribute.options.all()) or "—"


@admin.register(ItemGroup)
@with_figures(ItemGroup)
class ItemGroupAdmin(MirroredAdmin):
    list_display = ("name", "brand", "manufacturer", "unit", "is_active", "products", "retired_at")
    list_filter = ("is_active", RetiredFilter, "product_type")
    search_fields = ("name", "brand", "manufacturer", "=zoho_id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    ("brand", "manufacturer", "unit"),
                    ("product_type", "is_active"),
                    ("tax_name", "shown_tax_percentage"),
                    "description",
                    "more_fields",
                    "products",
                )
            },
        ),
        (
            _("Record"),
            {
                "fields": (
                    ("zoho_id", "retired_at"),
                    ("image_name", "image_document_id"),
                    ("created_at", "updated_at"),
                )
            },
        ),
    )
    inlines = (ItemGroupAttributeInline,)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("custom fields"))
    def more_fields(self, group: ItemGroup) -> SafeString | str:
        return shown_custom_fields(group.custom_fields)

    @admin.display(description=_("products"))
    def products(self, group: ItemGroup) -> SafeString:
        return list_link(Product, _("products"), item_group__id__exact=group.pk)


@admin.register(ItemGroupAttribute)
class ItemGroupAttributeAdmin(ReadOnlyAdmin):
    list_display = ("name", "group", "position", "zoho_id")
    list_select_related = ("group",)
    search_fields = ("name", "group__name", "=zoho_id")


@admin.register(ItemGroupOption)
class ItemGroupOptionAdmin(ReadOnlyAdmin):
    list_display = ("name", "attribute", "group", "position", "zoho_id")
    list_select_related = ("attribute__group",)
    search_fields = ("name", "attribute__name", "attribute__group__name", "=zoho_id")

    @admin.display(description=_("item group"))
    def group(self, option: ItemGroupOption) -> str:
        return str(option.attribute.group)
