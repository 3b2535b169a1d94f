"""Bol's transporter codes.

The contract (bol-retailer-v10: TransportInstruction.transporterCode) takes any text. The codes are those that earlier
contracts listed (v3 to v7, and the appendix of transporters in Bol's documentation); Bol may have added some since,
so a code that is not here is doubted, not refused.
"""

from __future__ import annotations

TRANSPORTERS = {
    "BPOST_BE": "bpost",
    "BPOST_BRIEF": "bpost letter",
    "BRIEFPOST": "letter post",
    "COURIER": "courier by appointment",
    "DHL": "DHL",
    "DHL-GLOBAL-MAIL": "DHL Global Mail",
    "DHLFORYOU": "DHL For You",
    "DHL_DE": "DHL Germany",
    "DPD-BE": "DPD Belgium",
    "DPD-NL": "DPD Netherlands",
    "DYL": "Dynalogic",
    "FEDEX_BE": "FedEx Belgium",
    "FEDEX_NL": "FedEx Netherlands",
    "FIEGE": "Fiege",
    "GLS": "GLS",
    "LOGOIX": "LogoiX",
    "OTHER": "another one",
    "PACKS": "Packs",
    "PARCEL-NL": "Parcel.nl",
    "RJP": "Red je pakketje",
    "TNT": "PostNL",
    "TNT-EXPRESS": "TNT Express",
    "TNT-EXTRA": "PostNL extra@home",
    "TNT_BRIEF": "PostNL letter",
    "TRANSMISSION": "TransMission",
    "TSN": "Transportservice Nederland",
    "UPS": "UPS",
}
"""By code; PostNL still goes by the name of its predecessor."""
