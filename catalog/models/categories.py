from __future__ import annotations

from django.db import models
from django.db.models import Index, Q
from django.utils.translation import gettext_lazy as _
from tree_queries.fields import TreeNodeForeignKey
from tree_queries.query import TreeQuerySet

from catalog.models.picture_field import PictureField
from tsh_erp.common.history import LocalHistory
from tsh_erp.common.models import MirroredModel, MirroredQuerySet


class CategoryQuerySet(MirroredQuerySet["Category"]):
    pass


class Category(MirroredModel):
    """A node of the category tree. A parent that is not here yet is kept by its Zoho id and linked later.

    `Category.tree` reads the tree depth first, in one query.
    """

    ZOHO_OWNED_FIELDS = ("name", "parent", "parent_zoho_id", "is_active")
    LOCAL_FIELDS = ("name_ar", "image", "sort_order")

    name = models.CharField(_("name"), max_length=500)
    parent = TreeNodeForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    parent_zoho_id = models.CharField(_("Zoho id of the parent"), max_length=50, blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)
    name_ar = models.CharField(_("Arabic name"), max_length=500, blank=True, default="")
    image = PictureField(_("image"), blank=True, default="")
    sort_order = models.PositiveIntegerField(_("sort order"), default=0)

    objects = CategoryQuerySet.as_manager()
    tree = TreeQuerySet.as_manager(with_tree_fields=True)  # type: ignore[django-manager-missing]  # it is untyped

    history = LocalHistory(*LOCAL_FIELDS, by_service=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ("sort_order", "name", "id")
        indexes = (
            Index(
                fields=["parent_zoho_id"],
                condition=Q(parent__isnull=True) & ~Q(parent_zoho_id=""),
                name="category_without_parent",
            ),
        )

    def __str__(self) -> str:
        return self.name_ar or self.name
