"""The parts of the settings, one class each: what may stand there, its bounds and what holds without it."""

from app.sections.connection import Bol, Connection, Mplus, Sweeps
from app.sections.guards import Guards
from app.sections.machine import Kafka, Log, ReadModel, Vendors, Web
from app.sections.orders import Cancel, Customer, KindOrders, Orders, Shipping, Vat
from app.sections.returns import HandlingRule, Returns
from app.sections.stock import BranchStock, CountedSo, Stock

__all__ = [
    "Bol",
    "BranchStock",
    "Cancel",
    "Connection",
    "CountedSo",
    "Customer",
    "Guards",
    "HandlingRule",
    "Kafka",
    "KindOrders",
    "Log",
    "Mplus",
    "Orders",
    "ReadModel",
    "Returns",
    "Shipping",
    "Stock",
    "Sweeps",
    "Vat",
    "Vendors",
    "Web",
]
