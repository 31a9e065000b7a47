from django.contrib import admin
from django.urls import path

from tsh_erp.signin import views

app_name = "two-factor"
urlpatterns = [
    path("", admin.site.admin_view(views.manage), name="manage"),
    path("code/", admin.site.admin_view(views.give_code), name="code"),
    path("enrol/", admin.site.admin_view(views.enrol), name="enrol"),
]
