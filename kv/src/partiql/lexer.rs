//! Splits a statement into tokens. White space and comments, `-- …` to the end of the line and `/* … */`, are between them.

use super::fault::{self, Result};
use super::keywords::is_keyword;

/// Where a token stands, as messages tell it: line and column from 1, and length, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    line: usize,
    column: usize,
    length: usize,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.line, self.column, self.length)
    }
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name that is no keyword.
    Name(String),
    /// A name in double quotes, without them.
    QuotedName(String),
    /// A word with a meaning of its own, in lower case.
    Keyword(String),
    /// A string in single quotes, without them.
    Text(String),
    /// A number without its sign.
    Number(String),
    /// `?`
    Parameter,
    /// An operator or a punctuation mark.
    Symbol(&'static str),
    /// The end of the statement.
    End,
}

/// One token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) at: Position,
}

/// The longer ones come first.
const SYMBOLS: [&str; 27] = [
    "<<", ">>", "<>", "<=", ">=", "!=", "||", "=", "<", ">", "(", ")", "[", "]", "{", "}", ",", ".", ":", ";", "*",
    "+", "-", "/", "%", "@", "^",
];

/// The tokens of a statement; the last one is its end.
///
/// # Errors
/// A character that begins no token, what is not closed, or a number that cannot be written down at all. The service says
/// no more than that.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut lexer = Lexer { text, offset: 0, line: 1, column: 1 };
    let mut found = Vec::new();
    loop {
        lexer.skip_space()?;
        let (offset, at) = (lexer.offset, Position { line: lexer.line, column: lexer.column, length: 0 });
        let kind = lexer.next()?;
        let length = text.get(offset..lexer.offset).unwrap_or_default().chars().count();
        let is_end = kind == TokenKind::End;
        found.push(Token { kind, at: Position { length, ..at } });
        if is_end {
            return Ok(found);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    offset: usize,
    line: usize,
    column: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Steps over so many bytes, which end with a character.
    fn take(&mut self, bytes: usize) -> &'t str {
        let taken = self.rest().get(..bytes).unwrap_or(self.rest());
        for character in taken.chars() {
            if character == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
        }
        self.offset += taken.len();
        taken
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        self.take(rest.find(|character| !accept(character)).unwrap_or(rest.len()))
    }

    fn skip_space(&mut self) -> Result<()> {
        loop {
            self.take_while(char::is_whitespace);
            let rest = self.rest();
            if rest.starts_with("--") {
                self.take_while(|character| !matches!(character, '\n' | '\r'));
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let end = comment.find("*/").ok_or_else(fault::unreadable)?;
                self.take(end + 4);
            } else {
                return Ok(());
            }
        }
    }

    fn next(&mut self) -> Result<TokenKind> {
        let Some(first) = self.peek() else { return Ok(TokenKind::End) };
        let second_is_digit = self.rest().chars().nth(1).is_some_and(|second| second.is_ascii_digit());
        match first {
            '\'' => self.quoted('\'').map(TokenKind::Text),
            '"' => self.quoted('"').map(TokenKind::QuotedName),
            '?' => {
                self.take(1);
                Ok(TokenKind::Parameter)
            }
            '0'..='9' => self.number(),
            '.' if second_is_digit => self.number(),
            'a'..='z' | 'A'..='Z' | '_' | '$' => Ok(self.word()),
            _ => {
                let symbol = SYMBOLS.into_iter().find(|symbol| self.rest().starts_with(symbol));
                let symbol = symbol.ok_or_else(fault::unreadable)?;
                self.take(symbol.len());
                Ok(TokenKind::Symbol(symbol))
            }
        }
    }

    /// What stands in quotes, of which two in a row stand for one.
    fn quoted(&mut self, quote: char) -> Result<String> {
        let mut text = String::new();
        self.take(1);
        loop {
            text.push_str(self.take_while(|character| character != quote));
            if self.peek().is_none() {
                return Err(fault::unreadable());
            }
            self.take(1);
            if self.peek() != Some(quote) {
                return Ok(text);
            }
            self.take(1);
            text.push(quote);
        }
    }

    fn word(&mut self) -> TokenKind {
        let word = self.take_while(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '$'));
        if is_keyword(word) { TokenKind::Keyword(word.to_ascii_lowercase()) } else { TokenKind::Name(word.to_owned()) }
    }

    fn number(&mut self) -> Result<TokenKind> {
        let start = self.offset;
        let is_digit = |character: char| character.is_ascii_digit();
        self.take_while(is_digit);
        let mut decimals = 0;
        if self.peek() == Some('.') {
            self.take(1);
            decimals = self.take_while(is_digit).len();
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.take(1);
            let mut exponent = String::new();
            if let Some(sign @ ('+' | '-')) = self.peek() {
                self.take(1);
                exponent.push(sign);
            }
            exponent.push_str(self.take_while(is_digit));
            check_exponent(&exponent, decimals)?;
        }
        Ok(TokenKind::Number(self.text.get(start..self.offset).unwrap_or_default().to_owned()))
    }
}

/// The service reads numbers as Java's `BigDecimal`: exponent and scale are integers of 32 bits.
fn check_exponent(exponent: &str, decimals: usize) -> Result<()> {
    let exponent: i32 = exponent.parse().map_err(|_| fault::unreadable())?;
    let scale = i64::try_from(decimals).unwrap_or(i64::MAX).saturating_sub(i64::from(exponent));
    i32::try_from(scale).map(|_| ()).map_err(|_| fault::unreadable())
}
