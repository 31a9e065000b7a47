"""Customers and vendors, with the people and addresses that Zoho has of them."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema

from commerce.api.words import MIRRORED, SINCE
from commerce.models import (
    ContactPerson,
    Customer,
    CustomerAddress,
    CustomerBalance,
    Vendor,
    VendorBalance,
    ZohoAddress,
    ZohoUser,
)
from commerce.models.parties import PartyQuerySet
from tsh_erp.rest.filters import MirroredFilter, ResourceFilter
from tsh_erp.rest.resources import Resource, Row

in_schema = extend_schema(tags=["erp: parties"])
LONGEST_TYPED = 80
PARTY = (
    *MIRRORED,
    *("name", "name_ar", "company_name", "first_name", "last_name", "legal_name", "email", "phone", "mobile"),
    *("website", "language", "is_active", "currency", "payment_terms", "payment_terms_label", "is_taxable"),
    *("tax_name", "tax_percentage", "tax_treatment", "tax_number", "place"),
)
PARTY_DETAIL = ("opening_balance", "notes", "custom_fields", "contact_persons", "addresses", "balances")


class ErpContactPerson(Row):
    class Meta:
        model = ContactPerson
        fields = (
            *("id", "position", "salutation", "first_name", "last_name", "email", "phone", "mobile"),
            *("designation", "department", "is_primary"),
        )


class ErpAddress(Row):
    class Meta:
        model = ZohoAddress
        fields = (
            *("id", "position", "kind", "attention", "address", "street2", "city", "state", "zip", "country"),
            *("phone", "fax"),
        )


class ErpCustomerBalance(Row):
    class Meta:
        model = CustomerBalance
        fields = ("id", "currency", "receivable", "receivable_base", "unused_credits", "unused_credits_base")


class ErpCustomer(Row):
    class Meta:
        model = Customer
        fields = (
            *PARTY,
            *("sub_type", "credit_limit", "price_list", "price_list_name", "salesperson", "salesperson_name"),
        )


class ErpCustomerDetail(ErpCustomer):
    contact_persons = ErpContactPerson(source="contactpersons", many=True, read_only=True)
    addresses = ErpAddress(source="zohoaddresss", many=True, read_only=True)
    balances = ErpCustomerBalance(many=True, read_only=True)

    class Meta:
        model = ErpCustomer.Meta.model
        fields = (*ErpCustomer.Meta.fields, *PARTY_DETAIL)


class ErpVendorBalance(Row):
    costs = ("payable", "payable_base", "unused_credits", "unused_credits_base")

    class Meta:
        model = VendorBalance
        fields = ("id", "currency", *("payable", "payable_base", "unused_credits", "unused_credits_base"))


class ErpVendor(Row):
    class Meta:
        model = Vendor
        fields = PARTY


class ErpVendorDetail(ErpVendor):
    costs = ("opening_balance",)
    contact_persons = ErpContactPerson(source="contactpersons", many=True, read_only=True)
    addresses = ErpAddress(source="zohoaddresss", many=True, read_only=True)
    balances = ErpVendorBalance(many=True, read_only=True)

    class Meta:
        model = ErpVendor.Meta.model
        fields = (*PARTY, *PARTY_DETAIL)


class ErpDeliveryAddress(Row):
    class Meta:
        model = CustomerAddress
        fields = (
            *("id", "customer", "label", "recipient", "phone", "governorate", "district", "landmark", "details"),
            *("latitude", "longitude", "is_default", "removed_at", "created_at", "updated_at"),
        )


class ErpUser(Row):
    class Meta:
        model = ZohoUser
        fields = (*MIRRORED, "name", "email", "role", "kind", "status")


class PartyFilter(MirroredFilter):
    q = django_filters.CharFilter(method="typed", max_length=LONGEST_TYPED, help_text="as in the search of the admin")

    def typed(self, rows: PartyQuerySet[Any], name: str, value: str) -> PartyQuerySet[Any]:
        return rows.found_by(value)


class CustomerFilter(PartyFilter):
    class Meta(MirroredFilter.Meta):
        model = Customer
        fields = {
            **{name: ["exact"] for name in ("is_active", "currency", "sub_type", "price_list", "salesperson")},
            "updated_at": SINCE,
        }


class VendorFilter(PartyFilter):
    class Meta(MirroredFilter.Meta):
        model = Vendor
        fields = {"is_active": ["exact"], "currency": ["exact"], "updated_at": SINCE}


class DeliveryAddressFilter(ResourceFilter):
    class Meta(ResourceFilter.Meta):
        model = CustomerAddress
        fields = ("customer", "governorate", "is_default")


class UserFilter(MirroredFilter):
    class Meta(MirroredFilter.Meta):
        model = ZohoUser
        fields = ("status",)


@in_schema
class Customers(Resource):
    """Customers. A single one comes with its people, addresses and balances."""

    queryset = Customer.objects.order_by("id")
    detail_queryset = Customer.objects.prefetch_related("contactpersons", "zohoaddresss", "balances")
    serializer_class = ErpCustomer
    detail_class = ErpCustomerDetail
    filterset_class = CustomerFilter


@in_schema
class Vendors(Resource):
    """Vendors. A single one comes with its people, addresses and balances."""

    queryset = Vendor.objects.order_by("id")
    detail_queryset = Vendor.objects.prefetch_related("contactpersons", "zohoaddresss", "balances")
    serializer_class = ErpVendor
    detail_class = ErpVendorDetail
    filterset_class = VendorFilter


@in_schema
class DeliveryAddresses(Resource):
    """Where customers have things delivered, as they wrote it in the apps; removed ones too."""

    queryset = CustomerAddress.objects.order_by("id")
    serializer_class = ErpDeliveryAddress
    filterset_class = DeliveryAddressFilter


@in_schema
class Users(Resource):
    """Users of the Zoho organisation, salespeople among them."""

    queryset = ZohoUser.objects.order_by("id")
    serializer_class = ErpUser
    filterset_class = UserFilter


RESOURCES: dict[str, type[Resource]] = {
    "customers": Customers,
    "vendors": Vendors,
    "delivery-addresses": DeliveryAddresses,
    "users": Users,
}
