"""A realistic pack of a hundred rules on loans; three of them, far apart, may contradict one another."""

import json

from finsim.constraints.packs.ruleset import RuleSet

TOP = """finsim-rules: 1
pack: {id: hundred, version: 1}
table: loans
key: [loan_id]
order: {group: [customer_id], by: [opened]}
columns:
  loan_id: {type: id}
  customer_id: {type: id}
  age: {type: int}
  dependants: {type: int, null: true}
  years_employed: {type: float, null: true}
  income: {type: money, ccy: USD, unit: minor}
  other_income: {type: money, ccy: USD, unit: minor, null: true}
  loan: {type: money, ccy: USD, unit: minor}
  fee: {type: money, ccy: USD, unit: minor}
  payment: {type: money, ccy: USD, unit: minor}
  balance: {type: money, ccy: USD, unit: minor}
  arrears: {type: money, ccy: USD, unit: minor}
  limit: {type: money, ccy: USD, unit: minor}
  collateral: {type: money, ccy: USD, unit: minor, null: true}
  insurance: {type: money, ccy: USD, unit: minor}
  rate: {type: ratio}
  margin: {type: ratio}
  base_rate: {type: ratio}
  ltv: {type: ratio, null: true}
  dti: {type: ratio}
  score: {type: int}
  term: {type: int}
  paid: {type: int}
  days_late: {type: int}
  product: {type: cat, values: [card, auto, mortgage, personal, student]}
  purpose: {type: cat, values: [home, car, study, travel, debt, other]}
  employment: {type: cat, values: [employed, self, student, retired, none]}
  state: {type: cat}
  status: {type: cat, values: [open, late, default, closed]}
  joint: {type: bool}
  verified: {type: bool}
  opened: {type: date}
  closed: {type: date, null: true}
  born: {type: date}
params: {cap: 2000 USD, adult: 18, max_term: 480, top_rate: 36%, big_states: [CA, NY, TX], min_score: 300}
let: {total_income: "income + coalesce(other_income, 0)", repaid: loan - balance}
rules:
"""
RULES = """
age between 0 and 110
dependants between 0 and 15
years_employed >= 0
years_employed <= age - 14
income >= 0
other_income >= 0
loan > 0
loan <= 5_000_000 USD
fee >= 0
fee <= 5% * loan
payment > 0
payment <= loan
balance >= 0
balance <= loan
arrears >= 0
arrears <= balance
limit >= balance
collateral >= 0
insurance >= 0
insurance <= 2% * loan
rate between 0 and top_rate
margin >= 0
base_rate between -1% and 20%
rate = base_rate + margin | tol: 1e-6
ltv between 0 and 150%
dti between 0 and 100%
score between min_score and 850
term between 1 and max_term
paid between 0 and term
days_late between 0 and 3_650
age < adult => product in {'card', 'student'}
age < adult => joint
age < adult => employment in {'student', 'none'}
product = 'mortgage' => collateral is not null and collateral > 0
product = 'mortgage' => age >= 21
product = 'mortgage' => loan >= 20_000 USD
product = 'mortgage' => term >= 60
product = 'mortgage' => purpose = 'home'
product = 'auto' => purpose in {'car', 'debt'}
product = 'auto' => term <= 96
product = 'auto' => loan <= 150_000 USD
product = 'student' => purpose = 'study'
product = 'student' => loan <= 100_000 USD
product = 'card' => loan <= 50_000 USD
product = 'card' => limit >= 200 USD
product = 'personal' => loan between 500 USD and 100_000 USD
product = 'personal' => term <= 120
product != 'mortgage' => purpose != 'home'
loan > 100_000 USD => verified
loan > 250_000 USD => score >= 620
loan > 1_000_000 USD => joint or total_income > 300_000 USD
employment = 'none' => income <= 5_000 USD
employment = 'none' => loan <= 5_000 USD
employment = 'student' => age <= 40
employment = 'retired' => age >= 50
employment = 'employed' => years_employed is not null
employment = 'self' => verified
employment != 'none' => income > 0
status = 'open' => days_late < 30
status = 'late' => days_late between 30 and 89
status = 'default' => days_late >= 90
status = 'closed' => balance = 0
status = 'closed' => closed is not null
status != 'closed' => closed is null
status = 'closed' => arrears = 0
days_late > 0 => arrears > 0
arrears > 0 => days_late > 0
days_late >= 90 => arrears >= payment
closed >= opened
closed <= add_months(opened, 600)
opened >= d'1990-01-01'
days(born, opened) >= 0
days(born, opened) >= 365 * age
days(born, opened) < 366 * (age + 1)
paid = term => balance = 0
paid = 0 => balance <= loan
if product = 'card' then rate <= top_rate else rate <= 30%
if product = 'mortgage' then rate <= 15% else margin >= 0.5%
if joint then total_income >= 6_000 USD else total_income >= 0
score < 500 => rate >= 10%
score >= 750 => rate <= 25%
score < 450 => loan <= 20_000 USD
dti > 60% => verified
dti > 80% => product != 'mortgage'
payment * 12 <= total_income + 50_000 USD
payment >= 1% * balance
payment <= 60% * income + 1_000 USD or joint
repaid >= 0
repaid + balance = loan
ltv > 100% => insurance > 0
ltv > 80% and product = 'mortgage' => insurance >= 0.1% * loan
state in big_states => fee <= 4% * loan
state = 'CA' => rate <= 30%
state = 'NY' and product = 'personal' => rate <= 25%
state = 'TX' and product = 'mortgage' => ltv <= 80%
not (joint and employment = 'student' and product = 'mortgage')
max(fee, insurance) <= 6% * loan
"""
HIDDEN = ("age < 18 => loan <= cap", "loan >= 5000 USD", "age <= 16")
HARMLESS = ("age < 18 => loan <= 3000 USD", "loan >= 10 USD", "age >= 15")


def hundred(texts):
    """Return the pack with three more rules, far apart."""
    rest = RULES.strip().split("\n")
    every = [*rest[:20], texts[0], *rest[20:60], texts[1], *rest[60:], texts[2]]
    assert len(every) == 100
    lines = []
    for k, text in enumerate(every):
        check, _, keys = text.partition(" | ")
        lines.append(f"  - {{id: r{k}, check: {json.dumps(check)}{', ' * bool(keys)}{keys}}}\n")
    return RuleSet.parse(TOP + "".join(lines), "hundred.yaml")
