"""Tables of those who stand behind payments: what the simulation knows of customers and merchants."""
