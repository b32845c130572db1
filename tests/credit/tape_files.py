"""Files in the layouts of public loan tables that are not shipped, drawn with a fixed seed."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "credit"
ROWS = 1_500


def _rng():
    return np.random.default_rng(20)


def lending_club_2016(folder):
    rng = _rng()
    status = rng.choice(["Fully Paid", "Charged Off", "Current", "Default"], ROWS, p=[0.6, 0.15, 0.24, 0.01])
    amount = rng.integers(40, 1400, ROWS) * 25
    frame = pd.DataFrame(
        {
            "id": np.arange(1077501, 1077501 + ROWS),
            "member_id": rng.permutation(np.arange(1296599, 1296599 + ROWS)),
            "loan_amnt": amount,
            "term": rng.choice([" 36 months", " 60 months"], ROWS),
            "int_rate": [f"{rate:.2f}%" for rate in rng.uniform(5.3, 28.9, ROWS)],
            "installment": (amount / 30).round(2),
            "grade": rng.choice(list("ABCDEFG"), ROWS),
            "emp_title": [f"job {k}" for k in range(ROWS)],
            "emp_length": rng.choice(["10+ years", "< 1 year", "3 years", "n/a"], ROWS),
            "annual_inc": rng.lognormal(11, 0.5, ROWS).round(2),
            "issue_d": rng.choice(["Dec-2015", "Nov-2015", "Feb-2014"], ROWS),
            "loan_status": status,
            "url": [f"https://example.org/{k}" for k in range(ROWS)],
            "desc": "",
            "dti": rng.uniform(0, 40, ROWS).round(2),
            "mths_since_last_delinq": [str(k) if k < 84 else "" for k in rng.integers(0, 170, ROWS)],
            "revol_util": [f"{share:.1f}%" if share < 95 else "" for share in rng.uniform(0, 100, ROWS)],
            "out_prncp_start": amount,
        }
    )
    return _written(frame, folder / "LoanStats3d.csv")


def sba(folder):
    """The shared file of 32 columns with the five that were taken out put back: 37 columns."""
    rng = _rng()
    frame = pd.read_csv(SHARED / "sba_california_loans.csv.gz", dtype=str, keep_default_na=False)
    count = len(frame)
    frame.insert(0, "LoanNr_ChkDgt", [f"{k:010d}" for k in rng.permutation(10**6 + np.arange(count))])
    frame.insert(1, "Name", [f"FIRM {k} INC" for k in range(count)])
    frame.insert(2, "City", rng.choice([f"CITY {k}" for k in range(600)], count))
    frame.insert(3, "Zip", [f"{k:05d}" for k in rng.integers(90001, 96162, count)])
    frame.insert(4, "Bank", rng.choice([f"BANK {k}" for k in range(180)], count))
    return _written(frame, folder / "SBAcase.csv")


def spanish(folder):
    rng = _rng()
    income = [
        f"{k:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".") for k in rng.uniform(600, 4e3, ROWS)
    ]
    frame = pd.DataFrame(
        {
            "Estado": rng.choice(["bueno", "malo"], ROWS, p=[0.75, 0.25]),
            "Antigüedad": rng.integers(0, 30, ROWS),
            "Vivienda": rng.choice(["alquiler", "propietario", ""], ROWS),
            "Plazo": rng.choice([12, 24, 36, 48, 60], ROWS),
            "Edad": rng.integers(18, 70, ROWS),
            "Ingresos": np.where(rng.random(ROWS) < 0.08, "", income),
            "Importe": [f"{k // 1000}.{k % 1000:03d},00" for k in rng.integers(1000, 9000, ROWS)],
        }
    )
    return _written(frame, folder / "puntuacion.csv", sep=";")


def mortgage(folder):
    rng = _rng()
    upb = rng.integers(60, 700, ROWS) * 1000
    frame = pd.DataFrame(
        {
            "Loan Identifier": [f"{k:012d}" for k in rng.permutation(ROWS)],
            "Original Interest Rate": rng.uniform(2.5, 7.5, ROWS).round(3),
            "Original UPB": upb,
            "Current Actual UPB": (upb * 0.9).round(2),
            "Original Loan Term": rng.choice([180, 360], ROWS),
            "Origination Date": rng.choice(["012019", "122020", "062018"], ROWS),
            "Property Value": np.where(rng.random(ROWS) < 0.1, "", (upb / 0.8).astype(int).astype(str)),
            "Property State": rng.choice(["CA", "NA", "TX"], ROWS),
            "Zip Code Short": [f"{k:03d}" for k in rng.integers(0, 60, ROWS)],
            "Borrower Credit Score": np.where(
                rng.random(ROWS) < 0.03, "", rng.integers(620, 850, ROWS).astype(str)
            ),
            "Zero Balance Code": rng.choice(
                ["00", "01", "03", "09", ""], ROWS, p=[0.5, 0.3, 0.1, 0.05, 0.05]
            ),
        }
    )
    return _written(frame, folder / "2019Q1.csv", sep="|")


def own_pd(folder):
    rng = _rng()
    owner = np.repeat(np.arange(500), 3)
    chance = rng.uniform(0.5, 20, 500).round(2)[owner]
    frame = pd.DataFrame(
        {
            "Kontonummer": [f"0{k}" for k in range(ROWS)],
            "Kunde": [f"K{k}" for k in owner],
            "Betrag": rng.integers(1000, 50000, ROWS),
            "Laufzeit": rng.choice([24, 48, 72], ROWS),
            "PD %": chance,
            "LGD %": rng.integers(10, 90, ROWS),
            "Rating": np.where(chance < 5, "A-", "C"),
        }
    )
    return _written(frame, folder / "bestand.csv")


def _written(frame, path, sep=","):
    frame.to_csv(path, index=False, sep=sep)
    packed = path.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed
