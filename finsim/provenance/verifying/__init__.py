"""What `finsim verify` compares; `finsim.provenance.verify` composes it."""
