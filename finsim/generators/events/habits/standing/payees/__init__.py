"""What all series of one payee have in common: its price list, its day, the months in which none is paid."""
