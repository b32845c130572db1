"""Cards as one would tell them: each account's cards one after the other, and who pays with which."""


def courses(held):
    """Return account -> [(begin, end, place in ``held``)] in time order."""
    found = {}
    for place, (account, begin, end) in enumerate(zip(held.account, held.begin, held.end, strict=True)):
        found.setdefault(int(account), []).append((int(begin), int(end), place))
    return {account: sorted(cards) for account, cards in found.items()}


def card_of(told, payer, payee, channel, second):
    """Return the place of the card of one payment, None without: one that pays, draws cash or is refunded."""
    if channel not in ("card_present", "card_not_present", "cash"):
        return None
    whose = payer
    if channel != "cash" and payer not in told:
        whose = payee
    for begin, end, place in told.get(whose, []):
        if begin <= second < end:
            return place
    return None
