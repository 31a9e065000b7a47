"""When what runs by itself. Local time is Asia/Baghdad."""

from __future__ import annotations

from datetime import time

from tsh_erp.jobs.schedules import Periodic

LONG = "long"

SCHEDULES = (
    Periodic(name="sweep", task="zoho_sync.tasks.sweep", minutes=1),
    Periodic(name="samples", task="zoho_sync.tasks.sample", minutes=1),
    Periodic(name="healing", task="zoho_sync.tasks.heal", minutes=15),
    Periodic(name="retention", task="zoho_sync.tasks.prune", daily_at=time(4, 30), cluster=LONG),
    Periodic(name="alert checks", task="zoho_sync.tasks.check_alerts", minutes=5),
    # Each cluster watches over the other, and tells of it, for a dead one cannot.
    Periodic(name="cluster watch", task="zoho_sync.tasks.watch_clusters", minutes=1),
    Periodic(name="cluster watch, long jobs", task="zoho_sync.tasks.watch_clusters", minutes=1, cluster=LONG),
    Periodic(name="token refresh", task="zoho_sync.tasks.refresh_token_early", minutes=4),
    Periodic(name="carts and answers", task="commerce.tasks.prune", daily_at=time(4, 45), cluster=LONG),
    Periodic(name="best sellers", task="commerce.tasks.rank_best_sellers", daily_at=time(5, 0), cluster=LONG),
    # These only start runs, which the cluster for long jobs works on.
    Periodic(
        name="incremental sync", task="zoho_sync.tasks.pull_if_configured", minutes=60, arguments=("incremental",)
    ),
    Periodic(name="stock sync", task="zoho_sync.tasks.sync_stock_if_configured", minutes=15),
    Periodic(name="back-fill", task="zoho_sync.tasks.backfill_if_configured", minutes=30),
    Periodic(name="product images", task="zoho_sync.tasks.fetch_images_if_configured", minutes=60),
    Periodic(name="full sync", task="zoho_sync.tasks.pull_if_configured", daily_at=time(2, 0), arguments=("full",)),
    Periodic(name="reconciliation", task="zoho_sync.tasks.reconcile_if_configured", daily_at=time(3, 0)),
)
