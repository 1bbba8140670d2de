//! Fail points: what fails as a test wants it to.
//!
//! `failCommand` fails commands, `onPrimaryTransactionalWrite` retryable writes before or after they are done, and
//! `maxTimeAlwaysTimeOut` whatever has a time limit.
//!
//! Source: <https://github.com/mongodb/mongo/wiki/The-failCommand-fail-point> and
//! <https://github.com/mongodb/specifications/blob/master/source/retryable-writes/tests/README.md>.

use std::{collections::HashMap, time::Duration};

use bson::{RawBsonRef, RawDocument, RawDocumentBuf, raw::cstr};
use millpond::docdb::Code;
use parking_lot::Mutex;

use super::{
    arguments::{self, Arguments},
    failure::{Failure, append_labels, is_retryable_write},
    reply,
};

/// Fail points by their names.
#[derive(Debug, Default)]
pub(crate) struct FailPoints(Mutex<HashMap<String, FailPoint>>);

#[derive(Debug)]
struct FailPoint {
    mode: Mode,
    hits: i32,
    data: FailCommand,
}

impl FailPoint {
    /// Whether it happens this time, which counts.
    fn fires(&mut self) -> bool {
        match &mut self.mode {
            Mode::AlwaysOn => {}
            Mode::Times(0) => return false,
            Mode::Times(left) => *left -= 1,
            Mode::Skip(0) => {}
            Mode::Skip(left) => {
                *left -= 1;
                return false;
            }
            Mode::Probability(probability) => {
                let [a, b, ..] = uuid::Uuid::new_v4().into_bytes();
                if f64::from(u16::from_le_bytes([a, b])) >= *probability * 65_536.0 {
                    return false;
                }
            }
        }
        self.hits = self.hits.saturating_add(1);
        true
    }
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    AlwaysOn,
    Times(i64),
    Skip(i64),
    Probability(f64),
}

#[derive(Debug, Clone, Default)]
struct FailCommand {
    commands: Vec<String>,
    error_code: Option<i32>,
    labels: Option<Vec<String>>,
    close: bool,
    /// Whether it says expressly that the connection stays.
    stay: bool,
    before_commit: Option<i32>,
    block: Option<Duration>,
    write_concern_error: Option<RawDocumentBuf>,
    application: Option<String>,
    extra: Option<RawDocumentBuf>,
}

/// What a command is to suffer.
#[derive(Debug)]
pub(crate) struct Injected {
    pub(crate) block: Option<Duration>,
    write_concern_error: Option<RawDocumentBuf>,
    error_code: Option<i32>,
    labels: Option<Vec<String>>,
    close: bool,
    extra: Option<RawDocumentBuf>,
}

impl Injected {
    /// What it fails with, if it does.
    ///
    /// Retryable writes are labelled so that drivers try them again.
    pub(crate) fn failure(&self, is_retryable: bool) -> Option<Failure> {
        if self.close {
            return Some(Failure::closed());
        }
        let code = Code(self.error_code?);
        let mut failure = Failure::new(code, "Failing command via 'failCommand' failpoint");
        failure.fields = self.extra.clone().unwrap_or_default();
        failure.labels = self.labels(code, is_retryable);
        Some(failure)
    }

    /// The labels asked for, or else those that are due.
    fn labels(&self, code: Code, is_retryable: bool) -> Vec<String> {
        match &self.labels {
            Some(labels) => labels.clone(),
            None if is_retryable && is_retryable_write(code) => vec!["RetryableWriteError".to_owned()],
            None => Vec::new(),
        }
    }

    /// Adds the write concern error to the reply of a command that has succeeded, if there is to be one.
    pub(crate) fn append_write_concern_error(self, document: &mut RawDocumentBuf, is_retryable: bool) {
        let Some(error) = &self.write_concern_error else { return };
        document.append(cstr!("writeConcernError"), &**error);
        let code = Code(error.get_i32("code").unwrap_or_default());
        append_labels(document, &self.labels(code, is_retryable));
    }
}

