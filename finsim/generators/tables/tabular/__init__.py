"""The any-order network of tables: tokens of columns, network, training, sampling without torch."""
