"""The returns flow: what customers send back, handled at Bol and credited in Mplus. One row per return."""
