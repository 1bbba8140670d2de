//! The calendar: milliseconds since 1970 to years, months, days and weeks, and back, in plain arithmetic over all of the
//! range that dates have.

pub(super) const DAY_MS: i64 = 86_400_000;

/// A date and a time of day, of whatever time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    /// From 1; where a date is built, any number.
    pub(super) month: i64,
    /// From 1; where a date is built, any number.
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) millisecond: i64,
}

impl Civil {
    /// Of milliseconds since the beginning of 1970 on the same clock.
    pub(super) fn of(millis: i64) -> Civil {
        let (days, rest) = (millis.div_euclid(DAY_MS), millis.rem_euclid(DAY_MS));
        let (year, month, day) = civil_of_days(days);
        Civil {
            year,
            month,
            day,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1000 % 60,
            millisecond: rest % 1000,
        }
    }

    /// Midnight of a day.
    pub(super) fn midnight(year: i64, month: i64, day: i64) -> Civil {
        Civil { year, month, day, hour: 0, minute: 0, second: 0, millisecond: 0 }
    }

    /// Milliseconds since the beginning of 1970. What is out of range is carried over. `None` beyond what dates hold.
    pub(super) fn millis(self) -> Option<i64> {
        let months = i128::from(self.year) * 12 + i128::from(self.month) - 1;
        let days = days_of(months.div_euclid(12), months.rem_euclid(12) + 1) + i128::from(self.day) - 1;
        let seconds =
            (days * 24 + i128::from(self.hour)) * 3600 + i128::from(self.minute) * 60 + i128::from(self.second);
        i64::try_from(seconds * 1000 + i128::from(self.millisecond)).ok()
    }

    /// Days since the beginning of 1970.
    pub(super) fn days(self) -> i64 {
        Civil::midnight(self.year, self.month, self.day).millis().unwrap_or(i64::MIN).div_euclid(DAY_MS)
    }

    /// From 1.
    pub(super) fn day_of_year(self) -> i64 {
        self.days() - Civil::midnight(self.year, 1, 1).days() + 1
    }

    /// From 1, which is Sunday.
    pub(super) fn day_of_week(self) -> i64 {
        (self.days() + 4).rem_euclid(7) + 1
    }

    /// From 1, which is Monday.
    pub(super) fn iso_day_of_week(self) -> i64 {
        (self.days() + 3).rem_euclid(7) + 1
    }

    /// From 0: the days before the first Sunday.
    pub(super) fn week(self) -> i64 {
        (self.day_of_year() - 1 + 7 - (self.day_of_week() - 1)) / 7
    }

    /// The year and the week of ISO 8601: a week belongs to the year that its Thursday is in.
    pub(super) fn iso_week(self) -> (i64, i64) {
        let thursday = self.days() + 4 - self.iso_day_of_week();
        let (year, ..) = civil_of_days(thursday);
        (year, (thursday - Civil::midnight(year, 1, 1).days()) / 7 + 1)
    }

    /// Midnight of a day of a week of ISO 8601.
    pub(super) fn of_iso_week(year: i64, week: i64, day_of_week: i64) -> Civil {
        // The fourth of January is in the first week.
        let first = Civil::midnight(year, 1, 4);
        let days = (week.saturating_sub(1)).saturating_mul(7).saturating_add(day_of_week);
        Civil { day: (4 - first.iso_day_of_week()).saturating_add(days), ..first }
    }
}

/// How many days a month has.
pub(super) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from the beginning of 1970 to that of a month.
///
/// Source: <https://howardhinnant.github.io/date_algorithms.html>.
fn days_of(year: i128, month: i128) -> i128 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_of_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        for millis in [0, -1, 1, 951_782_400_000, -62_135_596_800_000, 253_402_300_799_999, i64::MAX, i64::MIN] {
            assert_eq!(Civil::of(millis).millis(), Some(millis));
        }
        let first = Civil::midnight(1899, 12, 31).days();
        for day in first..first + 80_000 {
            let civil = Civil::of(day * DAY_MS);
            assert_eq!(civil.days(), day);
            assert!((1..=days_in_month(civil.year, civil.month)).contains(&civil.day));
            let (year, week) = civil.iso_week();
            assert_eq!(Civil::of_iso_week(year, week, civil.iso_day_of_week()).millis(), civil.millis());
        }
    }

    #[test]
    fn what_is_out_of_range_is_carried_over() {
        for (given, expected) in [
            ((2017, 14, 1), (2018, 2, 1)),
            ((2017, 0, 1), (2016, 12, 1)),
            ((2017, -10, 1), (2016, 2, 1)),
            ((2024, 3, 0), (2024, 2, 29)),
            ((2021, 1, 366), (2022, 1, 1)),
        ] {
            let of = |(year, month, day)| Civil::midnight(year, month, day).millis();
            assert_eq!(of(given), of(expected));
        }
        assert_eq!(Civil::midnight(i64::MAX, 1, 1).millis(), None);
    }

    #[test]
    fn weeks_begin_on_sundays_and_iso_weeks_on_mondays() {
        for ((year, month, day), week, iso, of_week) in [
            ((2024, 6, 15), 23, (2024, 24), (7, 6)),
            ((2023, 1, 1), 1, (2022, 52), (1, 7)),
            ((2022, 1, 1), 0, (2021, 52), (7, 6)),
            ((2020, 12, 31), 52, (2020, 53), (5, 4)),
        ] {
            let civil = Civil::midnight(year, month, day);
            assert_eq!(civil.week(), week);
            assert_eq!(civil.iso_week(), iso);
            assert_eq!((civil.day_of_week(), civil.iso_day_of_week()), of_week);
        }
    }
}
