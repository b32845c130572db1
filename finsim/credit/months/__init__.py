"""What happens to a loan month by month.

| part | file |
|---|---|
| hazard and loss rate, one law with the loss draws | ``monthly_risk.py`` |
| arrears of 30 and 60 days that lead to default or are made good | ``arrears.py`` |
| what a default loses, with its scatter | ``loss_scatter.py`` |
| what comes back after a default, and who cures | ``recoveries.py`` |
| what a bank expects of the years to come | ``outlook.py`` |
| the rating of a loan that migrates | ``ratings.py`` |
| IFRS 9 stages with entry, exit and probation | ``stages.py`` |
| how the quality of each borrower drifts | ``quality.py`` |
| random numbers of loans and obligors | ``uniforms.py`` |
| the age of a loan as a multiplier of its hazard | ``seasoning.py`` |
"""
