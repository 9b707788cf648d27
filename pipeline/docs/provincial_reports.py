"""Writes provincial_reports.md: trends of paths and mechanisms in government work reports, from one finished run.

python pipeline/docs/provincial_reports.py outputs/reports

The run holds work reports of provinces and of the centre with level, region and year known. No text is quoted:
passages are named by id and file, and `xietong explain RUN PASSAGE_ID` shows them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from xietong.analysis.change_points import change_points
from xietong.analysis.commands import MODEL
from xietong.analysis.consistency import consistency
from xietong.analysis.counts import Counts, count_codes, one_of_each, recode
from xietong.analysis.profiles import attention_quotient
from xietong.analysis.trends import attention, contrast
from xietong.runs import Run, open_run

PATHS = ("planning", "innovation", "industry", "transport", "policy")
MECHANISMS = (
    "market",
    "cooperation",
    "mutual_assistance",
    "support",
    "compensation",
    "core_coordination",
    "supervision",
)
FIRST_YEAR = 2003
PLAN_YEARS = (2006, 2011, 2016, 2021, 2026)
BARS = "▁▂▃▄▅▆▇█"


def main(folder: str) -> None:
    """Read the run and write the page beside this file."""
    run = open_run(folder)
    coder = "combined" if (run.tags()["coder_id"] == "combined").any() else "terms"
    passages = recode(one_of_each(run.passages(), run.documents()), run.tags(), run.codebook, coder)
    passages = passages[passages["level"].isin(["provincial", "central"]) & (passages["year"] >= FIRST_YEAR)]
    counts = count_codes(passages, run.codebook)
    provinces = counts.take((counts.documents["level"] == "provincial").to_numpy(dtype=bool))
    blocks = [
        heading(counts, provinces, coder),
        series(provinces, "path", PATHS, 1, "Five paths: attention (theme or synergy)"),
        series(provinces, "path", PATHS, 2, "Five paths: synergy only"),
        series(provinces, "mechanism", MECHANISMS, 1, "Seven mechanisms"),
        changes(provinces),
        centre_and_provinces(counts),
        findings(run, provinces, passages[passages["level"] == "provincial"], coder),
        limits(),
    ]
    target = Path(__file__).with_suffix(".md")
    target.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    print(target)


def heading(counts: Counts, provinces: Counts, coder: str) -> str:
    """Say what the page rests on."""
    years = provinces.documents["year"]
    return "\n".join([
        "# Twenty-four years of provincial work reports",
        "",
        f"Made by `pipeline/docs/provincial_reports.py` from one run: {len(provinces.n)} reports of "
        f"{provinces.documents['region'].nunique()} provinces ({years.min()} to {years.max()}), {int(provinces.n.sum()):,} "
        f"coded passages; {len(counts.n) - len(provinces.n)} reports of the centre, "
        f"{int(counts.n.sum() - provinces.n.sum()):,} passages. Codes by the coder `{coder}`, not corrected for coding error. "
        "Attention is the share of coded passages that carry a code: emphasis in the text, not implementation. Shares do "
        "not add up to one. Brackets hold 95 % intervals from resampling whole reports.",
    ])  # fmt: skip


def series(counts: Counts, facet: str, codes: tuple[str, ...], value_from: int, title: str) -> str:
    """Give a table of attention by year, with the shape of each series in the last row."""
    table = attention(counts, ("year",))
    table = table[(table["facet"] == facet) & (table["value_from"] == value_from)]
    lines = [f"## {title}", "", "Per cent of coded passages.", ""]
    lines += ["| year | reports | " + " | ".join(codes) + " |", "|---|---|" + "---|" * len(codes)]
    for year, rows in table.groupby("year"):
        by_code = rows.set_index("code")
        cells = [interval(by_code.loc[code]) for code in codes]
        lines.append(f"| {year} | {by_code['n_documents'].iloc[0]} | " + " | ".join(cells) + " |")
    shapes = [spark(table[table["code"] == code].sort_values("year")["estimate"]) for code in codes]
    return "\n".join([*lines, "| | | " + " | ".join(shapes) + " |"])


def interval(row: pd.Series) -> str:
    """Write a share with its interval, in per cent."""
    if pd.isna(row["low"]):
        return f"{100 * row['estimate']:.1f}"
    return f"{100 * row['estimate']:.1f} [{100 * row['low']:.1f}, {100 * row['high']:.1f}]"


def spark(values: pd.Series) -> str:
    """Draw a series in one line of characters."""
    low, high = values.min(), values.max()
    return "".join(BARS[round(7 * (v - low) / (high - low))] if high > low else BARS[0] for v in values)


def changes(provinces: Counts) -> str:
    """Give a table of the changes of level."""
    table = change_points(provinces, by=None)
    wanted = [*(("path", code, 1) for code in PATHS), *(("mechanism", code, 1) for code in MECHANISMS)]
    lines = [
        "## When attention changed", "",
        "One change per code by the binomial likelihood ratio; p by dealing the reports to the years at random, adjusted "
        "for the number of codes (Benjamini-Hochberg). Pettitt's test works on the ranks of the yearly shares.", "",
        "| code | first year of the new level | before | after | p, adjusted | by Pettitt | p, adjusted |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for facet, code, value_from in wanted:
        rows = table[(table["facet"] == facet) & (table["code"] == code) & (table["value_from"] == value_from)]
        one = rows.set_index("statistic")
        lines.append(
            f"| {code} | {one.loc['year_of_change', 'year']} | {100 * one.loc['level_before', 'estimate']:.1f} % | "
            f"{100 * one.loc['level_after', 'estimate']:.1f} % | {probability(one.loc['year_of_change', 'p_adjusted'])} | "
            f"{one.loc['pettitt_year', 'year']} | {probability(one.loc['pettitt_year', 'p_adjusted'])} |"
        )
    return "\n".join(lines)


def probability(p: float) -> str:
    """Write a p value."""
    return "" if pd.isna(p) else ("< 0.01" if p < 0.01 else f"{p:.2f}")


def centre_and_provinces(counts: Counts) -> str:
    """Give a table of the likeness of the two levels at each lag."""
    lines = [
        "## Centre and provinces", "",
        "Likeness of the profiles of attention (1 - square root of the Jensen-Shannon divergence; 1 is the same), over the "
        "years in which both have reports. *By chance* is what dealing the same reports to the two levels gives; p is the "
        "share of such deals that are at most as alike; the interval is the wider of that from resampling reports and that "
        "between years, for the centre has one report a year. Lag 1 sets the provinces beside the centre a year before. The "
        "provinces report in January and February, the centre in March of the same year.", "",
        "| facet | lag | years | likeness | by chance | difference | p |", "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for facet in ("path", "mechanism"):
        table = consistency(counts, facet, ("central", "provincial"), lags=(-2, -1, 0, 1, 2, 3))
        for lag in sorted(table["lag"].unique()):
            rows = table[table["lag"] == lag]
            n_years = rows["year"].nunique()
            whole = rows[rows["year"].isna()].set_index("statistic")
            own = whole.loc["jensen_shannon"]
            lines.append(
                f"| {facet} | {lag} | {n_years} | {own['estimate']:.3f} [{own['low']:.3f}, {own['high']:.3f}] | "
                f"{whole.loc['jensen_shannon_null', 'estimate']:.3f} | {whole.loc['jensen_shannon_excess', 'estimate']:+.3f} | "
                f"{probability(own['p'])} |"
            )
    return "\n".join(lines)


def findings(run: Run, provinces: Counts, passages: pd.DataFrame, coder: str) -> str:
    """Write the three findings."""
    evidence = run.evidence()
    evidence = evidence[evidence["coder_id"] == coder]
    return "\n\n".join([
        "## Three findings a reader can check",
        plan_years(provinces, passages, evidence),
        reform_year(provinces, passages, evidence),
        assisted_regions(provinces, passages, evidence),
    ])  # fmt: skip


def plan_years(provinces: Counts, passages: pd.DataFrame, evidence: pd.DataFrame) -> str:
    """Compare the years in which a five-year plan is put forward with the others."""
    is_plan = provinces.documents["year"].isin(PLAN_YEARS)
    table = compared(provinces, np.where(is_plan, "plan year", "other year"), "planning", 2)
    return (
        "### 1. Planning speaks across places in the years in which a five-year plan is put forward\n\n"
        f"In {', '.join(map(str, PLAN_YEARS))} the outline of the next plan stood beside the report of the year. Passages "
        f"that plan across places: {table}.\n\n"
        + named(passages[passages["year"].isin(PLAN_YEARS) & (passages["path_planning"] == 2)], evidence, "planning")
    )


def reform_year(provinces: Counts, passages: pd.DataFrame, evidence: pd.DataFrame) -> str:
    """Compare 2014 with the two years before."""
    year = provinces.documents["year"]
    near = provinces.take(year.isin([2012, 2013, 2014]).to_numpy(dtype=bool))
    group = np.where(near.documents["year"] == 2014, "2014", "2012 and 2013")
    parts = [f"{code}: {compared(near, group, code, 1)}" for code in ("market", "policy", "supervision")]
    return (
        "### 2. The reports of 2014 turn to the market and to reform\n\n"
        "The third plenary session of November 2013 set the market's decisive role and the reform of government; the next "
        "reports of the provinces are those of 2014. Against 2012 and 2013:\n\n"
        + "\n".join(f"- {part}" for part in parts) + "\n\n"
        + named(passages[(passages["year"] == 2014) & (passages["mechanism_market"] == 1)], evidence, "market")
    )  # fmt: skip


def assisted_regions(provinces: Counts, passages: pd.DataFrame, evidence: pd.DataFrame) -> str:
    """Name the provinces that write most about pairing assistance."""
    table = attention_quotient(provinces, "region")
    rows = table[(table["code"] == "mutual_assistance") & (table["statistic"] == "shrunken_quotient")]
    first = rows.sort_values("estimate", ascending=False).head(5)
    items = [
        f"- {row.group}: {row.estimate:.1f} times [{row.low:.1f}, {row.high:.1f}], {row.n_documents} reports, "
        f"p {probability(row.p_adjusted)}"
        for row in first.itertuples()
    ]
    chosen = passages[passages["region"].isin(first["group"].head(3)) & (passages["mechanism_mutual_assistance"] == 1)]
    return (
        "### 3. Pairing assistance is written about where it arrives\n\n"
        "Mutual assistance (one province paired with another to help it) weighs most, against all provinces, in:\n\n"
        + "\n".join(items) + "\n\nQuotients are shrunk towards 1 where a province has little text.\n\n"
        + named(chosen, evidence, "mutual_assistance")
    )  # fmt: skip


def compared(counts: Counts, group: np.ndarray, code: str, value_from: int) -> str:
    """Compare two groups of reports in one code, in words."""
    grouped = Counts(documents=counts.documents.assign(group=group), n=counts.n, k=counts.k, measured=counts.measured)
    table = contrast(grouped, "group", pairs=True)
    rows = table[(table["code"] == code) & (table["value_from"] == value_from)].set_index("statistic")
    share = attention(grouped, ("group",))
    share = share[(share["code"] == code) & (share["value_from"] == value_from)].set_index("group")["estimate"]
    row = rows.loc["difference"]
    sign = -1 if row["group"] in ("other year", "2012 and 2013") else 1
    low, high = sorted((sign * row["low"], sign * row["high"]))
    one, other = (row["group"], row["reference"]) if sign > 0 else (row["reference"], row["group"])
    return (
        f"{100 * share[one]:.1f} % against {100 * share[other]:.1f} %, a difference of {100 * sign * row['estimate']:.1f} "
        f"points [{100 * low:.1f}, {100 * high:.1f}], Cohen's h {sign * rows.loc['cohen_h', 'estimate']:.2f}, "
        f"p {probability(row['p_adjusted'])} after adjusting for {len(counts.measured)} codes"
    )


def named(passages: pd.DataFrame, evidence: pd.DataFrame, code: str, n: int = 3) -> str:
    """Name the passages with the most evidence, each of another report."""
    weight = evidence[evidence["code"] == code].groupby("passage_id")["weight"].sum()
    ranked = passages.assign(weight=passages["passage_id"].map(weight).fillna(0.0))
    ranked = (
        ranked.sort_values(["weight", "passage_id"], ascending=[False, True]).drop_duplicates("document_id").head(n)
    )
    rows = [f"`{row.passage_id}` ({Path(row.file).name}, passage {row.n})" for row in ranked.itertuples()]
    return "Passages: " + "; ".join(rows) + "."


def limits() -> str:
    """Say what cannot be concluded."""
    return (
        "## What this does not show\n\n"
        "Not every province is there in every year, so a change may come from which reports were collected; contrasts of "
        "years do not correct for it. The years of finding 2 were chosen for the known event, not by looking at the series. "
        "Nothing here measures what was done, or that one level followed another. "
        f"Topics of the same run are in `{MODEL}` once `xietong topics` has been run."
    )


if __name__ == "__main__":
    main(sys.argv[1])
