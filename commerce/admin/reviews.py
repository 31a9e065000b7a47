"""Reviews: what waits for a moderator, approved or rejected with a reason, one by one or many at once."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from catalog.admin.searching import FoundByProduct
from commerce.admin.asking import ReasonForm, ask, note_change
from commerce.admin.selling_words import REVIEW_TONES
from commerce.choices import ReviewStatus
from commerce.models import InvoiceLine, ProductRating, Review
from commerce.models.reviews import STARS
from commerce.services.reviews import approve_reviews, purchases_of, reject_reviews
from tsh_erp.admin_site.display import NOTHING, Tone, badge, row_link, shorten
from tsh_erp.admin_site.figures import show_number
from tsh_erp.admin_site.operations import Operation, operate
from tsh_erp.admin_site.people import person
from tsh_erp.admin_site.read_only import GrowingTableAdmin

MODERATE = "commerce.moderate_review"
SHOWN_PURCHASES = 5


def show_stars(rating: int) -> SafeString:
    return format_html(
        '<span dir="ltr" role="img" aria-label="{}">{}</span>',
        gettext("%(count)d of 5 stars") % {"count": rating},
        "★" * rating + "☆" * (STARS[-1] - rating),
    )


@admin.register(Review)
class ReviewAdmin(FoundByProduct, GrowingTableAdmin):
    """Customers write reviews; staff only say whether they are shown."""

    list_display = ("written_at", "product", "stars", "words", "customer", "verified", "state", "moderated_by")
    list_filter = ("status", "rating", "is_verified", "written_at")
    list_select_related = ("product", "customer", "moderated_by")
    fields = (
        ("product_page", "customer_page"),
        ("stars", "verified"),
        "title",
        "body",
        ("state", "rejection_reason"),
        ("written_at", "moderated_at", "moderated_by"),
    )
    readonly_fields = ("product_page", "customer_page", "stars", "verified", "state", "moderated_at", "moderated_by")
    actions = ("approve", "reject")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.moderation_page)
        return [path("<int:pk>/moderate/", view, name="commerce_review_moderate"), *super().get_urls()]

    def list_tools(self, request: HttpRequest) -> list[tuple[str, str]]:
        tools = super().list_tools(request)
        waiting = Review.objects.waiting().first() if self.has_moderate_permission(request) else None
        if waiting is None:
            return tools
        return [*tools, (gettext("Moderate one by one"), reverse("admin:commerce_review_moderate", args=[waiting.pk]))]

    def page_tools(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        if not self.has_moderate_permission(request):
            return []
        return [(gettext("Moderate"), reverse("admin:commerce_review_moderate", args=[row.pk]))]

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(MODERATE)

    @admin.action(description=_("Approve"), permissions=["moderate"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Review]) -> HttpResponse | None:
        moderator = person(request)

        def act(rows: QuerySet[Review], reason: str) -> int:
            return approve_reviews(_keys(rows), moderator=moderator, at=timezone.now())

        operation = Operation(
            name="approve",
            question=_("Show these reviews to everybody?"),
            effect=_("The stars of their products are counted anew."),
            done=ngettext_lazy("%(count)d review was approved.", "%(count)d reviews were approved.", "count"),
            can=~Q(status=ReviewStatus.APPROVED),
            act=act,
            locks_itself=True,
        )
        return operate(self, request, queryset, operation)

    @admin.action(description=_("Reject, with a reason"), permissions=["moderate"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Review]) -> HttpResponse | None:
        moderator = person(request)

        def act(rows: QuerySet[Review], reason: str) -> int:
            return reject_reviews(_keys(rows), moderator=moderator, reason=reason, at=timezone.now())

        operation = Operation(
            name="reject",
            question=_("Keep these reviews from being seen?"),
            effect=_("Each customer reads the reason beside their review."),
            done=ngettext_lazy("%(count)d review was rejected.", "%(count)d reviews were rejected.", "count"),
            can=~Q(status=ReviewStatus.REJECTED),
            act=act,
            needs_reason=True,
            locks_itself=True,
        )
        return operate(self, request, queryset, operation)

    def moderation_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One review with what helps to judge it; afterwards the next that waits."""
        if not self.has_moderate_permission(request):
            raise PermissionDenied
        review = get_object_or_404(Review.objects.select_related("product", "customer"), pk=pk)
        decision = request.POST.get("decision")
        form = ReasonForm(request.POST if decision == "reject" else None)
        if decision == "approve" or form.is_valid():
            return self._decide(request, review, form.cleaned_data["reason"] if form.is_bound else "")
        waiting = Review.objects.waiting()
        context = {
            "title": gettext("Moderate a review"),
            "form": form,
            "stars": show_stars(review.rating),
            "verified": self.verified(review),
            "state": self.state(review),
            "purchases": self._purchases(request, review),
            "waiting": waiting.count(),
            "next": waiting.exclude(pk=pk).first(),
        }
        return ask(self, request, review, "admin/commerce/review/moderate.html", context)

    def _decide(self, request: HttpRequest, review: Review, reason: str) -> HttpResponse:
        now, moderator = timezone.now(), person(request)
        if reason:
            done = reject_reviews([review.pk], moderator=moderator, reason=reason, at=now)
            note_change(request, review, f"reject: {reason}")
        else:
            done = approve_reviews([review.pk], moderator=moderator, at=now)
            note_change(request, review, "approve")
        text = gettext("The review was rejected.") if reason else gettext("The review was approved.")
        self.message_user(request, text, messages.SUCCESS if done else messages.WARNING)
        following = Review.objects.waiting().first()
        if following is not None:
            return HttpResponseRedirect(reverse("admin:commerce_review_moderate", args=[following.pk]))
        return HttpResponseRedirect(reverse("admin:commerce_review_changelist"))

    def _purchases(self, request: HttpRequest, review: Review) -> list[InvoiceLine]:
        if not request.user.has_perm("commerce.view_invoice"):
            return []
        return list(purchases_of(review).select_related("document").order_by("-document__date")[:SHOWN_PURCHASES])

    @admin.display(description=_("product"))
    def product_page(self, review: Review) -> SafeString | str:
        return row_link(review.product)

    @admin.display(description=_("customer"))
    def customer_page(self, review: Review) -> SafeString | str:
        return row_link(review.customer)

    @admin.display(description=_("stars"), ordering="rating")
    def stars(self, review: Review) -> SafeString:
        return show_stars(review.rating)

    @admin.display(description=_("text"))
    def words(self, review: Review) -> SafeString:
        return format_html("<bdi>{}</bdi>", shorten(review.title or review.body) or NOTHING)

    @admin.display(description=_("bought it"), ordering="is_verified")
    def verified(self, review: Review) -> SafeString | str:
        return badge(gettext("bought it"), Tone.GOOD) if review.is_verified else NOTHING

    @admin.display(description=_("status"), ordering="status")
    def state(self, review: Review) -> SafeString:
        return badge(review.get_status_display(), REVIEW_TONES[review.status])


def _keys(rows: QuerySet[Review]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


@admin.register(ProductRating)
class ProductRatingAdmin(FoundByProduct, GrowingTableAdmin):
    """The stars of each product, as customers see them."""

    list_display = ("product", "shown_average", "count", "stars_5", "stars_4", "stars_3", "stars_2", "stars_1")
    list_select_related = ("product",)
    ordering = ("-count", "product_id")
    fields = ("product", "shown_average", "count", ("stars_5", "stars_4", "stars_3", "stars_2", "stars_1"))
    readonly_fields = ("shown_average",)

    @admin.display(description=_("average"), ordering="average")
    def shown_average(self, rating: ProductRating) -> SafeString | str:
        return show_number(rating.average, decimals=2) or NOTHING
