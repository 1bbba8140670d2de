#![allow(clippy::too_many_lines)]

use bson::{Bson, DateTime, Timestamp, bson, doc, oid::ObjectId};

use super::parse_date;
use crate::expression::testing::{Yields, apply, evaluate};

fn at(text: &str) -> Bson {
    Bson::DateTime(DateTime::parse_rfc3339_str(text).expect("a date"))
}

fn no_dates() -> Vec<Bson> {
    vec![
        bson!("2017"),
        bson!(1),
        Bson::Int64(1),
        bson!(1.5),
        Bson::Decimal128("1".parse().expect("a decimal")),
        bson!(true),
        bson!([1, 2, 3]),
        bson!({ "a": 1 }),
        Bson::MinKey,
        Bson::MaxKey,
    ]
}

#[test]
fn the_parts_of_a_date_are_those_on_the_clocks_of_a_zone() {
    let date = || at("2016-01-02T01:02:03.004Z");
    for (operator, expected) in [
        ("$year", 2016),
        ("$month", 1),
        ("$dayOfMonth", 2),
        ("$dayOfWeek", 7),
        ("$dayOfYear", 2),
        ("$isoDayOfWeek", 6),
        ("$isoWeek", 53),
        ("$week", 0),
        ("$hour", 1),
        ("$minute", 2),
        ("$second", 3),
        ("$millisecond", 4),
    ] {
        assert_eq!(apply(operator, date()), Ok(bson!(expected)), "{operator}");
        assert_eq!(apply(operator, bson!([date()])), Ok(bson!(expected)), "{operator}");
        assert_eq!(apply(operator, bson!({ "date": date() })), Ok(bson!(expected)), "{operator}");
        assert_eq!(apply(operator, Bson::Null), Ok(Bson::Null));
        assert_eq!(apply(operator, bson!({ "date": null })), Ok(Bson::Null));
        assert_eq!(apply(operator, bson!({ "date": date(), "timezone": null })), Ok(Bson::Null));
        assert_eq!(apply(operator, bson!({ "timezone": "UTC" })), Err(40539));
        assert_eq!(apply(operator, bson!({ "date": date(), "zone": "UTC" })), Err(40535));
        assert_eq!(apply(operator, bson!([])), Err(40536));
        assert_eq!(apply(operator, bson!([date(), date()])), Err(40536));
        for value in no_dates() {
            assert_eq!(apply(operator, bson!({ "date": value })), Err(16006));
        }
    }
    assert_eq!(apply("$isoWeekYear", date()), Ok(Bson::Int64(2015)));
    for (zone, expected) in [
        ("America/New_York", Ok(20)),
        ("+02:30", Ok(3)),
        ("-0230", Ok(22)),
        ("+03", Ok(4)),
        ("GMT", Ok(1)),
        ("UTC", Ok(1)),
        ("EST", Ok(20)),
        ("+99:99", Ok(5)),
        ("america/new_york", Err(40485)),
        ("+100:00", Err(40485)),
        ("+1", Err(40485)),
        ("Z", Err(40485)),
        ("", Err(40485)),
        ("America/Nowhere", Err(40485)),
    ] {
        let given = bson!({ "date": date(), "timezone": zone });
        assert_eq!(apply("$hour", given), expected.map(|hour: i32| bson!(hour)), "{zone}");
    }
    assert_eq!(apply("$hour", bson!({ "date": date(), "timezone": 1 })), Err(40517));
    // Seconds of timestamps have no sign, those of ids do.
    let stamp = Bson::Timestamp(Timestamp { time: u32::MAX, increment: 1 });
    assert_eq!(apply("$year", stamp), Ok(bson!(2106)));
    assert_eq!(apply("$year", Bson::ObjectId(ObjectId::from_bytes([0xFF; 12]))), Ok(bson!(1969)));
    assert_eq!(apply("$year", Bson::DateTime(DateTime::from_millis(i64::MAX))), Ok(bson!(292_278_994)));
}

