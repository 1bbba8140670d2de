//! A policy's tokens, one after the other, with the place that the service's reader is at when it has them: its errors
//! tell it.

use std::{borrow::Cow, sync::Arc};

use super::super::{
    lexer::{Kind, Lexer, Location, Token},
    policy::PolicyError,
};

#[derive(Debug, Clone)]
pub(super) struct Tokens<'t> {
    text: &'t str,
    tokens: Arc<[Token<'t>]>,
    next: usize,
    /// Up to where the text was read, in bytes.
    at: usize,
}

impl<'t> Tokens<'t> {
    /// Reads a text that is JSON.
    pub(super) fn read(text: &'t str) -> Result<Tokens<'t>, PolicyError> {
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        while let Some(token) = lexer.next().map_err(|error| {
            let place = Location::of(text, error.at);
            PolicyError::new(format!("failed to parse JSON. {}\n at {place}", error.message))
        })? {
            tokens.push(token);
        }
        Ok(Tokens { text, tokens: tokens.into(), next: 0, at: 0 })
    }

    pub(super) fn is_empty_object(&self) -> bool {
        matches!(&*self.tokens, [start, end] if start.kind == Kind::StartObject && end.kind == Kind::EndObject)
    }

    /// Goes to the next token. Behind the last one there is an end of an object for ever: it ends whatever is being
    /// read.
    pub(super) fn next(&mut self) -> Kind {
        let Some(token) = self.tokens.get(self.next) else { return Kind::EndObject };
        self.next += 1;
        self.at = match (token.kind, self.tokens.get(self.next)) {
            // The reader has looked at the beginning of the value when it tells of the name.
            (Kind::Name, Some(value)) => begun(value),
            _ => begun(token),
        };
        token.kind
    }

    /// The name that is the token, whose value the reader has begun already.
    pub(super) fn name(&self) -> Cow<'t, str> {
        self.next.checked_sub(1).and_then(|token| self.tokens.get(token)).map_or("".into(), |token| token.text.clone())
    }

    /// The text of the token: it is read to its end.
    pub(super) fn text(&mut self) -> Cow<'t, str> {
        let Some(token) = self.next.checked_sub(1).and_then(|token| self.tokens.get(token)) else { return "".into() };
        self.at = self.at.max(token.end);
        token.text.clone()
    }

    /// An error at the place that the reader is at.
    pub(super) fn error<T>(&self, message: impl AsRef<str>) -> Result<T, PolicyError> {
        Err(PolicyError::new(format!("{}\n at {}", message.as_ref(), Location::of(self.text, self.at))))
    }
}

/// Up to where a token is read at first: of texts only the quotation mark.
fn begun(token: &Token<'_>) -> usize {
    if token.kind == Kind::Text { token.start + 1 } else { token.end }
}
