"""``finsim export``: hand a run, payments or bars over in the format of another tool."""

from __future__ import annotations

from finsim.cli.handover import export_options as option
from finsim.cli.options import AsJson
from finsim.cli.output import show


def export(
    run: option.RunOrFile,
    format: option.Format = None,
    output: option.Output = None,
    scenario: option.Scenario = None,
    path: option.PathNumber = None,
    from_date: option.FromDate = None,
    as_of: option.AsOf = None,
    bank: option.Bank = None,
    prevalence: option.Prevalence = None,
    instance: option.Instance = None,
    record_price: option.RecordPrice = None,
    cpu_price: option.CpuPrice = None,
    currency: option.Currency = None,
    as_json: AsJson = False,
) -> None:
    """Write a run, or its payments or bars, in the format of another tool.

    Example: finsim export runs/demo --as amlworld -o handover
    """
    from finsim.verbs.handover.export import export as verb

    done = verb(
        run,
        format,
        output=output,
        scenario=scenario,
        path=path,
        from_date=from_date,
        as_of=as_of,
        bank=bank,
        prevalence=prevalence,
        instance=instance,
        record_price=record_price,
        cpu_price=cpu_price,
        currency=currency,
    )
    show("export", done.to_dict(), done.to_text(), as_json, outputs=done.files)