#[test]
fn dates_are_taken_apart() {
    let date = at("2017-01-01T23:59:58.007Z");
    assert_eq!(
        apply("$dateToParts", bson!({ "date": date.clone() })),
        Ok(bson!({ "year": 2017, "month": 1, "day": 1, "hour": 23, "minute": 59, "second": 58, "millisecond": 7 }))
    );
    let iso = bson!({ "date": date.clone(), "iso8601": true, "timezone": "-01:00" });
    assert_eq!(
        apply("$dateToParts", iso),
        Ok(bson!({
            "isoWeekYear": 2016, "isoWeek": 52, "isoDayOfWeek": 7, "hour": 22, "minute": 59, "second": 58, "millisecond": 7
        }))
    );
    for (arguments, expected) in [
        (bson!({ "date": null }), Ok(Bson::Null)),
        (bson!({ "date": "$missing" }), Ok(Bson::Null)),
        (bson!({ "date": date.clone(), "iso8601": null }), Ok(Bson::Null)),
        (bson!({ "date": date.clone(), "timezone": null }), Ok(Bson::Null)),
        (bson!({ "date": date.clone(), "iso8601": 1 }), Err(40521)),
        (bson!({ "date": 1 }), Err(16006)),
        (bson!({ "timezone": "UTC" }), Err(40522)),
        (bson!({ "date": date.clone(), "x": 1 }), Err(40520)),
        (bson!([date]), Err(40524)),
    ] {
        assert_eq!(apply("$dateToParts", arguments.clone()), expected, "{arguments}");
    }
}

#[test]
fn dates_are_made_of_parts_that_carry_over() {
    for (arguments, expected) in [
        (bson!({ "year": 2017 }), "2017-01-01T00:00:00Z"),
        (bson!({ "year": 2017, "month": 14, "day": 0, "hour": 25, "minute": (-1) }), "2018-02-01T00:59:00Z"),
        (bson!({ "year": 2017.0, "second": 61, "millisecond": (-1) }), "2017-01-01T00:01:00.999Z"),
        (bson!({ "isoWeekYear": 2017 }), "2017-01-02T00:00:00Z"),
        (bson!({ "isoWeekYear": 2017, "isoWeek": 6, "isoDayOfWeek": 3, "hour": 12 }), "2017-02-08T12:00:00Z"),
        (bson!({ "isoWeekYear": 2021, "isoWeek": 53 }), "2022-01-03T00:00:00Z"),
        (bson!({ "isoWeekYear": 2020, "isoDayOfWeek": 0 }), "2019-12-29T00:00:00Z"),
        (bson!({ "year": 2017, "timezone": "+02:00" }), "2016-12-31T22:00:00Z"),
        // Clocks skip from 2 to 3 o'clock.
        (
            bson!({ "year": 2021, "month": 3, "day": 14, "hour": 2, "timezone": "America/New_York" }),
            "2021-03-14T07:00:00Z",
        ),
        // Clocks show it twice.
        (
            bson!({ "year": 2021, "month": 11, "day": 7, "hour": 1, "timezone": "America/New_York" }),
            "2021-11-07T05:00:00Z",
        ),
    ] {
        assert_eq!(apply("$dateFromParts", arguments.clone()), Ok(at(expected)), "{arguments}");
    }
    for (arguments, expected) in [
        (bson!({ "year": null }), Ok(Bson::Null)),
        (bson!({ "year": 2017, "month": "$missing" }), Ok(Bson::Null)),
        (bson!({ "year": 2017, "timezone": null }), Ok(Bson::Null)),
        (bson!({ "year": 0 }), Err(40523)),
        (bson!({ "year": 10_000 }), Err(40523)),
        (bson!({ "year": "2017" }), Err(40515)),
        (bson!({ "year": 2017.5 }), Err(40515)),
        (bson!({ "year": 2017, "month": 40_000 }), Err(31034)),
        (bson!({ "month": 1 }), Err(40516)),
        (bson!({}), Err(40516)),
        (bson!({ "year": 2017, "isoWeekYear": 2017 }), Err(40489)),
        (bson!({ "year": 2017, "isoWeek": 1 }), Err(40489)),
        (bson!({ "isoWeekYear": 2017, "month": 1 }), Err(40525)),
        (bson!({ "year": 2017, "x": 1 }), Err(40518)),
        (bson!([2017]), Err(40519)),
        (bson!({ "year": 2017, "second": i64::MAX }), Err(159)),
    ] {
        assert_eq!(apply("$dateFromParts", arguments.clone()), expected, "{arguments}");
    }
}

