"""Addresses of the ERP's own API, below /api/erp/: every business resource of catalogue and commerce."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from catalog.api.resources import RESOURCES as CATALOGUE
from commerce.api import parties, purchases, reference, sales, selling
from tsh_erp.rest.resources import Resource, Router
from tsh_erp.rest.strict import refuse_unknown_parameters

RESOURCES: dict[str, type[Resource]] = {
    **CATALOGUE,
    **parties.RESOURCES,
    **sales.RESOURCES,
    **purchases.RESOURCES,
    **selling.RESOURCES,
    **reference.RESOURCES,
}


class ErpRoot(APIView):
    """Where each resource is."""

    permission_classes = (IsAdminUser,)

    @extend_schema(
        operation_id="erp_root",
        tags=["erp"],
        responses=inline_serializer(
            "ErpRoot", {"resources": serializers.DictField(child=serializers.URLField(), help_text="by their names")}
        ),
    )
    def get(self, request: Request) -> Response:
        refuse_unknown_parameters(request, ())
        return Response({"resources": {name: reverse(f"erp-{name}-list", request=request) for name in RESOURCES}})


router = Router()
for name, resource in RESOURCES.items():
    router.add(name, resource)

urlpatterns = [path("", ErpRoot.as_view(), name="erp-root"), path("", include(router.urls))]
