"""Bank statements whose texts are made of the cells of their row, planted: two banks, two languages."""

import numpy as np
import pandas as pd

SHOPS = [
    f"{name} {town}"
    for name in ("REWE MARKT", "EDEKA NORD", "ALDI SUED", "ARAL STATION", "DM DROGERIE", "BAECKEREI KAMPS")
    for town in ("KOELN", "BONN", "AACHEN")
]
BILLS = ["STADTWERKE KOELN GMBH", "TELEKOM DEUTSCHLAND", "ALLIANZ VERSICHERUNG", "VODAFONE WEST"]
FRIENDS = [f"{name}, Jan" for name in ("Meyer", "Schulz", "Becker", "Wolf", "Krause", "Lang")]
SHORT = 14


def german(seed=5, people=50, days=75):
    """Days of booking alone; the day of purchase 1 to 3 before, names cut, sums, cards, mandates, orders."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(people):
        account = f"DE{10 + k}370400440{rng.integers(10**7, 10**8)}"
        card, order = f"{rng.integers(1000, 9999)}", int(rng.integers(100, 5_000))
        mine, friend = rng.choice(SHOPS, 6, replace=False), FRIENDS[rng.integers(6)]
        bills = {one: (int(rng.integers(1, 28)), f"{rng.integers(0, 10**7):07d}") for one in BILLS}
        for day in pd.date_range("2024-11-04", periods=days):
            for _ in range(rng.poisson(0.7)):
                booked = day + pd.Timedelta(days=(1, 1, 1, 1, 3, 2, 1)[day.weekday()])
                shop, clock = mine[rng.integers(6)], f"{rng.integers(8, 20):02d}:{rng.integers(60):02d}"
                text = f"{shop[:SHORT].rstrip()} {day:%d.%m.} {clock} UHR KARTE {card}"
                rows.append((account, booked, "KARTE", shop, -_sum(rng, 3), text))
            for one, (due, mandate) in bills.items():
                if day.day == due:
                    paid = _sum(rng, 4)
                    text = f"{one.title()} Mandat {mandate} BETRAG {paid:.2f}".replace(".", ",") + " EUR"
                    rows.append((account, day, "LASTSCHRIFT", one, -paid, text))
            if rng.random() < 0.08:
                order += 1
                text = f"{friend} Auftrag {order:06d} {('Miete', 'Danke', 'Geschenk')[rng.integers(3)]}"
                rows.append((account, day, "UEBERWEISUNG", friend, -float(rng.choice([10, 20, 50])), text))
    found = pd.DataFrame(rows, columns=["konto", "tag", "art", "haendler", "betrag", "zweck"])
    return found.sort_values(["konto", "tag"], kind="stable").reset_index(drop=True)


def british(seed=7, people=50, days=75):
    """Instants; the day as 14DEC, names whole, references of account and payee."""
    rng = np.random.default_rng(seed)
    shops = [f"{one} {rng.integers(1000, 9999)}" for one in ("TESCO STORES", "BOOTS", "GREGGS", "ALDI") * 4]
    rows = []
    for k in range(people):
        account, mine = f"{10_000_000 + 7919 * k}", rng.choice(shops, 5, replace=False)
        references = {one: f"{rng.integers(10**7, 10**8)}" for one in BILLS}
        for day in pd.date_range("2024-01-01", periods=days):
            for _ in range(rng.poisson(0.8)):
                time = day + pd.Timedelta(minutes=int(rng.integers(480, 1_200)))
                shop = mine[rng.integers(5)]
                rows.append((account, time, "POS", shop, _sum(rng, 3), f"{shop} {day:%d%b}".upper()))
            for at, one in enumerate(BILLS):
                if day.day == 3 + 5 * at:
                    time = day + pd.Timedelta(minutes=int(rng.integers(5, 50)))
                    rows.append((account, time, "DD", one, _sum(rng, 4), f"{one} REF {references[one]}"))
    found = pd.DataFrame(rows, columns=["acct", "when", "type", "merchant", "amount", "narration"])
    return found.sort_values(["acct", "when"], kind="stable").reset_index(drop=True)


def _sum(rng, level):
    return round(float(np.exp(rng.normal(level, 0.7))), 2)
