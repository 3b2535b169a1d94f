"""Bol's transporter codes.

The contract (TransportInstruction.transporterCode) leaves the list to Bol's documentation; these are the codes of the
public clients of the API (github 123lens/bol-retailer-api, src/Types/TransporterCode.php). PostNL is called TNT. That
another code makes the shipment's process fail, rather than a 400, follows from the contract having no list (?).
"""

from __future__ import annotations

LETTERS = frozenset(("BRIEFPOST", "TNT_BRIEF", "BPOST_BRIEF"))
"""Without track and trace."""
TRANSPORTERS = LETTERS | {
    "UPS", "TNT", "TNT-EXTRA", "TNT-EXPRESS", "DYL", "DPD-NL", "DPD-BE", "BPOST_BE", "DHLFORYOU", "GLS", "FEDEX_NL",
    "FEDEX_BE", "OTHER", "DHL", "DHL_DE", "DHL-GLOBAL-MAIL", "TSN", "FIEGE", "TRANSMISSION", "PARCEL-NL", "LOGOIX",
    "PACKS", "COURIER", "RJP",
}  # fmt: skip
