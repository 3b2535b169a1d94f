"""The orders flow: from any order at Bol to the right order in Mplus."""
