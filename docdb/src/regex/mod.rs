//! Regular expressions as MongoDB has them: PCRE2's language over UTF-8, whose shorthand classes are those of ASCII.
//!
//! A pattern is translated into what `fancy_regex` understands. Compiling and matching are bounded: a pattern by its
//! length and by the size of its program, a match by the number of times it may go back.

mod class;
mod escape;
mod group;
mod prefix;
mod translate;

#[cfg(test)]
mod tests;

use fancy_regex::RegexBuilder;

use crate::error::{Code, Error, Result, refuse};

/// The longest pattern, in bytes.
pub(crate) const MAX_PATTERN_BYTES: usize = 32_764;

const MAX_PROGRAM_BYTES: usize = 16 << 20;
const MAX_INSTRUCTIONS: usize = 200_000;
const MAX_BACKTRACKS: usize = 10_000_000;

const INVALID_PATTERN: Code = Code(51091);
const INVALID_FLAG: Code = Code(51108);
const MATCH_FAILED: Code = Code(51156);

/// A compiled regular expression, with what its text says for bounds.
#[derive(Debug, Clone)]
pub(crate) struct Regex {
    /// As given.
    pub(crate) pattern: Box<str>,
    /// As given, in alphabetical order.
    pub(crate) options: Box<str>,
    /// What a string must begin with to match, for bounds; empty if nothing is known.
    pub(crate) prefix: Box<str>,
    /// Whether having the prefix is all there is to matching.
    pub(crate) prefix_is_all: bool,
    compiled: fancy_regex::Regex,
}

/// What a regular expression is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Only whether it matches: a `$` at the end may then swallow the newline before the end, which is cheaper.
    Test,
    /// Where it matches.
    Find,
}

/// The byte offsets of a match, then those of its groups.
pub(crate) type Groups = Vec<Option<(usize, usize)>>;

impl Regex {
    /// Compiles a pattern that is only asked whether it matches.
    ///
    /// # Errors
    /// 51091 for a pattern that is not valid or too large, 51108 for an option that is not one of `imsux`,
    /// [`Code::BAD_VALUE`] for a NUL in either.
    pub(crate) fn new(pattern: &str, options: &str) -> Result<Regex> {
        Self::compile(pattern, options, Purpose::Test)
    }

    /// Compiles a pattern whose matches are looked for with [`find`](Self::find).
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn for_finding(pattern: &str, options: &str) -> Result<Regex> {
        Self::compile(pattern, options, Purpose::Find)
    }

    fn compile(pattern: &str, options: &str, purpose: Purpose) -> Result<Regex> {
        if pattern.contains('\0') {
            return refuse(Code::BAD_VALUE, "Regular expression cannot contain an embedded null byte");
        }
        if options.contains('\0') {
            return refuse(Code::BAD_VALUE, "Regular expression options string cannot contain an embedded null byte");
        }
        if let Some(flag) = options.chars().find(|flag| !"imsux".contains(*flag)) {
            return refuse(INVALID_FLAG, format!("invalid flag in regex options: {flag}"));
        }
        if pattern.len() > MAX_PATTERN_BYTES {
            return refuse(INVALID_PATTERN, "Regular expression is invalid: regular expression is too large");
        }
        let translated = translate::translate(pattern, options, purpose).map_err(invalid)?;
        let compiled = RegexBuilder::new(&translated)
            .case_insensitive(options.contains('i'))
            .multi_line(options.contains('m'))
            .dot_matches_new_line(options.contains('s'))
            .delegate_size_limit(MAX_PROGRAM_BYTES)
            .max_prog_size(MAX_INSTRUCTIONS)
            .backtrack_limit(MAX_BACKTRACKS)
            .build()
            .map_err(invalid)?;
        let (prefix, prefix_is_all) = prefix::simple_prefix(pattern, options);
        Ok(Regex { pattern: pattern.into(), options: sorted(options), prefix, prefix_is_all, compiled })
    }

    /// Whether it matches anywhere in a text.
    ///
    /// # Errors
    /// 51156 for a match that goes back too often.
    pub(crate) fn is_match(&self, text: &str) -> Result<bool> {
        if self.prefix_is_all && !self.prefix.is_empty() {
            return Ok(text.starts_with(&*self.prefix));
        }
        self.compiled.is_match(text).map_err(failed)
    }

    /// The first match from a byte offset on.
    ///
    /// # Errors
    /// As [`is_match`](Self::is_match).
    pub(crate) fn find(&self, text: &str, from: usize) -> Result<Option<Groups>> {
        let found = self.compiled.captures_from_pos(text, from).map_err(failed)?;
        Ok(found.map(|groups| {
            (0..groups.len()).map(|index| groups.get(index).map(|group| (group.start(), group.end()))).collect()
        }))
    }
}

/// Options in alphabetical order, each once.
pub(crate) fn sorted(options: &str) -> Box<str> {
    let mut options: Vec<char> = options.chars().collect();
    options.sort_unstable();
    options.dedup();
    options.into_iter().collect::<String>().into()
}

fn invalid(reason: impl std::fmt::Display) -> Error {
    Error::new(INVALID_PATTERN, format!("Regular expression is invalid: {reason}"))
}

fn failed(reason: fancy_regex::Error) -> Error {
    Error::new(MATCH_FAILED, format!("Error occurred while executing the regular expression: {reason}"))
}
