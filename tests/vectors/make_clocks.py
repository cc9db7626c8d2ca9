#!/usr/bin/env python3
"""Makes clocks.json and zones.json beside this file.

    python3 tests/vectors/make_clocks.py

Nothing here is taken from the engine or its data: business days come from the official lists in tests/fixtures/holidays
(Ireland's from the statute, written out below), civil time from the IANA database of this machine (Python's zoneinfo),
lengths from the rules as cited. The method differs, too: business days are looked up in a sorted list of all of them;
the engine walks day by day. Vectors marked "hand" carry a date that a person counted on a calendar; this script counts
again and stops if it comes to another.
"""
import bisect
import calendar as months
import datetime as dt
import json
import pathlib
import random
import zoneinfo

HERE = pathlib.Path(__file__).parent
LISTS = HERE.parent / "fixtures" / "holidays"
UTC = dt.timezone.utc
DAY = dt.timedelta(days=1)

# ---------------------------------------------------------------- calendars

def weekday_of_month(year, month, weekday, which):
    """The `which`-th (1, 2, … or -1) given weekday of a month."""
    weeks = [week[weekday] for week in months.monthcalendar(year, month) if week[weekday]]
    return dt.date(year, month, weeks[which - 1 if which > 0 else which])


def easter(year):
    """Easter Sunday by the table of golden numbers and Sunday letters (Gauss, with both exceptions)."""
    a, b, c = year % 19, year % 4, year % 7
    k = year // 100
    p = (13 + 8 * k) // 25
    q = k // 4
    m = (15 - p + k - q) % 30
    n = (4 + k - q) % 7
    d = (19 * a + m) % 30
    e = (2 * b + 4 * c + 6 * d + n) % 7
    if d == 29 and e == 6:
        return dt.date(year, 4, 19)
    if d == 28 and e == 6 and (11 * m + 11) % 30 < 19:
        return dt.date(year, 4, 18)
    return dt.date(year, 3, 22) + dt.timedelta(d + e)


def irish(year):
    days = [dt.date(year, 1, 1), dt.date(year, 3, 17), easter(year) + DAY, dt.date(year, 12, 25), dt.date(year, 12, 26)]
    days += [weekday_of_month(year, month, 0, which) for month, which in [(5, 1), (6, 1), (8, 1), (10, -1)]]
    if year >= 2023:
        first = dt.date(year, 2, 1)
        days.append(first if first.weekday() == 4 else weekday_of_month(year, 2, 0, 1))
    if year == 2022:
        days.append(dt.date(2022, 3, 18))
    return days


def official(file, nation=None):
    data = json.loads((LISTS / file).read_text())
    events = (data[nation] if nation else data)["events"]
    return {dt.date.fromisoformat(event["date"]) for event in events}


UK = {name: official("uk_bank_holidays.json", name.replace("_", "-")) for name in
      ["england_and_wales", "scotland", "northern_ireland"]}
UK["scotland"] = UK["scotland"] | {dt.date(2026, 6, 15)}
HOLIDAYS = {
    **UK,
    "united_kingdom": set().union(*UK.values()),
    "ireland": {day for year in range(2012, 2036) for day in irish(year)},
    "us_federal": official("us_federal_holidays_2019_2030.json"),
    "eu": set(),
}
ZONE = {name: "Europe/London" for name in [*UK, "united_kingdom"]}
ZONE |= {"ireland": "Europe/Dublin", "us_federal": "America/New_York", "eu": "Europe/Brussels"}
ALL_DAYS = [dt.date(2011, 1, 1) + n * DAY for n in range(366 * 26)]
OPEN = {name: [d for d in ALL_DAYS if d.weekday() < 5 and d not in days] for name, days in HOLIDAYS.items()}
CALENDAR_OF = {"england_and_wales": "england_and_wales", "scotland": "scotland", "northern_ireland": "northern_ireland",
               "ireland": "ireland", "us": "us_federal", "eu": "eu"}

# ---------------------------------------------------------------- time

def parse(text):
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