impl FailPoints {
    /// Whether one that needs to know nothing more is to happen now.
    pub(crate) fn fires(&self, name: &str) -> bool {
        self.0.lock().get_mut(name).is_some_and(FailPoint::fires)
    }

    /// What a retryable write of so many statements fails with, either before it is done or when it has been done.
    pub(crate) fn hit_write(&self, is_done: bool, statements: usize) -> Option<Failure> {
        let mut points = self.0.lock();
        let point = points.get_mut("onPrimaryTransactionalWrite")?;
        if point.data.before_commit.is_some() == is_done || !(0..statements.max(1)).any(|_| point.fires()) {
            return None;
        }
        let close = !point.data.stay;
        match point.data.before_commit {
            Some(code) => {
                let message = "Failing write due to failpoint. The write must not be reflected.";
                Some(Failure { close, ..Failure::new(Code(code), message) })
            }
            None => close.then(Failure::closed),
        }
    }

    /// What is configured for a command of this application, under any of its names.
    pub(crate) fn hit(&self, name: &str, asked: &str, application: Option<&str>) -> Option<Injected> {
        if name == "configureFailPoint" {
            return None;
        }
        let mut points = self.0.lock();
        let point = points.get_mut("failCommand")?;
        let data = &point.data;
        if !data.commands.iter().any(|command| command == name || command == asked)
            || data.application.is_some() && data.application.as_deref() != application
            || !point.fires()
        {
            return None;
        }
        let data = point.data.clone();
        Some(Injected {
            block: data.block,
            write_concern_error: data.write_concern_error,
            error_code: data.error_code,
            labels: data.labels,
            close: data.close,
            extra: data.extra,
        })
    }

    /// Configures one, and says how often it was hit before.
    pub(crate) fn configure(
        &self,
        name: &str,
        mode: RawBsonRef<'_>,
        data: Option<&RawDocument>,
    ) -> Result<i32, Failure> {
        let data = data.map(FailCommand::parse).transpose()?.unwrap_or_default();
        let mode = Mode::parse(mode)?;
        let mut points = self.0.lock();
        let before = points.remove(name).map_or(0, |point| point.hits);
        if let Some(mode) = mode {
            points.insert(name.to_owned(), FailPoint { mode, hits: before, data });
        }
        Ok(before)
    }
}

