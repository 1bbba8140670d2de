//! `$regexFind`, `$regexFindAll`, `$regexMatch`.

#[cfg(test)]
mod tests;

use bson::{RawBson, RawBsonRef};

use crate::{
    error::{Code, Error, Result, refuse},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{all_constant, boolean, finish, null, type_of},
        named::{Arguments, Signature, value},
    },
    regex::Regex,
    value::{ArrayBuilder, DocumentBuilder, Value},
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator { name: "$regexFind", parse: |value, names| parse("$regexFind", Yield::First, value, names) },
    Operator { name: "$regexFindAll", parse: |value, names| parse("$regexFindAll", Yield::All, value, names) },
    Operator { name: "$regexMatch", parse: |value, names| parse("$regexMatch", Yield::Whether, value, names) },
];

/// How much all matches of one text may come to.
const MAX_FOUND_BYTES: usize = 64 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Yield {
    First,
    All,
    Whether,
}

#[derive(Debug)]
struct Search {
    operator: &'static str,
    yields: Yield,
    arguments: Arguments<3>,
    /// The regular expression, where it is the same for all documents.
    compiled: Option<Option<Regex>>,
}

fn parse(operator: &'static str, yields: Yield, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let fields = [("input", Some(Code(31022))), ("regex", Some(Code(31023))), ("options", None)];
    let signature = Signature { operator, fields, not_object: Code(51103), unknown: Code(31024) };
    let arguments = signature.arguments(value, names)?;
    let constant = all_constant(arguments.iter().flatten());
    let [_, regex, options] = &arguments;
    let compiled = if all_constant(regex.iter().chain(options)) {
        let given = |argument: &Option<Expression>| -> Option<RawBson> {
            argument.as_ref().and_then(Expression::constant).map(RawBson::from)
        };
        let (regex, options) = (given(regex), given(options));
        let compiled = compile(
            operator,
            yields,
            &Value::from(regex.as_ref().map(RawBson::as_raw_bson_ref)),
            &Value::from(options.as_ref().map(RawBson::as_raw_bson_ref)),
        );
        match compiled {
            Ok(compiled) => Some(compiled),
            // Where it may never be evaluated, it is refused when it is.
            Err(_) if names.is_conditional() => None,
            Err(error) => return Err(error),
        }
    } else {
        None
    };
    finish(Search { operator, yields, arguments, compiled }, constant, names)
}

/// The regular expression, or `None` if it is null.
fn compile(operator: &str, yields: Yield, regex: &Value<'_>, options: &Value<'_>) -> Result<Option<Regex>> {
    let options = match options.get() {
        _ if options.is_nullish() => None,
        Some(RawBsonRef::String(options)) => Some(options),
        _ => {
            let found = type_of(options);
            return refuse(Code(51106), format!("{operator} needs 'options' to be of type string, found: {found}"));
        }
    };
    let (pattern, options) = match regex.get() {
        _ if regex.is_nullish() => return Ok(None),
        Some(RawBsonRef::String(pattern)) => (pattern, options.unwrap_or_default()),
        Some(RawBsonRef::RegularExpression(regex)) => {
            let flags = regex.options.as_str();
            if options.is_some() && !flags.is_empty() {
                return refuse(
                    Code(51107),
                    format!("{operator}: found regex option(s) specified in both 'regex' and 'option' fields"),
                );
            }
            (regex.pattern.as_str(), options.unwrap_or(flags))
        }
        _ => {
            let found = type_of(regex);
            return refuse(
                Code(51105),
                format!("{operator} needs 'regex' to be of type string or regex, found: {found}"),
            );
        }
    };
    if pattern.contains('\0') {
        return refuse(Code(51109), format!("{operator}: regular expression cannot contain an embedded null byte"));
    }
    if options.contains('\0') {
        return refuse(
            Code(51110),
            format!("{operator}: regular expression options cannot contain an embedded null byte"),
        );
    }
    let regex =
        if yields == Yield::Whether { Regex::new(pattern, options) } else { Regex::for_finding(pattern, options) };
    regex.map(Some).map_err(|error| match error.code() {
        Code(51091) => Error::new(Code(51111), format!("Invalid Regex in {operator}: {error}")),
        _ => error,
    })
}