#[test]
fn dates_are_written_in_formats() {
    let date = || at("2024-06-15T10:30:45.123Z");
    for (format, expected) in [
        ("%Y-%m-%dT%H:%M:%S.%L", Ok("2024-06-15T10:30:45.123")),
        ("%j %u %w %G %V %U", Ok("167 6 7 2024 24 23")),
        ("%b %B", Ok("Jun June")),
        ("%z %Z", Ok("+0000 0")),
        ("100%%", Ok("100%")),
        ("", Ok("")),
        ("héllo", Ok("héllo")),
        ("%x", Err(18536)),
        ("a%", Err(18535)),
    ] {
        let arguments = bson!({ "date": date(), "format": format });
        assert_eq!(apply("$dateToString", arguments), expected.map(Bson::from), "{format}");
    }
    for (arguments, expected) in [
        (bson!({ "date": date() }), Ok(bson!("2024-06-15T10:30:45.123Z"))),
        (bson!({ "date": date(), "timezone": "+00:00" }), Ok(bson!("2024-06-15T10:30:45.123Z"))),
        (bson!({ "date": date(), "timezone": "America/New_York" }), Ok(bson!("2024-06-15T06:30:45.123"))),
        (bson!({ "date": date(), "timezone": "America/New_York", "format": "%z %Z" }), Ok(bson!("-0400 -240"))),
        (bson!({ "date": date(), "timezone": "+05:30", "format": "%H:%M%z" }), Ok(bson!("16:00+0530"))),
        (bson!({ "date": null, "onNull": "none" }), Ok(bson!("none"))),
        (bson!({ "date": "$missing" }), Ok(Bson::Null)),
        (bson!({ "date": null, "format": "%x" }), Err(18536)),
        (bson!({ "date": null, "timezone": "x" }), Err(40485)),
        (bson!({ "date": date(), "format": null }), Ok(Bson::Null)),
        (bson!({ "date": date(), "timezone": null }), Ok(Bson::Null)),
        (bson!({ "date": date(), "format": 1 }), Err(18533)),
        (bson!({ "date": "x" }), Err(16006)),
        (bson!({ "format": "%Y" }), Err(18628)),
        (bson!({ "date": date(), "x": 1 }), Err(18534)),
        (bson!([date()]), Err(18629)),
        (bson!({ "date": Bson::DateTime(DateTime::from_millis(253_402_300_800_000)) }), Err(18537)),
        (bson!({ "date": Bson::DateTime(DateTime::from_millis(-62_167_219_200_001)) }), Err(18537)),
    ] {
        assert_eq!(apply("$dateToString", arguments.clone()), expected, "{arguments}");
    }
}