impl Mode {
    fn parse(mode: RawBsonRef<'_>) -> Result<Option<Mode>, Failure> {
        let wrong = || Failure::new(Code::BAD_VALUE, "unknown mode of a fail point");
        match mode {
            RawBsonRef::String("off") => Ok(None),
            RawBsonRef::String("alwaysOn") => Ok(Some(Mode::AlwaysOn)),
            RawBsonRef::Document(document) => match reply::fields(document).next() {
                Some(("times", value)) => {
                    Ok(Some(Mode::Times(arguments::integer(value).filter(|times| *times > 0).ok_or_else(wrong)?)))
                }
                Some(("skip", value)) => {
                    Ok(Some(Mode::Skip(arguments::integer(value).filter(|skip| *skip >= 0).ok_or_else(wrong)?)))
                }
                Some(("activationProbability", value)) => {
                    let probability = arguments::number(value).filter(|value| (0.0..=1.0).contains(value));
                    Ok(Some(Mode::Probability(probability.ok_or_else(wrong)?)))
                }
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

impl FailCommand {
    fn parse(data: &RawDocument) -> Result<FailCommand, Failure> {
        let arguments = Arguments::of("data".to_owned(), data);
        let texts = |name: &str| -> Result<Option<Vec<String>>, Failure> {
            let array = arguments.array(name)?;
            Ok(array.map(|array| reply::items(array).filter_map(RawBsonRef::as_str).map(ToOwned::to_owned).collect()))
        };
        let blocks = arguments.bool("blockConnection")?;
        let close = arguments.bool("closeConnection")?;
        let block = arguments.millis("blockTimeMS")?;
        Ok(FailCommand {
            commands: texts("failCommands")?.unwrap_or_default(),
            error_code: arguments.integer("errorCode")?.and_then(|code| i32::try_from(code).ok()),
            labels: texts("errorLabels")?,
            close,
            stay: arguments.has("closeConnection") && !close,
            before_commit: arguments
                .integer("failBeforeCommitExceptionCode")?
                .and_then(|code| i32::try_from(code).ok()),
            block: block.filter(|_| blocks),
            write_concern_error: arguments.owned("writeConcernError")?,
            application: arguments.text("appName")?.map(ToOwned::to_owned),
            extra: arguments.owned("errorExtraInfo")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::{RawBson, rawbson, rawdoc};

    fn configured(mode: &RawBson, data: &RawDocument) -> FailPoints {
        let points = FailPoints::default();
        points.configure("failCommand", mode.as_raw_bson_ref(), Some(data)).unwrap();
        points
    }

    #[test]
    fn a_command_fails_as_often_as_it_is_to() {
        let data = rawdoc! { "failCommands": ["find"], "errorCode": 91 };
        let cases = [
            (rawbson!("alwaysOn"), [true, true, true]),
            (rawbson!({ "times": 2 }), [true, true, false]),
            (rawbson!({ "skip": 1 }), [false, true, true]),
            (rawbson!("off"), [false, false, false]),
        ];
        for (mode, expected) in cases {
            let points = configured(&mode, &data);
            assert!(points.hit("ping", "ping", None).is_none());
            let hits = expected.map(|_| points.hit("find", "find", None).is_some());
            assert_eq!(hits, expected, "{mode:?}");
        }
    }

    #[test]
    fn labels_are_those_asked_for_or_those_that_are_due() {
        let cases = [
            (rawdoc! { "failCommands": ["find"], "errorCode": 91 }, vec!["RetryableWriteError"]),
            (rawdoc! { "failCommands": ["find"], "errorCode": 2 }, vec![]),
            (rawdoc! { "failCommands": ["find"], "errorCode": 91, "errorLabels": ["X"] }, vec!["X"]),
        ];
        for (data, expected) in cases {
            let injected = configured(&rawbson!("alwaysOn"), &data).hit("find", "find", None).unwrap();
            assert_eq!(injected.failure(true).unwrap().labels, expected);
        }
    }

    #[test]
    fn a_fail_point_for_a_program_leaves_others_alone() {
        let data = rawdoc! { "failCommands": ["hello"], "errorCode": 91, "appName": "a" };
        let points = configured(&rawbson!({ "times": 1 }), &data);
        assert!(points.hit("hello", "hello", None).is_none());
        assert!(points.hit("hello", "hello", Some("b")).is_none());
        assert!(points.hit("hello", "hello", Some("a")).is_some());
    }

    #[test]
    fn a_retryable_write_fails_before_or_after_it_is_done() {
        let cases = [
            (rawdoc! {}, true, Some((6, true))),
            (rawdoc! {}, false, None),
            (rawdoc! { "failBeforeCommitExceptionCode": 1 }, false, Some((1, true))),
            (rawdoc! { "failBeforeCommitExceptionCode": 1 }, true, None),
            (rawdoc! { "failBeforeCommitExceptionCode": 1, "closeConnection": false }, false, Some((1, false))),
        ];
        for (data, is_done, expected) in cases {
            let points = FailPoints::default();
            let mode = rawbson!({ "skip": 2 });
            points.configure("onPrimaryTransactionalWrite", mode.as_raw_bson_ref(), Some(&data)).unwrap();
            // The first of three statements that is not skipped is the last.
            assert!(points.hit_write(is_done, 2).is_none());
            let failure = points.hit_write(is_done, 1).map(|failure| (failure.code.0, failure.close));
            assert_eq!(failure, expected, "{data:?}");
        }
    }
}
