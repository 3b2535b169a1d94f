"""Bol.com: the retailer API on the wire."""