#[test]
fn dates_are_read_from_the_customary_forms() {
    for (text, expected) in [
        ("2017-02-08T12:10:40.787Z", "2017-02-08T12:10:40.787Z"),
        ("2017-02-08T12:10:40.7876543", "2017-02-08T12:10:40.787Z"),
        ("2017-02-08T12:10:40.7", "2017-02-08T12:10:40.7Z"),
        ("2017-02-08 12:10", "2017-02-08T12:10:00Z"),
        ("2017-02-08", "2017-02-08T00:00:00Z"),
        ("2017-2-8", "2017-02-08T00:00:00Z"),
        ("2017-02", "2017-02-01T00:00:00Z"),
        ("2017/02/08", "2017-02-08T00:00:00Z"),
        ("20170208", "2017-02-08T00:00:00Z"),
        ("20170208T121040Z", "2017-02-08T12:10:40Z"),
        ("2017-039", "2017-02-08T00:00:00Z"),
        ("2017-W06-3", "2017-02-08T00:00:00Z"),
        ("2017W06", "2017-02-06T00:00:00Z"),
        ("2/8/2017", "2017-02-08T00:00:00Z"),
        ("8-2-2017", "2017-02-08T00:00:00Z"),
        ("8.2.2017", "2017-02-08T00:00:00Z"),
        ("8-Feb-2017", "2017-02-08T00:00:00Z"),
        ("2017-Feb-08", "2017-02-08T00:00:00Z"),
        ("February 8 2017", "2017-02-08T00:00:00Z"),
        ("February 8th, 2017 1:30pm", "2017-02-08T13:30:00Z"),
        ("Feb 2017", "2017-02-01T00:00:00Z"),
        ("8 feb 2017 12:10", "2017-02-08T12:10:00Z"),
        ("oct 20 2020", "2020-10-20T00:00:00Z"),
        ("Wed, 08 Feb 2017 12:10:40 GMT", "2017-02-08T12:10:40Z"),
        ("WED jan 31 12:05:28 +03:30 1996", "1996-01-31T08:35:28Z"),
        ("2017-02-08T12:10:40+05:00", "2017-02-08T07:10:40Z"),
        ("2017-02-08T12:10:40-0530", "2017-02-08T17:40:40Z"),
        ("2017-02-08T12:10:40 EST", "2017-02-08T17:10:40Z"),
        ("2017-07-08 12:00 Europe/London", "2017-07-08T11:00:00Z"),
        ("@1486555840", "2017-02-08T12:10:40Z"),
        ("2020-02-29", "2020-02-29T00:00:00Z"),
        ("2017-02-08 24:00", "2017-02-09T00:00:00Z"),
    ] {
        let Bson::DateTime(expected) = at(expected) else { continue };
        assert_eq!(parse_date(text).map_err(|error| error.to_string()), Ok(expected.timestamp_millis()), "{text}");
    }
    for text in [
        "",
        "not-a-date",
        "2017",
        "12:10",
        "2017-13-01",
        "2017-02-30",
        "2019-02-29",
        "1900-02-29",
        "2017-02-08T25:00",
        "2017-02-08T12:61",
        "2017-02-08 x",
        "Feb 8",
        "tomorrow",
        "+1 day",
        "2017-02-08 2017-02-08",
        "2017-02-08é",
        "é",
        "2017-W60",
        "2017-366",
        "13:00pm 2017-02-08",
        "99999999999999999999",
        "@",
        "-",
        "2017-",
        "1/",
        "T12:00",
    ] {
        assert_eq!(parse_date(text).map_err(|error| error.code().0), Err(241), "{text}");
    }
}

#[test]
fn dates_are_read_in_formats() {
    for (text, format, expected) in [
        ("06-15-2018", "%m-%d-%Y", Ok("2018-06-15T00:00:00Z")),
        ("2018-06-15T10:30:45.123", "%Y-%m-%dT%H:%M:%S.%L", Ok("2018-06-15T10:30:45.123Z")),
        ("jan 15 2020", "%b %d %Y", Ok("2020-01-15T00:00:00Z")),
        ("january 15 2020", "%B %d %Y", Ok("2020-01-15T00:00:00Z")),
        ("20170208", "%Y%m%d", Ok("2017-02-08T00:00:00Z")),
        ("2024", "%G", Ok("2024-01-01T00:00:00Z")),
        ("2024-W24", "%G-W%V", Ok("2024-06-10T00:00:00Z")),
        ("2024-W24-6", "%G-W%V-%u", Ok("2024-06-15T00:00:00Z")),
        ("2024-06-15 +0530", "%Y-%m-%d %z", Ok("2024-06-14T18:30:00Z")),
        ("2024-06-15 +330", "%Y-%m-%d %Z", Ok("2024-06-14T18:30:00Z")),
        ("2024 167", "%Y %j", Ok("2024-06-16T00:00:00Z")),
        ("100% 2024-06-15", "100%% %Y-%m-%d", Ok("2024-06-15T00:00:00Z")),
        ("2017-02-08", "%m-%d-%Y", Err(241)),
        ("2017", "%Y", Err(241)),
        ("2017-02-30", "%Y-%m-%d", Err(241)),
        ("2017-02-08x", "%Y-%m-%d", Err(241)),
        ("2017-02", "%Y-%m-%d", Err(241)),
        ("2017-02-08", "%Q", Err(18536)),
        ("2024 23 6", "%Y %U %w", Err(18536)),
        ("2017", "%", Err(18535)),
    ] {
        let arguments = bson!({ "dateString": text, "format": format });
        assert_eq!(apply("$dateFromString", arguments), expected.map(at), "{text} {format}");
    }
}

