"""Which earlier payment another answers: the sale of a refund, the decline that is tried again."""
