"""The stock flow: from readings, till sales and Bol orders to the number on sale at Bol."""
