//! Where a `SELECT` goes on: the `NextToken` of a page. It stands for a statement with its parameters and fits no other.

use std::hash::Hash;

use crate::tokens::Blake3;
use crate::value::AttributeValue;
use crate::{Error, Result};

const VERSION: u8 = 1;
const BINDING_BYTES: usize = 16;

/// What a token is bound to: the digest of a statement and its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Binding([u8; BINDING_BYTES]);

impl Binding {
    pub(crate) fn new(statement: &str, parameters: &[AttributeValue]) -> Binding {
        let mut hasher = Blake3::default();
        (statement, parameters).hash(&mut hasher);
        let digest = hasher.digest();
        let mut binding = [0; BINDING_BYTES];
        binding.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Binding(binding)
    }
}

/// A place between two rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PagePlace {
    /// Which of the ranges of the statement, from 0.
    pub(crate) range: u32,
    /// The row key of the last row of it that was read; `None` is its begin.
    pub(crate) after: Option<Vec<u8>>,
}

impl PagePlace {
    /// The token, in hexadecimal digits.
    pub(crate) fn encode(&self, binding: Binding) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(binding.0);
        bytes.extend(self.range.to_be_bytes());
        bytes.push(u8::from(self.after.is_some()));
        bytes.extend(self.after.iter().flatten());
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`Error::Validation`] if it is none, or another statement's.
    pub(crate) fn decode(token: &str, binding: Binding) -> Result<PagePlace> {
        let bytes = bytes(token).ok_or_else(invalid)?;
        let (version, rest) = bytes.split_first().ok_or_else(invalid)?;
        let (found, rest) = rest.split_first_chunk().ok_or_else(invalid)?;
        let (range, rest) = rest.split_first_chunk().ok_or_else(invalid)?;
        let (has_row, row) = rest.split_first().ok_or_else(invalid)?;
        if *version != VERSION || *has_row > 1 || (*has_row == 0 && !row.is_empty()) {
            return Err(invalid());
        }
        if Binding(*found) != binding {
            return Err(other());
        }
        Ok(PagePlace { range: u32::from_be_bytes(*range), after: (*has_row == 1).then(|| row.to_vec()) })
    }
}

fn bytes(token: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    token.as_bytes().chunks(2).map(pair).collect()
}

fn invalid() -> Error {
    Error::validation("Invalid NextToken")
}

/// The token is that of another request.
pub(super) fn other() -> Error {
    Error::validation("NextToken does not match request")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_by_its_own_statement_only() {
        let binding = Binding::new("SELECT 1", &[]);
        for after in [None, Some(Vec::new()), Some(vec![0, 255, 7])] {
            let place = PagePlace { range: 3, after };
            let token = place.encode(binding);
            assert_eq!(PagePlace::decode(&token, binding).unwrap(), place);
            for other in [Binding::new("SELECT 2", &[]), Binding::new("SELECT 1", &[AttributeValue::Null])] {
                let error = PagePlace::decode(&token, other).unwrap_err();
                assert_eq!(error.to_string(), "NextToken does not match request");
            }
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let binding = Binding::new("SELECT 1", &[]);
        let token = PagePlace { range: 0, after: None }.encode(binding);
        let longer = format!("{token}00");
        for text in ["", "x", "garbage", "00", "é", &token[1..], &token[..20], longer.as_str()] {
            let error = PagePlace::decode(text, binding).unwrap_err();
            assert_eq!(error.to_string(), "Invalid NextToken", "{text}");
        }
    }
}
