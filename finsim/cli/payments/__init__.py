"""Commands on payments that the user brings."""