def stamp(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def local_day(moment, zone):
    return moment.astimezone(zoneinfo.ZoneInfo(zone)).date()


def at(day, time, zone):
    return dt.datetime.combine(day, time, zoneinfo.ZoneInfo(zone)).astimezone(UTC)


def start_of(day, zone):
    return at(day, dt.time(0), zone)


def end_of(day, zone):
    return start_of(day + DAY, zone) - dt.timedelta(milliseconds=1)

# ---------------------------------------------------------------- counting

def add_months(day, amount, included):
    """The last day of a period of months that excludes, or begins with, `day`."""
    number = day.year * 12 + day.month - 1 + amount
    year, month = divmod(number, 12)
    length = months.monthrange(year, month + 1)[1]
    if day.day > length:
        return dt.date(year, month + 1, length)
    corresponding = dt.date(year, month + 1, day.day)
    return corresponding - DAY if included else corresponding


def last_day(calendar, zone, start, amount, unit, start_day="excluded", roll="none", stops=(), maximum=None):
    day = local_day(start, zone)
    included = start_day == "included"
    first = day if included else day + DAY
    stood_still = lambda d: any(a <= end_of(d, zone) < b for a, b in stops)
    if unit == "business_day":
        pool = OPEN[calendar]
    elif stops:
        pool = ALL_DAYS
    else:
        pool = None
    if pool is None:
        if unit == "month":
            last = add_months(day, amount, included)
        else:
            last = first + (amount * (7 if unit == "week" else 1) - 1) * DAY
    elif not stops:
        last = pool[bisect.bisect_left(pool, first) + amount - 1]
    else:
        n = amount * (7 if unit == "week" else 1)
        last = [d for d in pool[bisect.bisect_left(pool, first):] if not stood_still(d)][n - 1]
    if maximum:
        last = min(last, last_day(calendar, zone, start, maximum, unit, start_day))
    if roll == "next_business_day":
        last = OPEN[calendar][bisect.bisect_left(OPEN[calendar], last)]
    return last

# ---------------------------------------------------------------- vectors

vectors = []


def period(ident, about, source, calendar, start, amount, unit, due_on=None, due=None, **how):
    zone = how.pop("zone", ZONE[calendar])
    begun = parse(start)
    stops = [(parse(a), parse(b)) for a, b in how.get("stops", [])]
    vector = {"id": ident, "about": about, "source": source, "by": "hand" if due_on or due else "script"}
    vector["period"] = {"calendar": calendar, "zone": zone, "start": start, "amount": amount, "unit": unit}
    vector["period"] |= {k: v for k, v in how.items() if k in ("start_day", "roll", "maximum", "ends", "close")}
    if stops:
        vector["period"]["stops"] = [{"from": a, "until": b} for a, b in how["stops"]]
    if unit in ("hour", "minute"):
        moment = begun + dt.timedelta(**{unit + "s": amount})
        for a, b in stops:
            a = max(a, begun)
            if a < moment and b > a:
                moment += b - a
        last = local_day(moment, zone)
    else:
        last = last_day(calendar, zone, begun, amount, unit, how.get("start_day", "excluded"), how.get("roll", "none"),
                        stops, how.get("maximum"))
        close = how.get("close", "17:00")
        moment = at(last, dt.time.fromisoformat(close), zone) if how.get("ends") == "close_of_business" else end_of(last, zone)
    assert due_on in (None, last.isoformat()), (ident, due_on, last)
    assert due in (None, stamp(moment)), (ident, due, stamp(moment))
    vector["expect"] = {"due_on": last.isoformat(), "due": stamp(moment)}
    vectors.append(vector)


# The rules as cited: amount, unit, and how. None: promptly.
RULES = {
    "gb-fca-disp/acknowledgement": None,
    "gb-fca-disp/summary_resolution": (3, "business_day", {"ends": "close_of_business"}),
    "gb-fca-disp/final_response": (8, "week", {"warn": [28, 42, 49, 54]}),
    "gb-fca-disp/late_final_response": None,
    "gb-fca-disp/payment_response": (15, "business_day", {}),
    "gb-fca-disp/payment_final_response": (35, "business_day", {}),
    "gb-fca-disp/ombudsman_referral": (6, "month", {}),
    "gb-psr-app/reimbursement": (5, "business_day", {"maximum": 35}),
    "gb-ofcom/adr_letter@2018-10-01": (8, "week", {"warn": [28, 42, 49, 54]}),
    "gb-ofcom/adr_letter@2026-04-08": (6, "week", {"warn": [21, 28, 35, 40]}),
    "gb-ofcom/deadlock_letter": None,
    "gb-ofcom/adr_referral": (12, "month", {}),
    "gb-caa/response": (8, "week", {}),
    "gb-caa/deadlock_letter": None,
    "gb-caa/adr_referral": (12, "month", {}),
    "gb-data-protection/acknowledgement_statute": (30, "day", {"start_day": "included"}),
    "gb-data-protection/acknowledgement_ico": (30, "day", {"roll": "next_business_day"}),
    "gb-data-protection/outcome": None,
    "ie-cpc/acknowledgement": (5, "business_day", {}),
    "ie-cpc/update": (20, "business_day", {}),
    "ie-cpc/final_response": (40, "business_day", {}),
    "us-cfpb/response": (15, "day", {}),
    "us-cfpb/final_response": (60, "day", {}),
    "us-dot/acknowledgement": (30, "day", {}),
    "us-dot/response": (60, "day", {}),
    "us-dot/disability_response": (30, "day", {}),
}
VERSIONS = {
    "gb-fca-disp": [("2018-01-13", "2018-01-13"), ("2026-06-01", "2026-06-01")],
    "gb-psr-app": [("2024-10-07", "2024-10-07")],
    "gb-ofcom": [("2018-10-01", "2018-10-01"), ("2026-04-08", "2026-04-08")],
    "gb-caa": [("2015-10-01", "2015-10-01")],
    "gb-data-protection": [("2026-06-19", "2026-06-19")],
    "ie-cpc": [("2012-01-01", "2012-01-01"), ("2026-03-24", "2026-03-24")],
    "us-cfpb": [("2015-01-01", "2012-01-01")],
    "us-dot": [("2011-08-23", "2011-08-23")],
}


def case(ident, about, source, jurisdiction, sector, occurrences, now, *expected, tags=(), choices=None, pins=None):
    """`expected`: (pack/rule, state, more): `start` (default: the first occurrence), `due_on` (hand), and what else is
    to be compared as it is (met_at, void_at, breached_at, ended_by, latest, leading, warnings, number, absent)."""
    calendar = CALENDAR_OF[jurisdiction]
    zone = ZONE[calendar]
    by_hand = any("due_on" in more for _, _, more in expected)
    entries = [{"what": what, "at": moment, **({"reason": reason[0]} if reason else {})} for what, moment, *reason in occurrences]
    vector = {"id": ident, "about": about, "source": source, "by": "hand" if by_hand else "script",
              "case": {"jurisdiction": jurisdiction, "sector": sector, "tags": list(tags), "occurrences": entries}}
    if pins:
        vector["case"]["pins"] = pins
    if choices:
        vector["case"]["choices"] = choices
    vector["now"] = now
    vector["expect"] = []
    for key, state, more in expected:
        more = dict(more)
        pack, rule = key.split("/")
        if more.get("absent"):
            vector["expect"].append({"pack": pack, "rule": rule, "absent": True})
            continue
        start = more.pop("start", occurrences[0][1])
        begun = parse(start)
        pinned = [pin["version"] for pin in pins or [] if pin["id"] == pack]
        version = pinned[0] if pinned else [v for v, since in VERSIONS[pack] if since <= local_day(begun, zone).isoformat()][-1]
        want = {"pack": pack, "rule": rule, "version": version, "state": state, "start": start}
        terms = RULES.get(key, RULES.get(f"{key}@{version}"))
        if terms is None:
            want |= {"due_on": None, "due": None}
        else:
            amount, unit, how = terms
            stops = [(parse(a), parse(b)) for a, b in more.pop("stops", [])]
            counted_from = parse(more.pop("counted_from", start))
            last = last_day(calendar, zone, counted_from, amount, unit, how.get("start_day", "excluded"),
                            how.get("roll", "none"), stops, how.get("maximum"))
            close = dt.time.fromisoformat((choices or {}).get("close_of_business", "17:00"))
            moment = at(last, close, zone) if how.get("ends") else end_of(last, zone)
            assert more.get("due_on") in (None, last.isoformat()), (ident, key, more.get("due_on"), last)
            want |= {"due_on": last.isoformat(), "due": stamp(moment)}
            if how.get("maximum"):
                furthest = last_day(calendar, zone, counted_from, how["maximum"], unit)
                want["latest"] = stamp(end_of(furthest, zone))
            if "warn" in how and state == "running":
                want["warnings"] = [{"at": stamp(start_of(local_day(begun, zone) + n * DAY, zone)), "name": f"day {n}"}
                                    for n in how["warn"]]
        more.pop("due_on", None)
        vector["expect"].append(want | more)
    vectors.append(vector)


NATIONS = [("ew", "england_and_wales"), ("sc", "scotland"), ("ni", "northern_ireland")]

# ---- one table: received on Friday 2026-12-11, by everybody

FRIDAY = "2026-12-11T10:00:00.000Z"
SOON = "2026-12-11T12:00:00.000Z"
for short, nation in NATIONS:
    late = {"ew": ("2027-01-06", "2027-02-03"), "sc": ("2027-01-07", "2027-02-04"), "ni": ("2027-01-06", "2027-02-03")}[short]
    case(f"table/{short}/disp-3bd", "third business day", "FCA DISP 1.5.1R", nation, "bank", [("received", FRIDAY)], SOON,
         ("gb-fca-disp/summary_resolution", "running", {"due_on": "2026-12-16"}))
    case(f"table/{short}/disp-15bd", "15 business days", "FCA DISP 1.6.2AR(1)", nation, "bank", [("received", FRIDAY)], SOON,
         ("gb-fca-disp/payment_response", "running", {"due_on": late[0]}),
         ("gb-fca-disp/payment_final_response", "", {"absent": True}),
         ("gb-fca-disp/final_response", "", {"absent": True}), tags=["payment_service"])
    case(f"table/{short}/disp-35bd", "35 business days, after a holding response", "FCA DISP 1.6.2AR(2)", nation, "bank",
         [("received", FRIDAY), ("holding_response", "2026-12-21T15:00:00.000Z")], "2026-12-22T09:00:00.000Z",
         ("gb-fca-disp/payment_final_response", "running", {"due_on": late[1]}),
         ("gb-fca-disp/payment_response", "met", {"met_at": "2026-12-21T15:00:00.000Z", "ended_by": "holding_response"}),
         tags=["payment_service"])
    case(f"table/{short}/disp-8w", "eight weeks", "FCA DISP 1.6.2R", nation, "bank", [("received", FRIDAY)], SOON,
         ("gb-fca-disp/final_response", "running", {"due_on": "2027-02-05"}),
         ("gb-fca-disp/acknowledgement", "running", {}))
    case(f"table/{short}/ofcom-6w", "six weeks", "Ofcom Approved Complaints Code, from 8 April 2026 (wired-gov.net 2025-07-09)", nation, "telecom", [("received", FRIDAY)], SOON,
         ("gb-ofcom/adr_letter", "running", {"due_on": "2027-01-22"}))
    case(f"table/{short}/duaa", "30 days: the statute's words and the ICO's reading; the earlier one warns, on the business day before",
         "Data Protection Act 2018 s. 164A(3); ICO guidance (boyesturner.com, cms.law)", nation, "telecom", [("received", FRIDAY)], SOON,
         ("gb-data-protection/acknowledgement_statute", "running",
          {"due_on": "2027-01-09", "leading": True, "warnings": [
              {"at": "2026-12-24T00:00:00.000Z", "name": "day 14"}, {"at": "2026-12-31T00:00:00.000Z", "name": "day 21"},
              {"at": "2027-01-07T00:00:00.000Z", "name": "day 28"}, {"at": "2027-01-08T00:00:00.000Z", "name": "last business day"}]}),
         ("gb-data-protection/acknowledgement_ico", "running", {"due_on": "2027-01-11", "leading": False, "warnings": []}),
         tags=["data_protection"])
    case(f"table/{short}/fos-6m", "six months from a final response sent on 31 August", "FCA DISP 2.8.2R(1)", nation, "bank",
         [("received", "2026-08-03T09:00:00.000Z"), ("final_response", "2026-08-31T14:00:00.000Z")], "2026-09-01T09:00:00.000Z",
         ("gb-fca-disp/ombudsman_referral", "running", {"start": "2026-08-31T14:00:00.000Z", "due_on": "2027-02-28"}),
         ("gb-fca-disp/final_response", "met", {"met_at": "2026-08-31T14:00:00.000Z"}))
case("table/us/dot", "30 and 60 days, no roll", "14 CFR 259.7(c)", "us", "airline", [("received", "2026-12-11T15:00:00.000Z")], "2026-12-11T16:00:00.000Z",
     ("us-dot/acknowledgement", "running", {"due_on": "2027-01-10"}), ("us-dot/response", "running", {"due_on": "2027-02-09"}),
     ("us-dot/disability_response", "", {"absent": True}))
case("table/us/cfpb", "15 days from the day it was sent to the company", "CFPB company portal manual (fintechfutures.com)", "us", "bank",
     [("received", "2026-12-10T15:00:00.000Z"), ("sent_to_firm", "2026-12-11T15:00:00.000Z")], "2026-12-11T16:00:00.000Z",
     ("us-cfpb/response", "running", {"start": "2026-12-11T15:00:00.000Z", "due_on": "2026-12-26"}),
     ("us-cfpb/final_response", "", {"absent": True}), tags=["cfpb"])

# ---- midnight, representatives, reopened, forwarded, merged

case("also/2359-local", "received at 23:59:59 London summer time: still that day", "FCA DISP 1.6.2R", "england_and_wales", "bank",
     [("received", "2026-07-10T22:59:59.999Z")], "2026-07-11T00:00:00.000Z",
     ("gb-fca-disp/summary_resolution", "running", {"due_on": "2026-07-15"}), ("gb-fca-disp/final_response", "running", {"due_on": "2026-09-04"}))
case("also/midnight-local", "a millisecond later it is Saturday in London, though Friday in UTC", "FCA DISP 1.6.2R", "england_and_wales", "bank",
     [("received", "2026-07-10T23:00:00.000Z")], "2026-07-11T00:00:00.000Z",
     ("gb-fca-disp/summary_resolution", "running", {"due_on": "2026-07-15"}), ("gb-fca-disp/final_response", "running", {"due_on": "2026-09-05"}))
case("also/new-year-eve-in-new-york", "1 January in UTC, 31 December in New York", "14 CFR 259.7(c)", "us", "airline",
     [("received", "2027-01-01T04:59:59.000Z")], "2027-01-01T06:00:00.000Z", ("us-dot/acknowledgement", "running", {"due_on": "2027-01-30"}))
case("also/representative", "received by an appointed representative on Thursday, logged on Monday: received on Thursday", "FCA DISP 1.6.2R: receipt by the respondent",
     "england_and_wales", "bank", [("received", "2026-11-19T16:00:00.000Z"), ("acknowledged", "2026-11-23T09:00:00.000Z")], "2026-11-23T10:00:00.000Z",
     ("gb-fca-disp/summary_resolution", "running", {"due_on": "2026-11-24"}), ("gb-fca-disp/final_response", "running", {"due_on": "2027-01-14"}),
     ("gb-fca-disp/acknowledgement", "met", {"met_at": "2026-11-23T09:00:00.000Z"}))
SRC = [("received", "2026-09-01T09:00:00.000Z"), ("summary_resolution", "2026-09-03T11:00:00.000Z")]
case("also/summary-resolution", "resolved on the second business day: both clocks met, acknowledgement not needed", "FCA DISP 1.5.1R, 1.5.2AR", "england_and_wales", "bank",
     SRC, "2026-09-20T09:00:00.000Z",
     ("gb-fca-disp/summary_resolution", "met", {"met_at": SRC[1][1], "due_on": "2026-09-04"}), ("gb-fca-disp/final_response", "met", {"met_at": SRC[1][1]}),
     ("gb-fca-disp/acknowledgement", "void", {"void_at": SRC[1][1], "ended_by": "summary_resolution"}),
     ("gb-fca-disp/ombudsman_referral", "running", {"start": SRC[1][1], "due_on": "2027-03-03"}))
case("also/reopened-after-src", "reopened after a summary resolution: the eight weeks run on from the first receipt, the three days are over", "FCA DISP 1.6.2R", "england_and_wales", "bank",
     SRC + [("reopened", "2026-09-14T09:00:00.000Z")], "2026-09-20T09:00:00.000Z",
     ("gb-fca-disp/final_response", "running", {"due_on": "2026-10-27"}),
     ("gb-fca-disp/summary_resolution", "void", {"due_on": "2026-09-04", "met_at": None, "void_at": None}))
case("also/reopened-after-final-response", "reopened after the final response: that was sent in time, and the six months run", "FCA DISP 1.6.2R", "england_and_wales", "bank",
     [("received", "2026-09-01T09:00:00.000Z"), ("final_response", "2026-10-01T11:00:00.000Z"), ("reopened", "2026-11-02T09:00:00.000Z")], "2026-11-20T09:00:00.000Z",
     ("gb-fca-disp/final_response", "met", {"met_at": "2026-10-01T11:00:00.000Z", "due_on": "2026-10-27"}),
     ("gb-fca-disp/ombudsman_referral", "running", {"start": "2026-10-01T11:00:00.000Z", "due_on": "2027-04-01"}))
case("also/forwarded", "passed on in full: nothing is due from this firm any more", "FCA DISP 1.7", "england_and_wales", "bank",
     [("received", "2026-09-01T09:00:00.000Z"), ("forwarded", "2026-09-08T09:00:00.000Z")], "2026-12-01T09:00:00.000Z",
     ("gb-fca-disp/final_response", "void", {"void_at": "2026-09-08T09:00:00.000Z", "ended_by": "forwarded", "due_on": "2026-10-27"}))
case("also/forwarded-receiver", "the receiver's clock starts with its own receipt", "FCA DISP 1.7", "scotland", "bank",
     [("received", "2026-09-09T09:00:00.000Z")], "2026-09-10T09:00:00.000Z", ("gb-fca-disp/final_response", "running", {"due_on": "2026-11-04"}))
case("also/merged", "tied to an earlier complaint of the same consumer: both keep their clocks", "Ofcom Approved Complaints Code, from 8 April 2026 (wired-gov.net 2025-07-09)", "england_and_wales", "telecom",
     [("received", "2026-09-14T09:00:00.000Z")], "2026-09-15T09:00:00.000Z", ("gb-ofcom/adr_letter", "running", {"due_on": "2026-10-26"}))
case("also/withdrawn-and-back", "withdrawn and taken up again: the clock never stopped", "FCA DISP 1.6.2R", "england_and_wales", "bank",
     [("received", "2026-09-01T09:00:00.000Z"), ("withdrawn", "2026-09-08T09:00:00.000Z"), ("reopened", "2026-10-20T09:00:00.000Z")], "2026-10-21T09:00:00.000Z",
     ("gb-fca-disp/final_response", "running", {"due_on": "2026-10-27", "void_at": None}))
case("also/waiting-changes-nothing", "a question to the complainant stops no statutory clock", "FCA DISP 1.6.2R", "england_and_wales", "bank",
     [("received", "2026-09-01T09:00:00.000Z"), ("information_requested", "2026-09-08T09:00:00.000Z")], "2026-10-01T09:00:00.000Z",
     ("gb-fca-disp/final_response", "running", {"due_on": "2026-10-27"}))
case("also/clock-stopped-means-nothing-here", "nor does stopping a clock that its rule gives no leave to stop", "FCA DISP 1.6.2R; PSR SD20", "england_and_wales", "bank",
     [("received", "2026-09-01T09:00:00.000Z"), ("clock_stopped", "2026-09-02T09:00:00.000Z", "information_from_victim")], "2026-10-28T09:00:00.000Z",
     ("gb-fca-disp/final_response", "breached", {"due_on": "2026-10-27", "breached_at": "2026-10-27T23:59:59.999Z"}))

# ---- the last moment

for ident, moment, state in [("on-time", "2027-02-05T23:59:59.999Z", "met"), ("a-millisecond-late", "2027-02-06T00:00:00.000Z", "breached")]:
    case(f"edge/{ident}", "a final response in the last millisecond of the last day, and in the next", "FCA DISP 1.6.2R", "england_and_wales", "bank",
         [("received", FRIDAY), ("final_response", moment)], "2027-03-01T09:00:00.000Z",
         ("gb-fca-disp/final_response", state, {"due_on": "2027-02-05", "met_at": moment, "breached_at": None if state == "met" else "2027-02-05T23:59:59.999Z"}))
case("edge/now-at-the-end", "in its last millisecond a clock still runs", "FCA DISP 1.6.2R", "england_and_wales", "bank", [("received", FRIDAY)], "2027-02-05T23:59:59.999Z",
     ("gb-fca-disp/final_response", "running", {"due_on": "2027-02-05"}))
case("edge/now-after-the-end", "in the next it is broken", "FCA DISP 1.6.2R", "england_and_wales", "bank", [("received", FRIDAY)], "2027-02-06T00:00:00.000Z",
     ("gb-fca-disp/final_response", "breached", {"due_on": "2027-02-05", "breached_at": "2027-02-05T23:59:59.999Z", "warnings": []}))
case("edge/window-lapsed", "six months unused: a possibility is gone, nobody broke a rule", "FCA DISP 2.8.2R(1)", "england_and_wales", "bank",
     [("received", "2026-01-05T09:00:00.000Z"), ("final_response", "2026-02-02T09:00:00.000Z")], "2026-08-03T00:00:00.000Z",
     ("gb-fca-disp/ombudsman_referral", "void", {"start": "2026-02-02T09:00:00.000Z", "due_on": "2026-08-02", "breached_at": None}))
case("edge/window-used", "referred on the last day", "FCA DISP 2.8.2R(1)", "england_and_wales", "bank",
     [("received", "2026-01-05T09:00:00.000Z"), ("final_response", "2026-02-02T09:00:00.000Z"), ("referred", "2026-08-02T22:30:00.000Z")], "2026-08-03T00:00:00.000Z",
     ("gb-fca-disp/ombudsman_referral", "met", {"start": "2026-02-02T09:00:00.000Z", "due_on": "2026-08-02", "met_at": "2026-08-02T22:30:00.000Z"}))
case("edge/window-missed", "referred a day too late: the possibility was gone, and nothing was used or broken", "FCA DISP 2.8.2R(1)", "england_and_wales", "bank",
     [("received", "2026-01-05T09:00:00.000Z"), ("final_response", "2026-02-02T09:00:00.000Z"), ("referred", "2026-08-03T09:00:00.000Z")], "2026-08-04T00:00:00.000Z",
     ("gb-fca-disp/ombudsman_referral", "void", {"start": "2026-02-02T09:00:00.000Z", "due_on": "2026-08-02", "met_at": None, "void_at": None, "ended_by": None}))
case("edge/eight-week-letter", "a letter that the complainant may go to the ombudsman meets the eight weeks; the answer is still owed", "FCA DISP 1.6.2R(2)", "england_and_wales", "bank",
     [("received", FRIDAY), ("adr_letter", "2027-02-04T09:00:00.000Z")], "2027-03-01T09:00:00.000Z",
     ("gb-fca-disp/final_response", "met", {"due_on": "2027-02-05", "met_at": "2027-02-04T09:00:00.000Z"}),
     ("gb-fca-disp/late_final_response", "running", {"start": "2027-02-04T09:00:00.000Z"}))
case("edge/close-of-business", "17:00 on the third business day, unless the firm closes at another hour", "FCA DISP 1.5.1R", "england_and_wales", "bank", [("received", FRIDAY)], SOON,
     ("gb-fca-disp/summary_resolution", "running", {"due_on": "2026-12-16"}), choices={"close_of_business": "18:30"})
case("edge/late-receipt-default", "received on a Saturday: the Saturday is the day of receipt", "FCA DISP 1.5.1R", "england_and_wales", "bank",
     [("received", "2026-11-21T10:00:00.000Z")], "2026-11-21T12:00:00.000Z", ("gb-fca-disp/summary_resolution", "running", {"due_on": "2026-11-25"}))
case("edge/late-receipt-chosen", "where counsel has so chosen, it counts as received on Monday; the eight weeks do not move", "FCA DISP 1.5.3G of 2012, deleted", "england_and_wales", "bank",
     [("received", "2026-11-21T10:00:00.000Z")], "2026-11-21T12:00:00.000Z",
     ("gb-fca-disp/summary_resolution", "running", {"due_on": "2026-11-26", "counted_from": "2026-11-23T00:00:00.000Z"}),
     ("gb-fca-disp/final_response", "running", {"due_on": "2027-01-16"}), choices={"late_receipt": True})
case("edge/late-receipt-after-close", "and so does what came in on Friday after 17:00", "FCA DISP 1.5.3G of 2012, deleted", "england_and_wales", "bank",
     [("received", "2026-11-20T17:00:00.001Z")], "2026-11-21T12:00:00.000Z",
     ("gb-fca-disp/summary_resolution", "running", {"due_on": "2026-11-26", "counted_from": "2026-11-23T00:00:00.000Z"}), choices={"late_receipt": True})
case("edge/late-receipt-at-close", "but not at 17:00", "FCA DISP 1.5.3G of 2012, deleted", "england_and_wales", "bank",
     [("received", "2026-11-20T17:00:00.000Z")], "2026-11-21T12:00:00.000Z",
     ("gb-fca-disp/summary_resolution", "running", {"due_on": "2026-11-25"}), choices={"late_receipt": True})
case("edge/mixed", "a payment complaint with another part: both clocks", "FCA DISP 1.6.1R note 5", "england_and_wales", "bank", [("received", FRIDAY)], SOON,
     ("gb-fca-disp/payment_response", "running", {"due_on": "2027-01-06"}), ("gb-fca-disp/final_response", "running", {"due_on": "2027-02-05"}),
     tags=["payment_service", "mixed_complaint"])

# ---- Ofcom's change on 8 April 2026, and other first days

OFCOM = "Ofcom Approved Complaints Code, from 8 April 2026 (wired-gov.net 2025-07-09)"
case("change/ofcom-last-minute", "raised at 23:59:59 on 7 April 2026 in London: eight weeks", OFCOM, "england_and_wales", "telecom",
     [("received", "2026-04-07T22:59:59.000Z")], "2026-04-08T09:00:00.000Z", ("gb-ofcom/adr_letter", "running", {"due_on": "2026-06-02"}))
case("change/ofcom-first-minute", "raised at 00:00:00 on 8 April 2026 in London: six weeks", OFCOM, "england_and_wales", "telecom",
     [("received", "2026-04-07T23:00:00.000Z")], "2026-04-08T09:00:00.000Z", ("gb-ofcom/adr_letter", "running", {"due_on": "2026-05-20"}))
case("change/ofcom-moved", "moved to the newer pack by a command: six weeks, from the same start", OFCOM, "england_and_wales", "telecom",
     [("received", "2026-04-07T09:00:00.000Z")], "2026-04-09T09:00:00.000Z", ("gb-ofcom/adr_letter", "running", {"due_on": "2026-05-19"}),
     pins=[{"id": "gb-ofcom", "version": "2026-04-08"}])
case("change/ofcom-deadlock-later", "a deadlock after the change is under the newer pack, the letter at timeout stays", OFCOM, "england_and_wales", "telecom",
     [("received", "2026-04-01T09:00:00.000Z"), ("deadlock", "2026-05-05T09:00:00.000Z")], "2026-05-06T09:00:00.000Z",
     ("gb-ofcom/adr_letter", "running", {"due_on": "2026-05-27"}), ("gb-ofcom/deadlock_letter", "running", {"start": "2026-05-05T09:00:00.000Z"}))
case("change/disp-june-2026", "received on 1 June 2026: the acknowledgement must state the time limits", "FCA DISP 1.6.1R (1 June 2026)", "england_and_wales", "bank",
     [("received", "2026-06-01T09:00:00.000Z")], "2026-06-01T10:00:00.000Z", ("gb-fca-disp/final_response", "running", {"due_on": "2026-07-27"}), ("gb-fca-disp/acknowledgement", "running", {}))
case("change/disp-may-2026", "received on 31 May 2026: the pack before", "FCA DISP 1.6.1R", "england_and_wales", "bank",
     [("received", "2026-05-31T09:00:00.000Z")], "2026-06-01T10:00:00.000Z", ("gb-fca-disp/final_response", "running", {"due_on": "2026-07-26"}))
case("change/duaa-before", "received on 18 June 2026: no such duty yet", "DPA 2018 s. 164A, from 19 June 2026", "england_and_wales", "bank",
     [("received", "2026-06-18T09:00:00.000Z")], "2026-06-20T10:00:00.000Z", ("gb-data-protection/acknowledgement_statute", "", {"absent": True}), tags=["data_protection"])
case("change/duaa-first", "received on 19 June 2026: the duty, and the three other regimes of this complaint beside it", "DPA 2018 s. 164A, from 19 June 2026", "england_and_wales", "bank",
     [("received", "2026-06-19T09:00:00.000Z")], "2026-06-20T10:00:00.000Z", ("gb-data-protection/acknowledgement_statute", "running", {"due_on": "2026-07-18", "leading": True}),
     ("gb-data-protection/acknowledgement_ico", "running", {"due_on": "2026-07-20", "leading": False}), ("gb-data-protection/outcome", "running", {}),
     ("gb-fca-disp/payment_response", "running", {"due_on": "2026-07-10"}), ("gb-psr-app/reimbursement", "running", {"due_on": "2026-06-26"}),
     tags=["data_protection", "payment_service", "app_fraud"])
case("change/psr-before", "reported on 6 October 2024: before the scheme", "PSR SD20, from 7 October 2024", "scotland", "bank",
     [("received", "2024-10-06T09:00:00.000Z")], "2024-10-08T10:00:00.000Z", ("gb-psr-app/reimbursement", "", {"absent": True}), tags=["app_fraud"])
case("change/cpc-2026", "received on 24 March 2026: the regulations of 2025", "Consumer Protection Regulations 2025", "ireland", "bank",
     [("received", "2026-03-24T09:00:00.000Z")], "2026-03-24T10:00:00.000Z", ("ie-cpc/acknowledgement", "running", {"due_on": "2026-03-31"}))
case("change/cpc-2012", "received the day before: the code of 2012", "Consumer Protection Code 2012", "ireland", "bank",
     [("received", "2026-03-23T09:00:00.000Z")], "2026-03-24T10:00:00.000Z", ("ie-cpc/acknowledgement", "running", {"due_on": "2026-03-30"}))

# ---- APP fraud: the one lawful pause

PSR = "PSR SD20: five business days, stop the clock, at the latest 35"
CLAIM = ("claim_reported", "2026-09-07T09:00:00.000Z")
case("app/no-stop", "reported on Monday: due on the next Monday", PSR, "england_and_wales", "bank", [CLAIM], "2026-09-07T12:00:00.000Z",
     ("gb-psr-app/reimbursement", "running", {"due_on": "2026-09-14"}), tags=["app_fraud"])
case("app/stopped-two-nights", "stopped on Wednesday, running again on Friday: two days do not count", PSR, "england_and_wales", "bank",
     [CLAIM, ("clock_stopped", "2026-09-09T10:00:00.000Z", "information_from_victim"), ("clock_resumed", "2026-09-11T15:00:00.000Z")], "2026-09-11T16:00:00.000Z",
     ("gb-psr-app/reimbursement", "running", {"due_on": "2026-09-16", "stops": [("2026-09-09T10:00:00Z", "2026-09-11T15:00:00Z")]}), tags=["app_fraud"])
case("app/stopped-within-a-day", "stopped and running again on one day: that day counts", PSR, "england_and_wales", "bank",
     [CLAIM, ("clock_stopped", "2026-09-09T10:00:00.000Z", "information_from_victim"), ("clock_resumed", "2026-09-09T15:00:00.000Z")], "2026-09-11T16:00:00.000Z",
     ("gb-psr-app/reimbursement", "running", {"due_on": "2026-09-14", "stops": [("2026-09-09T10:00:00Z", "2026-09-09T15:00:00Z")]}), tags=["app_fraud"])
case("app/stopped-over-a-weekend", "stopped on Friday, running again on Monday: one business day lost", PSR, "england_and_wales", "bank",
     [CLAIM, ("clock_stopped", "2026-09-11T10:00:00.000Z", "information_from_receiving_psp"), ("clock_resumed", "2026-09-14T09:00:00.000Z")], "2026-09-14T10:00:00.000Z",
     ("gb-psr-app/reimbursement", "running", {"due_on": "2026-09-15", "stops": [("2026-09-11T10:00:00Z", "2026-09-14T09:00:00Z")]}), tags=["app_fraud"])
case("app/other-reason", "a reason that the rule does not list stops nothing", PSR, "england_and_wales", "bank",
     [CLAIM, ("clock_stopped", "2026-09-09T10:00:00.000Z", "handler_on_leave"), ("clock_resumed", "2026-09-11T15:00:00.000Z")], "2026-09-11T16:00:00.000Z",
     ("gb-psr-app/reimbursement", "running", {"due_on": "2026-09-14"}), tags=["app_fraud"])
case("app/stands-still", "stopped and not resumed: due as if it ran on now, at the latest after 35 business days", PSR, "england_and_wales", "bank",
     [CLAIM, ("clock_stopped", "2026-09-09T10:00:00.000Z", "suspected_fraud_by_claimant")], "2026-09-21T12:00:00.000Z",
     ("gb-psr-app/reimbursement", "stopped", {"due_on": "2026-09-24", "stops": [("2026-09-09T10:00:00Z", "2026-09-21T12:00:00Z")]}), tags=["app_fraud"])
case("app/never-resumed", "never resumed: broken after 35 business days", PSR, "england_and_wales", "bank",
     [CLAIM, ("clock_stopped", "2026-09-09T10:00:00.000Z", "suspected_fraud_by_claimant")], "2026-10-27T00:00:00.000Z",
     ("gb-psr-app/reimbursement", "breached", {"due_on": "2026-10-26", "breached_at": "2026-10-26T23:59:59.999Z", "stops": [("2026-09-09T10:00:00Z", "2026-10-27T00:00:00Z")]}), tags=["app_fraud"])
case("app/decided-while-still", "decided while it stood still", PSR, "england_and_wales", "bank",
     [CLAIM, ("clock_stopped", "2026-09-09T10:00:00.000Z", "information_from_victim"), ("claim_decided", "2026-09-30T10:00:00.000Z")], "2026-11-27T00:00:00.000Z",
     ("gb-psr-app/reimbursement", "met", {"met_at": "2026-09-30T10:00:00.000Z", "stops": [("2026-09-09T10:00:00Z", "2026-09-30T10:00:00Z")]}), tags=["app_fraud"])
case("app/stopped-too-late", "a stop after the end saves nothing", PSR, "england_and_wales", "bank",
     [CLAIM, ("clock_stopped", "2026-09-15T10:00:00.000Z", "information_from_victim")], "2026-09-16T12:00:00.000Z",
     ("gb-psr-app/reimbursement", "breached", {"due_on": "2026-09-14", "breached_at": "2026-09-14T22:59:59.999Z"}), tags=["app_fraud"])
case("app/received-stands-in", "without a claim on file the complaint is the report", PSR, "northern_ireland", "bank",
     [("received", "2026-07-09T09:00:00.000Z")], "2026-07-09T12:00:00.000Z", ("gb-psr-app/reimbursement", "running", {"due_on": "2026-07-17"}), tags=["app_fraud"])

# ---- Ireland: one update after the other; CFPB: in progress

IE = "Consumer Protection Regulations 2025: 5, 20, 40 business days (lloydseurope.com)"
case("ie/course", "acknowledged in time, updated in time, the next update due 20 business days after", IE, "ireland", "bank",
     [("received", "2026-09-01T09:00:00.000Z"), ("acknowledged", "2026-09-08T09:00:00.000Z"), ("update_sent", "2026-09-25T09:00:00.000Z")], "2026-10-01T09:00:00.000Z",
     ("ie-cpc/acknowledgement", "met", {"due_on": "2026-09-08", "met_at": "2026-09-08T09:00:00.000Z"}),
     ("ie-cpc/update", "met", {"number": 1, "due_on": "2026-09-29", "met_at": "2026-09-25T09:00:00.000Z"}),
     ("ie-cpc/update", "running", {"number": 2, "start": "2026-09-25T09:00:00.000Z", "due_on": "2026-10-23"}),
     ("ie-cpc/final_response", "running", {"due_on": "2026-10-28"}))
case("ie/late-update-stays", "a late update is on file for good, whatever came after", IE, "ireland", "bank",
     [("received", "2026-09-01T09:00:00.000Z"), ("update_sent", "2026-09-30T09:00:00.000Z"), ("final_response", "2026-10-09T09:00:00.000Z"), ("update_sent", "2026-10-12T09:00:00.000Z")], "2026-12-01T09:00:00.000Z",
     ("ie-cpc/update", "breached", {"number": 1, "due_on": "2026-09-29", "met_at": "2026-09-30T09:00:00.000Z"}),
     ("ie-cpc/update", "met", {"number": 2, "start": "2026-09-30T09:00:00.000Z", "due_on": "2026-10-29", "met_at": "2026-10-09T09:00:00.000Z"}))
case("ie/updates-after-reopening", "settled, then reopened: the clock of the last update runs on, and the next update starts the next", IE, "ireland", "bank",
     [("received", "2026-09-01T09:00:00.000Z"), ("update_sent", "2026-09-25T09:00:00.000Z"), ("summary_resolution", "2026-10-01T09:00:00.000Z"), ("reopened", "2026-10-05T09:00:00.000Z"),
      ("update_sent", "2026-10-21T09:00:00.000Z")], "2026-10-22T09:00:00.000Z",
     ("ie-cpc/update", "met", {"number": 2, "start": "2026-09-25T09:00:00.000Z", "due_on": "2026-10-23", "met_at": "2026-10-21T09:00:00.000Z"}),
     ("ie-cpc/update", "running", {"number": 3, "start": "2026-10-21T09:00:00.000Z", "due_on": "2026-11-19"}))
case("cfpb/in-progress", "in progress within 15 days: 60 days from when it was sent", "CFPB company portal manual (fintechfutures.com)", "us", "bank",
     [("sent_to_firm", "2026-10-20T15:00:00.000Z"), ("in_progress", "2026-11-02T15:00:00.000Z")], "2026-11-03T15:00:00.000Z",
     ("us-cfpb/response", "met", {"due_on": "2026-11-04", "met_at": "2026-11-02T15:00:00.000Z"}), ("us-cfpb/final_response", "running", {"due_on": "2026-12-19"}), tags=["cfpb"])
case("dot/disability", "a disability complaint has both clocks", "14 CFR 259.7(c), 382.155", "us", "airline",
     [("received", "2028-02-15T15:00:00.000Z")], "2028-02-16T15:00:00.000Z",
     ("us-dot/disability_response", "running", {"due_on": "2028-03-16"}), ("us-dot/response", "running", {"due_on": "2028-04-15"}), tags=["disability"])
case("caa/eight-weeks", "eight weeks across the end of summer time", "caa.co.uk, ADR", "england_and_wales", "airline",
     [("received", "2026-09-10T23:30:00.000Z")], "2026-09-11T09:00:00.000Z", ("gb-caa/response", "running", {"due_on": "2026-11-06"}))
for jurisdiction, sector in [("eu", "bank"), ("ireland", "telecom"), ("us", "telecom")]:
    case(f"none/{jurisdiction}-{sector}", "no pack is for this: no clock of another regime", "the packs' scopes", jurisdiction, sector, [("received", FRIDAY)], SOON,
         *[(key.split("@")[0], "", {"absent": True}) for key in ["gb-fca-disp/final_response", "gb-ofcom/adr_letter@", "gb-caa/response", "ie-cpc/final_response", "us-dot/response", "us-cfpb/response"]])

# ---- days, counted by hand

GOV, STATUTE, USC = "gov.uk/bank-holidays.json", "Organisation of Working Time Act 1997, Second Schedule", "5 U.S.C. 6103"
for ident, about, source, calendar, start, amount, due_on in [
    ("easter/ew", "Good Friday and Easter Monday 2026", GOV, "england_and_wales", "2026-04-02", 5, "2026-04-13"),
    ("easter/ni", "the same", GOV, "northern_ireland", "2026-04-02", 5, "2026-04-13"),
    ("easter/sc", "no Easter Monday in Scotland", GOV, "scotland", "2026-04-02", 5, "2026-04-10"),
    ("easter/ie", "Easter Monday, but Good Friday is no public holiday in Ireland", STATUTE, "ireland", "2026-04-02", 5, "2026-04-10"),
    ("easter/ie-2024", "Easter Monday on 1 April", STATUTE, "ireland", "2024-03-28", 2, "2024-04-02"),
    ("easter/ie-2035", "Easter Sunday 2035 on 25 March, Monday a holiday", STATUTE, "ireland", "2035-03-23", 1, "2035-03-27"),
    ("substitute/christmas-2021", "25 and 26 December at a weekend: Monday and Tuesday", GOV, "england_and_wales", "2021-12-23", 3, "2021-12-30"),
    ("substitute/new-year-2022", "and 3 January for the 1st", GOV, "england_and_wales", "2021-12-31", 1, "2022-01-04"),
    ("substitute/new-year-2022-sc", "in Scotland 3 and 4 January", GOV, "scotland", "2021-12-31", 1, "2022-01-05"),
    ("substitute/christmas-2022", "25 December on Sunday: Tuesday besides Boxing Day's Monday", GOV, "england_and_wales", "2022-12-23", 3, "2022-12-30"),
    ("substitute/none-in-ireland", "28 December 2026 is a Monday like others in Ireland", STATUTE, "ireland", "2026-12-24", 1, "2026-12-28"),
    ("substitute/boxing-2026", "in England it stands for the 26th", GOV, "england_and_wales", "2026-12-24", 1, "2026-12-29"),
    ("second-january/ew", "2 January 2026 is a business day in England", GOV, "england_and_wales", "2025-12-31", 1, "2026-01-02"),
    ("second-january/sc", "not in Scotland", GOV, "scotland", "2025-12-31", 1, "2026-01-05"),
    ("second-january/sc-2027", "on a Saturday: Monday 4 January 2027 instead", GOV, "scotland", "2026-12-31", 1, "2027-01-05"),
    ("second-january/ew-2027", "nothing of that in England", GOV, "england_and_wales", "2026-12-31", 1, "2027-01-04"),
    ("st-andrew/sc", "Monday 30 November 2026", GOV, "scotland", "2026-11-27", 1, "2026-12-01"),
    ("st-andrew/ew", "an ordinary Monday in England", GOV, "england_and_wales", "2026-11-27", 1, "2026-11-30"),
    ("st-andrew/sc-2024", "on a Saturday: Monday 2 December 2024", GOV, "scotland", "2024-11-29", 1, "2024-12-03"),
    ("boyne/ni", "12 July 2026 on a Sunday: Monday", GOV, "northern_ireland", "2026-07-10", 1, "2026-07-14"),
    ("boyne/ew", "not in England", GOV, "england_and_wales", "2026-07-10", 1, "2026-07-13"),
    ("boyne/ni-2027", "Monday 12 July 2027", GOV, "northern_ireland", "2027-07-09", 1, "2027-07-13"),
    ("patrick/ni", "17 March 2026", GOV, "northern_ireland", "2026-03-16", 1, "2026-03-18"),
    ("patrick/sc", "not in Scotland", GOV, "scotland", "2026-03-16", 1, "2026-03-17"),
    ("patrick/ie", "in Ireland as well", STATUTE, "ireland", "2026-03-16", 1, "2026-03-18"),
    ("patrick/ie-2024", "on a Sunday: no other day for it", STATUTE, "ireland", "2024-03-15", 1, "2024-03-18"),
    ("summer/sc", "first Monday in August", GOV, "scotland", "2026-07-31", 1, "2026-08-04"),
    ("summer/ew", "last Monday in August", GOV, "england_and_wales", "2026-08-28", 1, "2026-09-01"),
    ("summer/any", "working day: a holiday in any part of the country counts", "FCA Glossary G1851; " + GOV, "united_kingdom", "2026-07-31", 1, "2026-08-04"),
    ("world-cup/sc", "15 June 2026, by proclamation", "wired-gov.net 2026-02-05", "scotland", "2026-06-12", 1, "2026-06-16"),
    ("world-cup/ew", "not in England", GOV, "england_and_wales", "2026-06-12", 1, "2026-06-15"),
    ("once/jubilee-2022", "2 and 3 June 2022", GOV, "england_and_wales", "2022-06-01", 1, "2022-06-06"),
    ("once/jubilee-2022-spring", "and no holiday on the last Monday of May", GOV, "england_and_wales", "2022-05-27", 1, "2022-05-30"),
    ("once/funeral-2022", "19 September 2022", GOV, "scotland", "2022-09-16", 1, "2022-09-20"),
    ("once/coronation-2023", "8 May 2023", GOV, "northern_ireland", "2023-05-05", 5, "2023-05-15"),
    ("once/ve-day-2020", "Friday 8 May 2020 instead of Monday 4", GOV, "england_and_wales", "2020-05-01", 5, "2020-05-11"),
    ("once/ie-2022", "18 March 2022", STATUTE, "ireland", "2022-03-16", 1, "2022-03-21"),
    ("brigid/ie-2023", "first Monday in February since 2023", STATUTE, "ireland", "2023-02-03", 1, "2023-02-07"),
    ("brigid/ie-2022", "not before", STATUTE, "ireland", "2022-02-04", 1, "2022-02-07"),
    ("brigid/ie-2030", "1 February on a Friday: that day", STATUTE, "ireland", "2030-01-31", 1, "2030-02-04"),
    ("october/ie", "last Monday in October", STATUTE, "ireland", "2026-10-23", 1, "2026-10-27"),
    ("federal/july-2026", "4 July on a Saturday: Friday the 3rd", USC + "; E.O. 11582", "us_federal", "2026-07-02", 1, "2026-07-06"),
    ("federal/juneteenth-2027", "19 June on a Saturday: Friday the 18th", USC, "us_federal", "2027-06-17", 1, "2027-06-21"),
    ("federal/new-year-2028", "1 January on a Saturday: 31 December", USC, "us_federal", "2027-12-30", 1, "2028-01-03"),
    ("federal/thanksgiving", "fourth Thursday; Friday is a business day", USC, "us_federal", "2026-11-25", 1, "2026-11-27"),
    ("federal/columbus", "second Monday in October", USC, "us_federal", "2026-10-09", 1, "2026-10-13"),
    ("weekend/from-saturday", "from a Saturday, Monday is the first", GOV, "england_and_wales", "2026-09-12", 1, "2026-09-14"),
    ("weekend/from-holiday", "from Christmas Day 2026", GOV, "england_and_wales", "2026-12-25", 1, "2026-12-29"),
    ("unknown/2029", "beyond the lists only weekends are known", GOV, "england_and_wales", "2028-12-22", 10, "2029-01-09"),
]:
    period("days/" + ident, about, source, calendar, start + "T15:00:00.000Z", amount, "business_day", due_on)

for ident, about, calendar, start, amount, unit, due_on, how in [
    ("leap/30-days-2028", "29 days in February 2028", "us_federal", "2028-02-15", 30, "day", "2028-03-16", {}),
    ("leap/30-days-2027", "28 in 2027", "us_federal", "2027-02-15", 30, "day", "2027-03-17", {}),
    ("leap/8-weeks", "eight weeks over 29 February", "england_and_wales", "2028-01-31", 8, "week", "2028-03-27", {}),
    ("leap/year", "twelve months from 29 February", "england_and_wales", "2028-02-29", 12, "month", "2029-02-28", {}),
    ("leap/into", "a month from 31 January 2028", "england_and_wales", "2028-01-31", 1, "month", "2028-02-29", {}),
    ("leap/day-itself", "the 29th is a day that counts", "england_and_wales", "2028-02-28", 1, "day", "2028-02-29", {}),
    ("clamp/august-28", "six months from 28 August", "england_and_wales", "2026-08-28", 6, "month", "2027-02-28", {}),
    ("clamp/august-29", "from the 29th", "england_and_wales", "2026-08-29", 6, "month", "2027-02-28", {}),
    ("clamp/august-30", "from the 30th", "england_and_wales", "2026-08-30", 6, "month", "2027-02-28", {}),
    ("clamp/back-out", "the last of February does not reach for the last of August", "england_and_wales", "2027-02-28", 6, "month", "2027-08-28", {}),
    ("clamp/thirty-days", "a month from 31 March", "england_and_wales", "2027-03-31", 1, "month", "2027-04-30", {}),
    ("clamp/included", "a month that begins with 5 January ends with 4 February", "england_and_wales", "2027-01-05", 1, "month", "2027-02-04", {"start_day": "included"}),
    ("clamp/included-31", "one that begins with the 31st ends with the month", "england_and_wales", "2027-01-31", 1, "month", "2027-02-28", {"start_day": "included"}),
    ("clamp/included-first", "one that begins with the 1st, too", "england_and_wales", "2027-02-01", 1, "month", "2027-02-28", {"start_day": "included"}),
    ("year-end/30-days", "over the end of the year", "us_federal", "2026-12-02", 30, "day", "2027-01-01", {}),
    ("year-end/included", "the first day included", "us_federal", "2026-12-02", 30, "day", "2026-12-31", {"start_day": "included"}),
    ("year-end/week", "a week to New Year's Day, a holiday: no roll", "england_and_wales", "2026-12-25", 1, "week", "2027-01-01", {}),
    ("year-end/roll", "with a roll, to Monday 4 January", "england_and_wales", "2026-12-25", 1, "week", "2027-01-04", {"roll": "next_business_day"}),
    ("year-end/roll-sc", "in Scotland to Tuesday the 5th", "scotland", "2026-12-25", 1, "week", "2027-01-05", {"roll": "next_business_day"}),
    ("roll/not-needed", "a day with business stays", "england_and_wales", "2026-09-01", 30, "day", "2026-10-01", {"roll": "next_business_day"}),
    ("roll/over-easter", "from Good Friday to Tuesday", "england_and_wales", "2027-02-24", 30, "day", "2027-03-30", {"roll": "next_business_day"}),
    ("included/on-business-day", "a business day is the first itself", "england_and_wales", "2026-09-01", 1, "business_day", "2026-09-01", {"start_day": "included"}),
    ("included/on-sunday", "a Sunday is none", "england_and_wales", "2026-09-06", 1, "business_day", "2026-09-07", {"start_day": "included"}),
]:
    source = "Corresponding date rule: Dodds v Walker [1981] 1 WLR 1027" if unit == "month" else "the civil calendar; " + GOV
    period("dates/" + ident, about, source, calendar, start + "T15:00:00.000Z", amount, unit, due_on, **how)

EU_DST, US_DST = "Directive 2000/84/EC; Summer Time Act 1972", "15 U.S.C. 260a"
for ident, about, source, calendar, start, amount, unit, due_on, due, how in [
    ("spring-london", "the day that loses an hour ends in summer time", EU_DST, "england_and_wales", "2026-03-28T12:00:00.000Z", 1, "day", "2026-03-29", "2026-03-29T22:59:59.999Z", {}),
    ("spring-london-eve", "the day before ends in winter time", EU_DST, "england_and_wales", "2026-03-27T12:00:00.000Z", 1, "day", "2026-03-28", "2026-03-28T23:59:59.999Z", {}),
    ("autumn-london", "the day that gains an hour ends in winter time", EU_DST, "england_and_wales", "2026-10-24T12:00:00.000Z", 1, "day", "2026-10-25", "2026-10-25T23:59:59.999Z", {}),
    ("autumn-london-eve", "the day before ends in summer time", EU_DST, "england_and_wales", "2026-10-23T12:00:00.000Z", 1, "day", "2026-10-24", "2026-10-24T22:59:59.999Z", {}),
    ("spring-before-change", "received half an hour before clocks go forward", EU_DST, "england_and_wales", "2026-03-29T00:30:00.000Z", 1, "day", "2026-03-30", "2026-03-30T22:59:59.999Z", {}),
    ("autumn-first-0130", "received at the first 01:30 of 25 October", EU_DST, "england_and_wales", "2026-10-25T00:30:00.000Z", 1, "day", "2026-10-26", "2026-10-26T23:59:59.999Z", {}),
    ("autumn-second-0130", "and at the second", EU_DST, "england_and_wales", "2026-10-25T01:30:00.000Z", 1, "day", "2026-10-26", "2026-10-26T23:59:59.999Z", {}),
    ("hours-over-spring", "24 hours are 24 hours", EU_DST, "england_and_wales", "2026-03-28T12:00:00.000Z", 24, "hour", "2026-03-29", "2026-03-29T12:00:00.000Z", {}),
    ("hours-over-autumn", "also when a day has 25", EU_DST, "england_and_wales", "2026-10-25T00:00:00.000Z", 24, "hour", "2026-10-26", "2026-10-26T00:00:00.000Z", {}),
    ("spring-dublin", "Dublin with London", EU_DST, "ireland", "2027-03-27T12:00:00.000Z", 1, "day", "2027-03-28", "2027-03-28T22:59:59.999Z", {}),
    ("spring-brussels", "Brussels in the same moment", EU_DST, "eu", "2027-03-27T12:00:00.000Z", 1, "day", "2027-03-28", "2027-03-28T21:59:59.999Z", {}),
    ("spring-new-york", "8 March 2026 ends in daylight time", US_DST, "us_federal", "2026-03-07T12:00:00.000Z", 1, "day", "2026-03-08", "2026-03-09T03:59:59.999Z", {}),
    ("autumn-new-york", "1 November 2026 ends in standard time", US_DST, "us_federal", "2026-10-31T12:00:00.000Z", 1, "day", "2026-11-01", "2026-11-02T04:59:59.999Z", {}),
    ("chicago", "Central time", US_DST, "us_federal", "2026-10-31T12:00:00.000Z", 1, "day", "2026-11-01", "2026-11-02T05:59:59.999Z", {"zone": "America/Chicago"}),
    ("denver", "Mountain time", US_DST, "us_federal", "2026-07-03T05:30:00.000Z", 1, "day", "2026-07-03", "2026-07-04T05:59:59.999Z", {"zone": "America/Denver"}),
    ("phoenix", "Arizona keeps standard time", US_DST, "us_federal", "2026-07-03T06:30:00.000Z", 1, "day", "2026-07-03", "2026-07-04T06:59:59.999Z", {"zone": "America/Phoenix"}),
    ("los-angeles", "Pacific time", US_DST, "us_federal", "2026-12-31T12:00:00.000Z", 1, "day", "2027-01-01", "2027-01-02T07:59:59.999Z", {"zone": "America/Los_Angeles"}),
    ("anchorage", "Alaska time", US_DST, "us_federal", "2026-12-31T12:00:00.000Z", 1, "day", "2027-01-01", "2027-01-02T08:59:59.999Z", {"zone": "America/Anchorage"}),
    ("honolulu", "Hawaii time", US_DST, "us_federal", "2026-07-31T12:00:00.000Z", 1, "day", "2026-08-01", "2026-08-02T09:59:59.999Z", {"zone": "Pacific/Honolulu"}),
    ("guam", "Chamorro time", US_DST, "us_federal", "2026-07-31T14:30:00.000Z", 1, "day", "2026-08-02", "2026-08-02T13:59:59.999Z", {"zone": "Pacific/Guam"}),
]:
    period("dst/" + ident, about, source, calendar, start, amount, unit, due_on, due, **how)

# ---- drawn, with a fixed seed

draw = random.Random(20261126)
CALENDARS = ["england_and_wales", "scotland", "northern_ireland", "united_kingdom", "ireland", "us_federal"]


def any_moment(first, last):
    span = int((last - first).total_seconds())
    return stamp(first + dt.timedelta(seconds=draw.randrange(span)))


FROM, UNTIL = dt.datetime(2019, 1, 1, tzinfo=UTC), dt.datetime(2028, 6, 1, tzinfo=UTC)
for n in range(60):
    calendar = CALENDARS[n % 6]
    amount = draw.choice([1, 2, 3, 5, 8, 15, 20, 35, 40, 90])
    how = {"start_day": "included"} if draw.random() < 0.25 else {}
    if draw.random() < 0.2:
        how |= {"ends": "close_of_business", "close": draw.choice(["16:30", "17:00", "18:00", "20:00"])}
    period(f"drawn/business-days/{n:02}", f"{amount} business days", "the official lists", calendar, any_moment(FROM, UNTIL), amount, "business_day", **how)
for n in range(40):
    unit = ["day", "week", "month"][n % 3]
    amount = {"day": [7, 10, 15, 30, 45, 60], "week": [1, 2, 4, 6, 8], "month": [1, 2, 3, 6, 12, 13]}[unit]
    amount = draw.choice(amount)
    how = {"start_day": "included"} if draw.random() < 0.3 else {}
    if draw.random() < 0.4:
        how["roll"] = "next_business_day"
    period(f"drawn/dates/{n:02}", f"{amount} {unit}s", "the civil calendar and the official lists", draw.choice(CALENDARS), any_moment(FROM, UNTIL), amount, unit, **how)
for n in range(30):
    begun = parse(any_moment(FROM, UNTIL))
    stops, moment = [], begun
    for _ in range(draw.choice([1, 1, 2, 3])):
        moment += dt.timedelta(hours=draw.randrange(1, 90))
        resumed = moment + dt.timedelta(hours=draw.randrange(1, 400))
        stops.append((stamp(moment), stamp(resumed)))
        moment = resumed
    unit = "business_day" if n % 3 else "day"
    period(f"drawn/stops/{n:02}", "a clock that stood still, at most 35 units in all", "a day counts unless the clock stands still at its end",
           draw.choice(CALENDARS), stamp(begun), draw.choice([3, 5, 10]), unit, stops=stops, maximum=35)
for n in range(10):
    period(f"drawn/hours/{n:02}", "hours on any clock", "elapsed time", draw.choice(CALENDARS), any_moment(FROM, UNTIL), draw.choice([4, 24, 72, 100, 1000]), "hour")
for n in range(30):
    pool = [("gb-fca-disp/final_response", None, "bank", []), ("gb-fca-disp/payment_response", None, "bank", ["payment_service"]),
            ("gb-fca-disp/summary_resolution", None, "bank", []), ("gb-ofcom/adr_letter", None, "telecom", []), ("gb-caa/response", None, "airline", []),
            ("ie-cpc/final_response", "ireland", "bank", []), ("us-dot/response", "us", "airline", []), ("us-cfpb/response", "us", "bank", ["cfpb"])]
    key, jurisdiction, sector, tags = pool[n % len(pool)]
    jurisdiction = jurisdiction or draw.choice(list(UK))
    received = any_moment(dt.datetime(2019, 1, 2, tzinfo=UTC), UNTIL)
    case(f"drawn/cases/{n:02}", "a complaint on any day", "the rule as its pack cites it", jurisdiction, sector, [("received", received)], received, (key, "running", {}), tags=tags)

# ---------------------------------------------------------------- files

def write(path, header, name, items):
    lines = ["{", *[f" {json.dumps(k)}: {json.dumps(v)}," for k, v in header.items()], f" {json.dumps(name)}: ["]
    lines += ["  " + json.dumps(item, ensure_ascii=False) + ("," if n < len(items) - 1 else "") for n, item in enumerate(items)]
    path.write_text("\n".join([*lines, " ]", "}"]) + "\n")


assert len({vector["id"] for vector in vectors}) == len(vectors)
write(HERE / "clocks.json", {"about": "Deadlines of complaints, to check a clock by. See README.md.", "licence": "Apache-2.0"}, "vectors", vectors)

zones = []
for zone in ["UTC", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Brussels", "Europe/Athens", "America/Puerto_Rico", "America/New_York", "America/Chicago",
             "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu", "Pacific/Pago_Pago", "Pacific/Guam"]:
    info = zoneinfo.ZoneInfo(zone)
    offset = lambda t: int(t.astimezone(info).utcoffset().total_seconds()) // 60
    hour = dt.datetime(2007, 1, 1, tzinfo=UTC)
    changes, known = [], offset(hour)
    first = known
    while hour.year < 2036:
        if offset(hour) != known:
            known = offset(hour)
            changes.append([hour.strftime("%Y-%m-%dT%H:%MZ"), known])
        hour += dt.timedelta(hours=1)
    zones.append({"zone": zone, "minutes_ahead_on_2007_01_01": first, "changes": changes})
write(HERE / "zones.json", {"about": "Every change of the clocks from 2007 to 2035 by the IANA database (2025b): when, and minutes ahead of UTC from then on."}, "zones", zones)
print(len(vectors), "vectors,", sum(v["by"] == "hand" for v in vectors), "of them counted by hand;", sum(len(z["changes"]) for z in zones), "changes of clocks")