impl Evaluate for Search {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let [input, regex, options] = &self.arguments;
        let input = value(input, env)?;
        let now;
        let regex = match &self.compiled {
            Some(compiled) => compiled.as_ref(),
            None => {
                now = compile(self.operator, self.yields, &value(regex, env)?, &value(options, env)?)?;
                now.as_ref()
            }
        };
        let text = match input.get() {
            _ if input.is_nullish() => None,
            Some(RawBsonRef::String(text)) => Some(text),
            _ => {
                let (operator, found) = (self.operator, type_of(&input));
                return refuse(Code(51104), format!("{operator} needs 'input' to be of type string, found: {found}"));
            }
        };
        let (Some(text), Some(regex)) = (text, regex) else { return Ok(self.nothing()) };
        match self.yields {
            Yield::Whether => Ok(boolean(regex.is_match(text)?)),
            Yield::First => Ok(Matches { regex, text, from: 0, counted: (0, 0), done: false }
                .next()
                .transpose()?
                .map_or(null(), |found| RawBson::Document(found).into())),
            Yield::All => {
                let mut all = ArrayBuilder::new();
                let mut bytes = 0;
                for found in (Matches { regex, text, from: 0, counted: (0, 0), done: false }) {
                    let found = found?;
                    bytes += found.as_bytes().len();
                    if bytes > MAX_FOUND_BYTES {
                        return refuse(
                            Code(51151),
                            format!("{}: the size of buffer to store output exceeded the 64MB limit", self.operator),
                        );
                    }
                    all.push(RawBsonRef::Document(&found));
                }
                Ok(RawBson::Array(all.finish()).into())
            }
        }
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all(self.arguments.iter().flatten());
    }
}

impl Search {
    /// What it yields for null.
    fn nothing(&self) -> Value<'static> {
        match self.yields {
            Yield::First => null(),
            Yield::All => RawBson::Array(ArrayBuilder::new().finish()).into(),
            Yield::Whether => boolean(false),
        }
    }
}

/// The matches in a text, one after the other.
struct Matches<'m> {
    regex: &'m Regex,
    text: &'m str,
    from: usize,
    /// A byte offset, and how many code points are before it.
    counted: (usize, usize),
    done: bool,
}

impl Iterator for Matches<'_> {
    type Item = Result<bson::RawDocumentBuf>;

    fn next(&mut self) -> Option<Self::Item> {
        // The end of a text is only looked at if the text is empty.
        if self.done || (self.from > 0 && self.from >= self.text.len()) {
            return None;
        }
        let groups = match self.regex.find(self.text, self.from) {
            Ok(groups) => groups?,
            Err(error) => {
                self.done = true;
                return Some(Err(error));
            }
        };
        let (&(start, end), captures) = match groups.split_first() {
            Some((Some(whole), captures)) => (whole, captures),
            _ => return None,
        };
        let next = if end > start.max(self.from) {
            end
        } else {
            let at = end.max(self.from);
            at + self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        };
        self.from = next;
        let index = self.code_points(start);
        let mut found = DocumentBuilder::new();
        found.append("match", self.slice(start, end));
        found.append("idx", i32::try_from(index).unwrap_or(i32::MAX));
        let mut list = ArrayBuilder::new();
        for capture in captures {
            list.push(capture.map_or(RawBsonRef::Null, |(start, end)| RawBsonRef::String(self.slice(start, end))));
        }
        found.append("captures", RawBsonRef::Array(&list.finish()));
        Some(Ok(found.finish()))
    }
}

impl Matches<'_> {
    fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn code_points(&mut self, at: usize) -> usize {
        let (bytes, count) = self.counted;
        let (from, before) = if at >= bytes { (bytes, count) } else { (0, 0) };
        let count = before + self.slice(from, at).chars().count();
        self.counted = (at, count);
        count
    }
}
