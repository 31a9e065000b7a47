from django.contrib.admin.apps import AdminConfig


class AdminSiteConfig(AdminConfig):
    """Django's admin app with our site as the default one."""

    default_site = "tsh_erp.admin_site.site.TshAdminSite"