#[test]
fn the_arguments_of_date_from_string_are_looked_at_in_order() {
    let text = "2017-02-08T12:10:40.787";
    for (arguments, expected) in [
        (bson!({ "dateString": text, "timezone": "America/New_York" }), Ok(at("2017-02-08T17:10:40.787Z"))),
        (bson!({ "dateString": "2017-02-08T12:00:00", "timezone": "+99:99" }), Ok(at("2017-02-04T07:21:00Z"))),
        (bson!({ "dateString": "2017-02-08T12:00:00Z", "timezone": "America/New_York" }), Err(241)),
        (bson!({ "dateString": "2017-02-08T12:00:00+05:00", "timezone": "UTC" }), Ok(at("2017-02-08T07:00:00Z"))),
        (bson!({ "dateString": text, "timezone": null }), Ok(Bson::Null)),
        (bson!({ "dateString": text, "format": null }), Ok(Bson::Null)),
        (bson!({ "dateString": null, "onNull": "none", "onError": "bad" }), Ok(bson!("none"))),
        (bson!({ "dateString": "$missing" }), Ok(Bson::Null)),
        (bson!({ "dateString": "x", "onError": "bad" }), Ok(bson!("bad"))),
        (bson!({ "dateString": "x", "onError": null }), Ok(Bson::Null)),
        (bson!({ "dateString": 1, "onError": "bad" }), Ok(bson!("bad"))),
        (bson!({ "dateString": "x" }), Err(241)),
        (bson!({ "dateString": 1 }), Err(241)),
        (bson!({ "dateString": text, "format": 1 }), Err(40684)),
        (bson!({ "dateString": null, "timezone": "x" }), Err(40485)),
        (bson!({ "dateString": text, "timezone": 1 }), Err(40517)),
        (bson!({ "format": "%Y" }), Err(40542)),
        (bson!({ "dateString": text, "x": 1 }), Err(40541)),
        (bson!(text), Err(40540)),
    ] {
        assert_eq!(apply("$dateFromString", arguments.clone()), expected, "{arguments}");
    }
}

