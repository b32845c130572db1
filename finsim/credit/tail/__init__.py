"""The tail of the loss distribution, taken apart: what each loan, obligor or sector adds to it."""
