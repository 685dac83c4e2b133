"""The words of the commands for files of distribution operators: `hub import`, `hub residuals` and `hub export`."""

import argparse
from pathlib import Path


def add_import(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The words of `hub import`, and of `hub residuals` that compares what came by it."""
    read = verbs.add_parser("import", help="import load curves, indexes and the operator's own results from files")
    sources = read.add_subparsers(dest="source", required=True, metavar="SOURCE")
    flow = {"choices": ("import", "export"), "help": "what the values are, where the file does not say it"}
    for source, whose in (("enedis", "load curves and indexes of Enedis"), ("eda", "load curves of Austria's EDA")):
        files = sources.add_parser(source, help=whose)
        files.add_argument("file", type=Path, nargs="+", metavar="FILE")
        files.add_argument("--flow", **flow)
        if source == "eda":
            files.add_argument("--point", metavar="ID", help="the metering point, where the file does not name it")
    table = sources.add_parser("csv", help="a load curve as any table with a time and a value on each line")
    table.add_argument("file", type=Path, nargs="+", metavar="FILE")
    table.add_argument(
        "--unit", required=True, choices=("W", "kW", "Wh", "kWh"), help="W and kW are means over the step"
    )
    table.add_argument("--stamp", required=True, choices=("start", "end"), help="of the step")
    table.add_argument("--zone", metavar="ZONE", help="of times without offset, as Europe/Paris")
    table.add_argument("--step-min", type=int, metavar="N", help="length of the step; told by the times by default")
    table.add_argument("--point", metavar="ID", help="the metering point, where no column names it")
    table.add_argument("--flow", **flow)
    for column in ("time", "value", "point", "flow"):
        table.add_argument(f"--{column}-column", metavar="NAME", help=f"header of the {column}s, where it is another")
    settled = sources.add_parser("settlement", help="the operator's own results of a community, as JSON or CSV")
    settled.add_argument("community", metavar="COMMUNITY", help="whose results these are")
    settled.add_argument("file", type=Path, nargs="+", metavar="FILE")
    settled.add_argument("--unit", choices=("W", "kW", "Wh", "kWh"), help="of curves; W and kW are means over the step")
    settled.add_argument("--stamp", choices=("start", "end"), help="of curves: whether times are starts or ends")
    settled.add_argument("--zone", metavar="ZONE", help="of times without offset; the community's by default")
    settled.add_argument("--step-min", type=int, metavar="N", help="length of the step; told by the times by default")
    sources.add_parser("list", help="show the files that were imported")
    undone = sources.add_parser("undo", help="take files back: what their values had replaced counts again")
    undone.add_argument("what", nargs="+", metavar="FILE", help="the file, or its number in `hub import list`")
    compared = verbs.add_parser("residuals", help="compare what devices say with the operator's curves")
    compared.add_argument("community", metavar="COMMUNITY")
    month = "the last whole month by default; with --settlement the newest that the operator settled"
    compared.add_argument("--month", metavar="YYYY-MM", help=month)
    compared.add_argument(
        "--settlement", action="store_true", help="instead: the hub's own figures and the operator's results"
    )
    compared.add_argument("--json", action="store_true", help="the same as JSON, in Wh")


def add_export(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The words of `hub export`."""
    export = verbs.add_parser("export", help="write files for others")
    kinds = export.add_subparsers(dest="what", required=True, metavar="WHAT")
    files = kinds.add_parser("coefficients", help="which part of each producer is whose, for the operator")
    files.add_argument("community", metavar="COMMUNITY")
    for word, name in (("from", "start"), ("to", "end")):
        meaning = f"{'first' if word == 'from' else 'last'} day, as 2026-01-05, or a time, in the community's zone"
        files.add_argument(f"--{word}", dest=name, required=True, metavar="DAY", help=meaning)
    files.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the files")
    files.add_argument("--force", action="store_true", help="overwrite files that are there")
    files.add_argument("--decimals", type=int, choices=range(5), help="of a percent; HUB_COEFFICIENT_DECIMALS")
    files.add_argument("--separator", choices=(";", ",", "tab"), help="of columns; HUB_COEFFICIENT_SEPARATOR")
    mark = files.add_mutually_exclusive_group()
    for name, sign in (("comma", ","), ("point", ".")):
        meaning = f"write {sign} before them; HUB_COEFFICIENT_DECIMAL_MARK"
        mark.add_argument(f"--decimal-{name}", dest="decimal_mark", action="store_const", const=sign, help=meaning)
    files.add_argument("--stamp", choices=("start", "end"), help="of the step; HUB_COEFFICIENT_STAMP")
