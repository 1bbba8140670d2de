"""Dates in expressions: parts, making, reading and writing, arithmetic, time zones."""

import datetime

from bson import Int64, Timestamp

from .cases import DATE, ID, MANUAL, conformance, expressions, literal, other_than, refused

PAGE = MANUAL + "reference/operator/aggregation/"
utc = datetime.datetime
#: 2024-02-29T13:14:15.678Z is a Thursday in ISO week 9.
PARTS = {
    "year": 2024, "month": 2, "dayOfMonth": 29, "hour": 13, "minute": 14, "second": 15, "millisecond": 678,
    "dayOfWeek": 5, "dayOfYear": 60, "week": 8, "isoWeek": 9, "isoDayOfWeek": 4,
}
NEW_YORK = {**PARTS, "hour": 8}
DATES = ("date", "timestamp", "objectId")


OF_PARTS = expressions(
    f"{PAGE}year/",
    *[(name, {f"${name}": DATE}, value) for name, value in PARTS.items()],
    ("isoWeekYear", {"$isoWeekYear": DATE}, Int64(2024)),
    *[(f"{name} in a list", {f"${name}": [DATE]}, value) for name, value in PARTS.items()],
    *[(f"{name} in New York", {f"${name}": {"date": DATE, "timezone": "America/New_York"}}, value) for name, value in NEW_YORK.items()],
    *[(f"{name} of null", {f"${name}": None}, None) for name in (*PARTS, "isoWeekYear")],
    *[(f"{name} of a missing field", {f"${name}": "$absent"}, None) for name in (*PARTS, "isoWeekYear")],
    *[(f"{name} in null", {f"${name}": {"date": DATE, "timezone": None}}, None) for name in (*PARTS, "isoWeekYear")],
    *[(f"{name} of text", {f"${name}": "x"}, refused(16006)) for name in (*PARTS, "isoWeekYear")],
    *[(f"{name} in an unknown zone", {f"${name}": {"date": DATE, "timezone": "Nowhere/None"}}, refused(40485)) for name in PARTS],
    *[(f"{name} in a number", {f"${name}": {"date": DATE, "timezone": 1}}, refused(40517)) for name in PARTS],
    *[(f"{name} without a date", {f"${name}": {"timezone": "UTC"}}, refused(40539)) for name in PARTS],
    *[(f"{name} with another field", {f"${name}": {"date": DATE, "x": 1}}, refused(40535)) for name in PARTS],
    *[(f"{name} of two", {f"${name}": [DATE, DATE]}, refused(40536)) for name in PARTS],
    *[(f"year of {name}", {"$year": [literal(value)]}, refused(16006)) for name, value in other_than(*DATES, "null").items()],
    ("year of an ObjectId", {"$year": ID}, ID.generation_time.year),
    ("year of a timestamp", {"$year": Timestamp(1_700_000_000, 1)}, 2023),
    ("hour at an offset", {"$hour": {"date": DATE, "timezone": "+05:30"}}, 18),
    ("minute at an offset", {"$minute": {"date": DATE, "timezone": "+05:30"}}, 44),
    ("hour at a short offset", {"$hour": {"date": DATE, "timezone": "-03"}}, 10),
    ("hour in GMT", {"$hour": {"date": DATE, "timezone": "GMT"}}, 13),
    ("dayOfWeek of a Sunday", {"$dayOfWeek": utc(2024, 3, 3)}, 1),
    ("isoDayOfWeek of a Sunday", {"$isoDayOfWeek": utc(2024, 3, 3)}, 7),
    ("week before the first Sunday", {"$week": utc(2024, 1, 6)}, 0),
    ("isoWeek of the last year", {"$isoWeek": utc(2021, 1, 1)}, 53),
    ("isoWeekYear of the last year", {"$isoWeekYear": utc(2021, 1, 1)}, Int64(2020)),
    ("year before 1970", {"$year": utc(1950, 5, 5)}, 1950),
    ("millisecond before 1970", {"$millisecond": utc(1969, 12, 31, 23, 59, 59, 999000)}, 999),
)


def date_of(**parts):
    return {"$dateFromParts": parts}


