"""The stock of items: read a hundred at a time, compared with lists before it is read, refreshed where webhooks say."""

from zoho_sync.stock.fetching import Details, fetch_details
from zoho_sync.stock.finding import UnknownItems, UnknownWarehouse, find_items, find_warehouse
from zoho_sync.stock.naming import MODULE, MOVES_STOCK, named_items
from zoho_sync.stock.running import BATCH_SIZE, perform
from zoho_sync.stock.state import StockState, stock_state

__all__ = [
    "BATCH_SIZE",
    "MODULE",
    "MOVES_STOCK",
    "Details",
    "StockState",
    "UnknownItems",
    "UnknownWarehouse",
    "fetch_details",
    "find_items",
    "find_warehouse",
    "named_items",
    "perform",
    "stock_state",
]
