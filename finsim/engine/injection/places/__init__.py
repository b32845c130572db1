"""Where merchants are and accounts pay, so that the payments of schemes are where their payer is."""