FROM_PARTS = expressions(
    f"{PAGE}dateFromParts/",
    ("dateFromParts", date_of(year=2024, month=2, day=29, hour=13, minute=14, second=15, millisecond=678), DATE),
    ("dateFromParts of a year", date_of(year=2024), utc(2024, 1, 1)),
    ("dateFromParts of month 14", date_of(year=2024, month=14), utc(2025, 2, 1)),
    ("dateFromParts of month zero", date_of(year=2024, month=0), utc(2023, 12, 1)),
    ("dateFromParts of day zero", date_of(year=2024, month=3, day=0), utc(2024, 2, 29)),
    ("dateFromParts of a negative hour", date_of(year=2024, hour=-1), utc(2023, 12, 31, 23)),
    ("dateFromParts in a zone", date_of(year=2024, hour=1, timezone="Europe/Berlin"), utc(2024, 1, 1)),
    ("dateFromParts of an ISO week", date_of(isoWeekYear=2024, isoWeek=9, isoDayOfWeek=4), utc(2024, 2, 29)),
    ("dateFromParts of null", date_of(year=None), None),
    ("dateFromParts of a missing part", date_of(year=2024, month="$absent"), None),
    ("dateFromParts of a whole double", date_of(year=2024.0), utc(2024, 1, 1)),
    ("dateFromParts of a half", date_of(year=2024.5), refused(40515)),
    ("dateFromParts of text", date_of(year="2024"), refused(40515)),
    ("dateFromParts of year zero", date_of(year=0), refused(40523)),
    ("dateFromParts of year 10000", date_of(year=10000), refused(40523)),
    ("dateFromParts without a year", date_of(month=1), refused(40516)),
    ("dateFromParts with another field", date_of(year=2024, x=1), refused(40518)),
    ("dateFromParts of no object", {"$dateFromParts": 1}, refused(40519)),
    ("dateFromParts of both calendars", date_of(year=2024, isoWeek=1), refused(40489)),
    ("dateFromParts of ISO and a month", date_of(isoWeekYear=2024, month=1), refused(40525)),
    ("dateFromParts in a number", date_of(year=2024, timezone=1), refused(40517)),
    ("dateFromParts in an unknown zone", date_of(year=2024, timezone="Nowhere"), refused(40485)),
    (
        "dateToParts",
        {"$dateToParts": {"date": DATE}},
        {"year": 2024, "month": 2, "day": 29, "hour": 13, "minute": 14, "second": 15, "millisecond": 678},
    ),
    (
        "dateToParts of ISO",
        {"$dateToParts": {"date": DATE, "iso8601": True}},
        {"isoWeekYear": 2024, "isoWeek": 9, "isoDayOfWeek": 4, "hour": 13, "minute": 14, "second": 15, "millisecond": 678},
    ),
    ("dateToParts of null", {"$dateToParts": {"date": None}}, None),
    ("dateToParts with another field", {"$dateToParts": {"date": DATE, "x": 1}}, refused(40520)),
    ("dateToParts without a date", {"$dateToParts": {"timezone": "UTC"}}, refused(40522)),
    ("dateToParts of no object", {"$dateToParts": 1}, refused(40524)),
    ("dateToParts of ISO as a number", {"$dateToParts": {"date": DATE, "iso8601": 1}}, refused(40521)),
)


def read(text, **more):
    return {"$dateFromString": {"dateString": text, **more}}


def write(date, **more):
    return {"$dateToString": {"date": date, **more}}


STRINGS = expressions(
    f"{PAGE}dateFromString/",
    ("read an ISO date", read("2024-02-29T13:14:15.678Z"), DATE),
    ("read a day", read("2024-02-29"), utc(2024, 2, 29)),
    ("read a date with an offset", read("2024-02-29T13:14:15.678+01:00"), DATE - datetime.timedelta(hours=1)),
    ("read a date with a space", read("2024-02-29 13:14:15"), utc(2024, 2, 29, 13, 14, 15)),
    ("read in a zone", read("2024-02-29T13:14:15", timezone="America/New_York"), utc(2024, 2, 29, 18, 14, 15)),
    ("read a zone twice", read("2024-02-29T13:14:15Z", timezone="America/New_York"), refused(241)),
    ("read by a format", read("29/02/2024", format="%d/%m/%Y"), utc(2024, 2, 29)),
    ("read by a format with a time", read("2024-02-29 13:14:15.678", format="%Y-%m-%d %H:%M:%S.%L"), DATE),
    ("read by a format of an ISO week", read("4 9 2024", format="%u %V %G"), utc(2024, 2, 29)),
    ("read by the name of a month", read("29 Feb 2024", format="%d %b %Y"), utc(2024, 2, 29)),
    ("read by another format", read("2024-02-29", format="%d/%m/%Y"), refused(241)),
    ("read nonsense", read("nonsense"), refused(241)),
    ("read nonsense with onError", read("nonsense", onError="bad"), "bad"),
    ("read null", read(None), None),
    ("read null with onNull", read(None, onNull="none"), "none"),
    ("read a number", read(1), refused(241)),
    ("read a number with onError", read(1, onError="bad"), "bad"),
    ("read a day that is not there", read("2023-02-29"), refused(241)),
    ("read without text", {"$dateFromString": {"format": "%Y"}}, refused(40542)),
    ("read with another field", read("2024", x=1), refused(40541)),
    ("read of no object", {"$dateFromString": "2024"}, refused(40540)),
    ("read by a format that is a number", read("2024", format=1), refused(40684)),
    ("read by an unknown format", read("2024", format="%q"), refused(18536)),
    ("write", write(DATE), "2024-02-29T13:14:15.678Z"),
    ("write in a zone", write(DATE, timezone="America/New_York"), "2024-02-29T08:14:15.678"),
    ("write by a format", write(DATE, format="%Y/%m/%d %H-%M-%S.%L"), "2024/02/29 13-14-15.678"),
    ("write the day of the year", write(DATE, format="%j"), "060"),
    ("write days of the week", write(DATE, format="%w %u"), "5 4"),
    ("write weeks", write(DATE, format="%U %V %G"), "08 09 2024"),
    ("write offsets", write(DATE, format="%z %Z", timezone="+05:30"), "+0530 330"),
    ("write names of months", write(DATE, format="%b %B"), "Feb February"),
    ("write a percent", write(DATE, format="%%"), "%"),
    ("write null", write(None), None),
    ("write null with onNull", write(None, onNull="none"), "none"),
    ("write of null as a format", write(DATE, format=None), None),
    ("write text", write("x"), refused(16006)),
    ("write by an unknown format", write(DATE, format="%q"), refused(18536)),
    ("write by an unfinished format", write(DATE, format="%"), refused(18535)),
    ("write by a format that is a number", write(DATE, format=1), refused(18533)),
    ("write without a date", {"$dateToString": {"format": "%Y"}}, refused(18628)),
    ("write with another field", write(DATE, x=1), refused(18534)),
    ("write of no object", {"$dateToString": 1}, refused(18629)),
    ("write an ObjectId", write(ID, format="%Y"), str(ID.generation_time.year)),
)


