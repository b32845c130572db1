"""People, merchants and banks: ordinary payments, injected schemes, a double-entry ledger."""