#[test]
fn units_are_added_on_the_clocks_of_a_zone() {
    for (start, unit, amount, zone, expected) in [
        ("2020-01-31T12:00:00Z", "month", 1, "UTC", "2020-02-29T12:00:00Z"),
        ("2021-01-31T12:00:00Z", "month", 1, "UTC", "2021-02-28T12:00:00Z"),
        ("2020-02-29T12:00:00Z", "year", 1, "UTC", "2021-02-28T12:00:00Z"),
        ("2020-03-31T00:00:00Z", "month", -1, "UTC", "2020-02-29T00:00:00Z"),
        ("2020-11-30T00:00:00Z", "quarter", 1, "UTC", "2021-02-28T00:00:00Z"),
        ("2020-12-31T00:00:00Z", "week", 1, "UTC", "2021-01-07T00:00:00Z"),
        ("1969-12-31T00:00:00Z", "day", 1, "UTC", "1970-01-01T00:00:00Z"),
        ("2020-12-31T23:59:59Z", "second", 1, "UTC", "2021-01-01T00:00:00Z"),
        ("2020-12-31T23:59:59.999Z", "millisecond", 1, "UTC", "2021-01-01T00:00:00Z"),
        ("2021-03-13T17:00:00Z", "day", 1, "America/New_York", "2021-03-14T16:00:00Z"),
        ("2021-03-13T17:00:00Z", "hour", 24, "America/New_York", "2021-03-14T17:00:00Z"),
        ("2021-03-13T07:30:00Z", "day", 1, "America/New_York", "2021-03-14T07:30:00Z"),
        ("2020-01-31T23:30:00Z", "month", 1, "+02:00", "2020-02-29T23:30:00Z"),
    ] {
        let arguments =
            |amount: i64| bson!({ "startDate": at(start), "unit": unit, "amount": amount, "timezone": zone });
        assert_eq!(apply("$dateAdd", arguments(amount)), Ok(at(expected)), "{start} {amount} {unit} {zone}");
        assert_eq!(apply("$dateSubtract", arguments(-amount)), Ok(at(expected)));
    }
    let date = at("2020-01-01T00:00:00Z");
    for (arguments, expected) in [
        (bson!({ "startDate": null, "unit": "day", "amount": 1 }), Ok(Bson::Null)),
        (bson!({ "startDate": date.clone(), "unit": "$missing", "amount": 1 }), Ok(Bson::Null)),
        (bson!({ "startDate": date.clone(), "unit": "day", "amount": null }), Ok(Bson::Null)),
        (bson!({ "startDate": date.clone(), "unit": "day", "amount": 1, "timezone": null }), Ok(Bson::Null)),
        (bson!({ "startDate": "2020", "unit": "day", "amount": 1 }), Err(5_166_403)),
        (bson!({ "startDate": date.clone(), "unit": 1, "amount": 1 }), Err(5_439_013)),
        (bson!({ "startDate": date.clone(), "unit": "days", "amount": 1 }), Err(9)),
        (bson!({ "startDate": date.clone(), "unit": "day", "amount": 1.5 }), Err(5_166_405)),
        (bson!({ "startDate": date.clone(), "unit": "day", "amount": "1" }), Err(5_166_405)),
        (bson!({ "startDate": date.clone(), "unit": "month", "amount": (-30_000_000_000_i64) }), Err(5_976_500)),
        (bson!({ "startDate": date.clone(), "unit": "millisecond", "amount": i64::MAX }), Err(5_166_406)),
        (bson!({ "startDate": date.clone(), "unit": "day" }), Err(5_166_402)),
        (bson!({ "startDate": date.clone(), "unit": "day", "amount": 1, "x": 1 }), Err(5_166_401)),
        (bson!([date.clone()]), Err(5_166_400)),
    ] {
        assert_eq!(apply("$dateAdd", arguments.clone()), expected, "{arguments}");
    }
    let least = bson!({ "startDate": date, "unit": "day", "amount": i64::MIN });
    assert_eq!(apply("$dateSubtract", least), Err(6_045_000));
}

#[test]
fn differences_count_the_bounds_between() {
    for (start, end, unit, expected) in [
        ("2010-01-01T00:00:00Z", "2011-06-30T00:00:00Z", "year", 1),
        ("2021-01-01T00:00:00Z", "2021-12-31T00:00:00Z", "quarter", 3),
        ("2021-04-01T00:00:00Z", "2021-01-01T00:00:00Z", "quarter", -1),
        ("2010-01-01T00:00:00Z", "2011-01-01T00:00:00Z", "month", 12),
        ("2021-01-01T23:59:59Z", "2021-01-02T00:00:01Z", "day", 1),
        ("2020-02-28T00:00:00Z", "2020-03-01T00:00:00Z", "day", 2),
        ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "day", 3_652_058),
        ("2021-01-01T00:59:59Z", "2021-01-01T01:00:01Z", "hour", 1),
        ("2021-01-01T00:00:59Z", "2021-01-01T00:01:01Z", "minute", 1),
        ("2021-01-01T00:00:00.999Z", "2021-01-01T00:00:01.001Z", "second", 1),
        ("2021-01-01T00:00:00Z", "2021-01-01T00:00:00.001Z", "millisecond", 1),
        // The second of January 2021 was a Saturday.
        ("2021-01-02T00:00:00Z", "2021-01-03T00:00:00Z", "week", 1),
    ] {
        let arguments = bson!({ "startDate": at(start), "endDate": at(end), "unit": unit });
        assert_eq!(apply("$dateDiff", arguments), Ok(Bson::Int64(expected)), "{start} {end} {unit}");
    }
    let (start, end) = (at("2021-01-02T00:00:00Z"), at("2021-01-04T00:00:00Z"));
    for (first_day, expected) in [
        ("monday", Ok(1)),
        ("MON", Ok(1)),
        ("tue", Ok(0)),
        ("sunday", Ok(1)),
        ("notaday", Err(5_439_016)),
        ("", Err(5_439_016)),
    ] {
        let arguments =
            bson!({ "startDate": start.clone(), "endDate": end.clone(), "unit": "week", "startOfWeek": first_day });
        assert_eq!(apply("$dateDiff", arguments), expected.map(Bson::Int64), "{first_day}");
    }
    let zone = bson!({
        "startDate": at("2021-03-14T06:30:00Z"), "endDate": at("2021-03-14T07:30:00Z"), "unit": "hour",
        "timezone": "America/New_York"
    });
    assert_eq!(apply("$dateDiff", zone), Ok(Bson::Int64(1)));
    for (arguments, expected) in [
        (bson!({ "startDate": null, "endDate": end.clone(), "unit": "day" }), Ok(Bson::Null)),
        (bson!({ "startDate": 1, "endDate": end.clone(), "unit": "day" }), Err(5_166_307)),
        (bson!({ "startDate": start.clone(), "endDate": end.clone(), "unit": 1 }), Err(5_439_013)),
        (bson!({ "startDate": start.clone(), "endDate": end.clone(), "unit": "x" }), Err(9)),
        (
            bson!({ "startDate": start.clone(), "endDate": end.clone(), "unit": "week", "startOfWeek": 1 }),
            Err(5_439_015),
        ),
        (
            bson!({ "startDate": start.clone(), "endDate": end.clone(), "unit": "day", "startOfWeek": 1 }),
            Ok(Bson::Int64(2)),
        ),
        (bson!({ "endDate": end.clone(), "unit": "day" }), Err(5_166_303)),
        (bson!({ "startDate": start.clone(), "unit": "day" }), Err(5_166_304)),
        (bson!({ "startDate": start.clone(), "endDate": end }), Err(5_166_305)),
        (bson!({ "x": 1 }), Err(5_166_302)),
        (bson!([start]), Err(5_166_301)),
    ] {
        assert_eq!(apply("$dateDiff", arguments.clone()), expected, "{arguments}");
    }
}