def add(unit, amount, start=DATE, **more):
    return {"$dateAdd": {"startDate": start, "unit": unit, "amount": amount, **more}}


def subtract(unit, amount, start=DATE, **more):
    return {"$dateSubtract": {"startDate": start, "unit": unit, "amount": amount, **more}}


def diff(unit, start, end, **more):
    return {"$dateDiff": {"startDate": start, "endDate": end, "unit": unit, **more}}


def trunc(unit, date=DATE, **more):
    return {"$dateTrunc": {"date": date, "unit": unit, **more}}


ARITHMETIC = expressions(
    f"{PAGE}dateAdd/",
    ("add a year to a leap day", add("year", 1), utc(2025, 2, 28, 13, 14, 15, 678000)),
    ("add a quarter", add("quarter", 1), utc(2024, 5, 29, 13, 14, 15, 678000)),
    ("add a month to the last day", add("month", 1, utc(2024, 1, 31)), utc(2024, 2, 29)),
    ("add weeks", add("week", 2), DATE + datetime.timedelta(14)),
    ("add days", add("day", 3), DATE + datetime.timedelta(3)),
    ("add hours", add("hour", 3), DATE + datetime.timedelta(hours=3)),
    ("add minutes", add("minute", 3), DATE + datetime.timedelta(minutes=3)),
    ("add seconds", add("second", 3), DATE + datetime.timedelta(seconds=3)),
    ("add milliseconds", add("millisecond", 3), DATE + datetime.timedelta(milliseconds=3)),
    ("add a negative", add("day", -1), DATE - datetime.timedelta(1)),
    ("add a long", add("day", Int64(1)), DATE + datetime.timedelta(1)),
    ("add a whole double", add("day", 1.0), DATE + datetime.timedelta(1)),
    ("add a day over a change of time", add("day", 1, utc(2024, 3, 9, 12), timezone="America/New_York"), utc(2024, 3, 10, 11)),
    ("add an hour over a change of time", add("hour", 24, utc(2024, 3, 9, 12), timezone="America/New_York"), utc(2024, 3, 10, 12)),
    ("add to null", add("day", 1, None), None),
    ("add null", add("day", None), None),
    ("add of a null unit", add(None, 1), None),
    ("add of an unknown unit", add("eon", 1), refused(9)),
    ("add a half", add("day", 0.5), refused(5166405)),
    ("add text", add("day", "x"), refused(5166405)),
    ("add to text", add("day", 1, "x"), refused(5166403)),
    ("add without an amount", {"$dateAdd": {"startDate": DATE, "unit": "day"}}, refused(5166402)),
    ("add with another field", add("day", 1, x=1), refused(5166401)),
    ("subtract a month", subtract("month", 1, utc(2024, 3, 31)), utc(2024, 2, 29)),
    ("subtract days", subtract("day", 3), DATE - datetime.timedelta(3)),
    ("subtract from null", subtract("day", 3, None), None),
    ("subtract text", subtract("day", "x"), refused(5166405)),
    ("diff in years counts boundaries", diff("year", utc(2023, 12, 31), utc(2024, 1, 1)), Int64(1)),
    ("diff in quarters", diff("quarter", utc(2024, 1, 1), utc(2024, 12, 31)), Int64(3)),
    ("diff in months", diff("month", utc(2024, 1, 31), utc(2024, 2, 1)), Int64(1)),
    ("diff in weeks from Sunday", diff("week", utc(2024, 3, 2), utc(2024, 3, 3)), Int64(1)),
    ("diff in weeks from Monday", diff("week", utc(2024, 3, 2), utc(2024, 3, 3), startOfWeek="monday"), Int64(0)),
    ("diff in days", diff("day", utc(2024, 2, 28, 23), utc(2024, 3, 1, 1)), Int64(2)),
    ("diff in hours", diff("hour", utc(2024, 1, 1, 0, 59), utc(2024, 1, 1, 1)), Int64(1)),
    ("diff in minutes", diff("minute", utc(2024, 1, 1), utc(2024, 1, 1, 1)), Int64(60)),
    ("diff in seconds", diff("second", utc(2024, 1, 1), utc(2024, 1, 1, 0, 1)), Int64(60)),
    ("diff in milliseconds backwards", diff("millisecond", utc(2024, 1, 1, 0, 0, 1), utc(2024, 1, 1)), Int64(-1000)),
    ("diff in days of a zone", diff("day", utc(2024, 1, 1, 4), utc(2024, 1, 1, 6), timezone="America/New_York"), Int64(1)),
    ("diff with null", diff("day", None, DATE), None),
    ("diff with text", diff("day", "x", DATE), refused(5166307)),
    ("diff of an unknown unit", diff("eon", DATE, DATE), refused(9)),
    ("diff without a start", {"$dateDiff": {"endDate": DATE, "unit": "day"}}, refused(5166303)),
    ("diff without an end", {"$dateDiff": {"startDate": DATE, "unit": "day"}}, refused(5166304)),
    ("diff without a unit", {"$dateDiff": {"startDate": DATE, "endDate": DATE}}, refused(5166305)),
    ("diff with another field", diff("day", DATE, DATE, x=1), refused(5166302)),
    ("diff of no object", {"$dateDiff": 1}, refused(5166301)),
    ("trunc to the year", trunc("year"), utc(2024, 1, 1)),
    ("trunc to the quarter", trunc("quarter"), utc(2024, 1, 1)),
    ("trunc to the month", trunc("month"), utc(2024, 2, 1)),
    ("trunc to the week", trunc("week"), utc(2024, 2, 25)),
    ("trunc to the week from Monday", trunc("week", startOfWeek="monday"), utc(2024, 2, 26)),
    ("trunc to the day", trunc("day"), utc(2024, 2, 29)),
    ("trunc to the hour", trunc("hour"), utc(2024, 2, 29, 13)),
    ("trunc to the minute", trunc("minute"), utc(2024, 2, 29, 13, 14)),
    ("trunc to the second", trunc("second"), utc(2024, 2, 29, 13, 14, 15)),
    ("trunc to the millisecond", trunc("millisecond"), DATE),
    ("trunc to bins", trunc("hour", binSize=2), utc(2024, 2, 29, 12)),
    ("trunc to half years", trunc("month", utc(2024, 8, 9), binSize=6), utc(2024, 7, 1)),
    ("trunc to the day of a zone", trunc("day", timezone="America/New_York"), utc(2024, 2, 29, 5)),
    ("trunc of null", trunc("day", None), None),
    ("trunc to null", trunc(None), None),
    ("trunc of text", trunc("day", "x"), refused(5166307)),
    ("trunc to an unknown unit", trunc("eon"), refused(9)),
    ("trunc to a unit that is a number", trunc(1), refused(5439013)),
    ("trunc from a day that is a number", trunc("week", startOfWeek=1), refused(5439015)),
    ("trunc from an unknown day", trunc("week", startOfWeek="someday"), refused(5439016)),
    ("trunc to bins of text", trunc("day", binSize="x"), refused(5439017)),
    ("trunc to bins of zero", trunc("day", binSize=0), refused(5439018)),
    ("trunc without a date", {"$dateTrunc": {"unit": "day"}}, refused(5439009)),
    ("trunc without a unit", {"$dateTrunc": {"date": DATE}}, refused(5439010)),
    ("trunc with another field", trunc("day", x=1), refused(5439008)),
    ("trunc of no object", {"$dateTrunc": 1}, refused(5439007)),
)

test_parts = conformance(OF_PARTS)
test_from_and_to_parts = conformance(FROM_PARTS)
test_strings = conformance(STRINGS)
test_arithmetic = conformance(ARITHMETIC)
