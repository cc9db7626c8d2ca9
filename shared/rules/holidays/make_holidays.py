#!/usr/bin/env python3
"""Makes the calendars beside this file from the official lists in tests/fixtures/holidays/ and, for Ireland, from the statute.

    python3 shared/rules/holidays/make_holidays.py

A new release of a list is one more version in a calendar's file, appended, with its own `released`; versions that are
there stay as they are, for clocks count by them. This script writes the first versions.
"""
import datetime as dt
import json
import pathlib

HERE = pathlib.Path(__file__).parent
LISTS = HERE.parents[2] / "tests" / "fixtures" / "holidays"
RELEASED = "2026-11-26"
WEEKEND = ["sat", "sun"]


def easter(year):
    """Easter Sunday (Gregorian), after Meeus, Astronomical Algorithms, chapter 8."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return dt.date(year, month, day + 1)


def monday(year, month, last=False):
    """The first or the last Monday of a month."""
    if not last:
        first = dt.date(year, month, 1)
        return first + dt.timedelta((7 - first.weekday()) % 7)
    end = dt.date(year, month + 1, 1) - dt.timedelta(1)
    return end - dt.timedelta(end.weekday())


def irish(year):
    """Public holidays by the Organisation of Working Time Act 1997, Second Schedule."""
    yield "New Year's Day", dt.date(year, 1, 1)
    if year >= 2023:
        first = dt.date(year, 2, 1)
        yield "St Brigid's Day", first if first.weekday() == 4 else monday(year, 2)
    yield "St Patrick's Day", dt.date(year, 3, 17)
    if year == 2022:
        yield "Day of Remembrance and Recognition", dt.date(2022, 3, 18)
    yield "Easter Monday", easter(year) + dt.timedelta(1)
    yield "May public holiday", monday(year, 5)
    yield "June public holiday", monday(year, 6)
    yield "August public holiday", monday(year, 8)
    yield "October public holiday", monday(year, 10, last=True)
    yield "Christmas Day", dt.date(year, 12, 25)
    yield "St Stephen's Day", dt.date(year, 12, 26)


def uk(nation):
    events = json.loads((LISTS / "uk_bank_holidays.json").read_text())[nation]["events"]
    for event in events:
        substitute = " (substitute day)" if event["notes"] == "Substitute day" else ""
        yield event["title"] + substitute, dt.date.fromisoformat(event["date"])
    if nation == "scotland":
        yield "World Cup bank holiday", dt.date(2026, 6, 15)


def us():
    for event in json.loads((LISTS / "us_federal_holidays_2019_2030.json").read_text())["events"]:
        yield event["title"], dt.date.fromisoformat(event["date"])


def union(*lists):
    seen = {}
    for name, day in (item for items in lists for item in items):
        seen.setdefault(day, name)
    return [(name, day) for day, name in seen.items()]


def write(ident, name, zone, jurisdictions, source, first, last, holidays, status="verified", to_confirm=None):
    by_name = {}
    for title, day in holidays:
        by_name.setdefault(title, []).append(day.isoformat())
    lines = [
        "{",
        f'  "id": {json.dumps(ident)},',
        f'  "name": {json.dumps(name)},',
        f'  "zone": {json.dumps(zone)},',
        f'  "jurisdictions": {json.dumps(jurisdictions)},',
        f'  "weekend": {json.dumps(WEEKEND)},',
        '  "versions": [',
        "    {",
        f'      "version": "{RELEASED}",',
        f'      "released": "{RELEASED}",',
        f'      "source": {json.dumps(source, ensure_ascii=False)},',
        f'      "status": "{status}",',
        *([f'      "to_confirm": {json.dumps(to_confirm)},'] if to_confirm else []),
        f'      "from": "{first}",',
        f'      "until": "{last}",',
        '      "holidays": {',
    ]
    entries = [
        f"        {json.dumps(title, ensure_ascii=False)}: {json.dumps(sorted(days))}" for title, days in sorted(by_name.items())
    ]
    lines += [",\n".join(entries)] if entries else []
    lines += ["      }", "    }", "  ]", "}"]
    (HERE / f"{ident}.json").write_text("\n".join(lines) + "\n")


GOV_UK = "gov.uk/bank-holidays.json, taken before February 2026 (Banking and Financial Dealings Act 1971, s. 1 and Sch. 1); business day: FCA Handbook Glossary G120"
SCOTLAND = "; 15 June 2026: royal proclamation under s. 1(3) of that Act, wired-gov.net 2026-02-05"
NATIONS = ["england-and-wales", "scotland", "northern-ireland"]

write("england_and_wales", "England and Wales", "Europe/London", ["england_and_wales"], GOV_UK, "2012-01-01", "2028-12-31", uk(NATIONS[0]))
write("scotland", "Scotland", "Europe/London", ["scotland"], GOV_UK + SCOTLAND, "2012-01-01", "2028-12-31", uk(NATIONS[1]))
write("northern_ireland", "Northern Ireland", "Europe/London", ["northern_ireland"], GOV_UK, "2012-01-01", "2028-12-31", uk(NATIONS[2]))
write(
    "united_kingdom", "any part of the United Kingdom", "Europe/London", [],
    "the calendars of the three nations together: FCA Handbook Glossary G1851 (working day)",
    "2012-01-01", "2028-12-31", union(*map(uk, NATIONS)),
)
write(
    "ireland", "Ireland", "Europe/Dublin", ["ireland"],
    "Organisation of Working Time Act 1997, Second Schedule, computed; with the February holiday from 2023 and 18 March 2022 (thoughts.maples.com/post/102hipo)",
    "2012-01-01", "2035-12-31", [item for year in range(2012, 2036) for item in irish(year)], "to_confirm",
    "Days on which banks close although they are no public holidays (Good Friday; the Monday after a holiday at a weekend) count as business days here, so clocks end sooner, never later.",
)
write(
    "us_federal", "US federal", "America/New_York", ["us"],
    "5 U.S.C. 6103 and Executive Order 11582, with the days they are observed; made with the Python package holidays 0.108",
    "2019-01-01", "2030-12-31", us(),
)
write(
    "eu", "European Union (weekends only)", "Europe/Brussels", ["eu"],
    "Regulation (EEC, Euratom) 1182/71 art. 2 leaves holidays to each member state", "1971-07-01", "9999-12-31", [], "to_confirm",
    "Choose the calendar of a member state; without its holidays clocks end sooner, never later.",
)