#[test]
fn dates_are_cut_to_the_beginning_of_their_bin() {
    for (date, unit, bin, zone, expected) in [
        ("2021-08-17T12:34:56.789Z", "year", 1, "UTC", "2021-01-01T00:00:00Z"),
        ("2021-08-17T12:34:56.789Z", "year", 5, "UTC", "2020-01-01T00:00:00Z"),
        ("1999-08-17T12:34:56.789Z", "year", 5, "UTC", "1995-01-01T00:00:00Z"),
        ("2021-08-17T12:34:56.789Z", "quarter", 1, "UTC", "2021-07-01T00:00:00Z"),
        ("2021-08-17T12:34:56.789Z", "month", 2, "UTC", "2021-07-01T00:00:00Z"),
        ("2021-08-17T12:34:56.789Z", "week", 1, "UTC", "2021-08-15T00:00:00Z"),
        ("2021-08-17T12:34:56.789Z", "day", 1, "UTC", "2021-08-17T00:00:00Z"),
        ("2021-08-17T12:34:56.789Z", "hour", 5, "UTC", "2021-08-17T09:00:00Z"),
        ("2021-08-17T12:34:56.789Z", "minute", 15, "UTC", "2021-08-17T12:30:00Z"),
        ("2021-08-17T12:34:56.789Z", "second", 1, "UTC", "2021-08-17T12:34:56Z"),
        ("2021-08-17T12:34:56.789Z", "millisecond", 100, "UTC", "2021-08-17T12:34:56.7Z"),
        ("2021-06-15T12:00:00Z", "hour", 1, "+05:70", "2021-06-15T11:50:00Z"),
        ("2021-06-15T12:00:00Z", "hour", 1, "-99:99", "2021-06-15T11:39:00Z"),
        ("2021-03-20T02:00:00Z", "day", 1, "-05:00", "2021-03-19T05:00:00Z"),
        ("2021-03-14T07:30:00Z", "day", 1, "America/New_York", "2021-03-14T05:00:00Z"),
        ("2021-11-07T06:30:00Z", "day", 1, "America/New_York", "2021-11-07T04:00:00Z"),
        ("2021-11-07T06:30:00Z", "hour", 1, "America/New_York", "2021-11-07T06:00:00Z"),
        ("2021-06-15T20:00:00Z", "day", 1, "Asia/Kolkata", "2021-06-15T18:30:00Z"),
    ] {
        let arguments = bson!({ "date": at(date), "unit": unit, "binSize": bin, "timezone": zone });
        assert_eq!(apply("$dateTrunc", arguments), Ok(at(expected)), "{date} {bin} {unit} {zone}");
    }
    let date = at("2021-08-17T12:34:56Z");
    let nothing = doc! { "$dateTrunc": { "date": "$date", "unit": "day", "startOfWeek": null } };
    assert_eq!(evaluate(nothing, &doc! { "date": date.clone() }), Yields::Value(Bson::Null));
    let nothing = doc! { "$dateTrunc": { "date": date.clone(), "unit": "day", "startOfWeek": null } };
    assert_eq!(evaluate(nothing, &doc! {}), Yields::Value(at("2021-08-17T00:00:00Z")));
    let monday = bson!({ "date": date.clone(), "unit": "week", "startOfWeek": "monday" });
    assert_eq!(apply("$dateTrunc", monday), Ok(at("2021-08-16T00:00:00Z")));
    for (arguments, expected) in [
        (bson!({ "date": null, "unit": "day" }), Ok(Bson::Null)),
        (bson!({ "date": date.clone(), "unit": "day", "binSize": null }), Ok(Bson::Null)),
        (bson!({ "date": date.clone(), "unit": "week", "startOfWeek": null }), Ok(Bson::Null)),
        (bson!({ "date": "x", "unit": "day" }), Err(5_166_307)),
        (bson!({ "date": date.clone(), "unit": 1 }), Err(5_439_013)),
        (bson!({ "date": date.clone(), "unit": "x" }), Err(9)),
        (bson!({ "date": date.clone(), "unit": "day", "binSize": 0.5 }), Err(5_439_017)),
        (bson!({ "date": date.clone(), "unit": "day", "binSize": 0 }), Err(5_439_018)),
        (bson!({ "date": date.clone(), "unit": "year", "binSize": 100_000_000_001_i64 }), Err(5_439_006)),
        (bson!({ "date": date.clone(), "unit": "hour", "binSize": 2_562_047_788_016_999_i64 }), Err(5_439_002)),
        (bson!({ "date": date.clone(), "unit": "week", "startOfWeek": 1 }), Err(5_439_015)),
        (bson!({ "date": date.clone(), "unit": "week", "startOfWeek": "x" }), Err(5_439_016)),
        (bson!({ "unit": "day" }), Err(5_439_009)),
        (bson!({ "date": date.clone() }), Err(5_439_010)),
        (bson!({ "date": date.clone(), "unit": "day", "x": 1 }), Err(5_439_008)),
        (bson!([date]), Err(5_439_007)),
    ] {
        assert_eq!(apply("$dateTrunc", arguments.clone()), expected, "{arguments}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_date_or_an_error(text in "[0-9TZtz:./+@, -]{0,24}|[a-zA-Z0-9: ,+éß/-]{0,24}", format in "(%[a-zA-Z%]|[ -~]){0,6}") {
        let _ = parse_date(&text);
        let _ = apply("$dateFromString", bson!({ "dateString": text, "format": format }));
    }

    #[test]
    fn any_date_has_parts_and_comes_back_from_them(millis in proptest::num::i64::ANY, amount in proptest::num::i64::ANY) {
        let date = Bson::DateTime(DateTime::from_millis(millis));
        for zone in ["UTC", "America/New_York", "-99:99"] {
            let parts = apply("$dateToParts", bson!({ "date": date.clone(), "timezone": zone }));
            proptest::prop_assert!(parts.is_ok());
            for unit in ["year", "quarter", "month", "week", "day", "hour", "millisecond"] {
                let _ = apply("$dateTrunc", bson!({ "date": date.clone(), "unit": unit, "binSize": amount, "timezone": zone }));
                let _ = apply("$dateAdd", bson!({ "startDate": date.clone(), "unit": unit, "amount": amount, "timezone": zone }));
                let end = Bson::DateTime(DateTime::from_millis(amount));
                let _ = apply("$dateDiff", bson!({ "startDate": date.clone(), "endDate": end, "unit": unit, "timezone": zone }));
            }
        }
    }
}
