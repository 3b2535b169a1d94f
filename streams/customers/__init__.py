"""The customers flow: which relation a customer is. One row per customer, so that two orders never make two of one."""
