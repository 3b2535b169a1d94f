"""The flows and the log they run on. Nothing in here knows a vendor's wire or the application."""
