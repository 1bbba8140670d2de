//! Splits an expression into tokens and holds the reader's position in them.
//!
//! Whitespace is space, tab, carriage return and line feed. A character outside the alphabet of the grammar is a token
//! of its own ([`TokenKind::Unknown`]): it is refused where it is met, so that the message names it and its neighbours.

use super::error::Fault;

/// What a token is; keywords are words, told apart by the grammar that reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A letter followed by letters, digits and underscores.
    Word,
    /// `#` and at least one letter, digit or underscore.
    Name,
    /// `:` and at least one letter, digit or underscore.
    Value,
    /// `0`, or digits that do not start with `0`.
    Integer,
    /// An operator or punctuation of one or two characters.
    Symbol(&'static str),
    /// A character that begins no token.
    Unknown,
    /// The end of the expression.
    End,
}

/// One token: its kind and the bytes it covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    start: usize,
    end: usize,
}

const SYMBOLS: [&str; 14] = ["<>", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ",", ".", "+", "-"];

fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let run = |from: usize, accept: &dyn Fn(&u8) -> bool| {
        from + bytes.get(from..).unwrap_or_default().iter().take_while(|byte| accept(byte)).count()
    };
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(byte) = bytes.get(start) {
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            start += 1;
            continue;
        }
        let (kind, end) = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => (TokenKind::Word, run(start, &is_part)),
            b'#' | b':' => match run(start + 1, &is_part) {
                end if end == start + 1 => (TokenKind::Unknown, end),
                end if *byte == b'#' => (TokenKind::Name, end),
                end => (TokenKind::Value, end),
            },
            b'0' => (TokenKind::Integer, start + 1),
            b'1'..=b'9' => (TokenKind::Integer, run(start, &u8::is_ascii_digit)),
            _ => match SYMBOLS
                .iter()
                .find(|symbol| bytes.get(start..).is_some_and(|rest| rest.starts_with(symbol.as_bytes())))
            {
                Some(symbol) => (TokenKind::Symbol(symbol), start + symbol.len()),
                None => {
                    let width = text.get(start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
                    (TokenKind::Unknown, start + width)
                }
            },
        };
        found.push(Token { kind, start, end });
        start = end;
    }
    found.push(Token { kind: TokenKind::End, start: text.len(), end: text.len() });
    found
}

/// A position in the tokens of one expression, and the counts its limits need.
pub(crate) struct Cursor<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    position: usize,
    open_calls: usize,
    operators: usize,
}

/// Operators one expression may hold.
pub(crate) const MAX_OPERATORS: usize = 300;

/// Function calls that may be open at once, to bound the recursion of those who walk an operand. Only `if_not_exists` and
/// `list_append` can be nested at all. Parentheses need no bound beyond the size of the text: the readers keep what is
/// open in lists, and every one that is left in a tree stands for an operator.
const MAX_OPEN_CALLS: usize = 100;

impl<'t> Cursor<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, tokens: tokens(text), position: 0, open_calls: 0, operators: 0 }
    }

    fn token(&self, position: usize) -> Token {
        let end = Token { kind: TokenKind::End, start: self.text.len(), end: self.text.len() };
        self.tokens.get(position).copied().unwrap_or(end)
    }

    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    pub(crate) fn kind(&self) -> TokenKind {
        self.token(self.position).kind
    }

    pub(crate) fn next_kind(&self) -> TokenKind {
        self.token(self.position + 1).kind
    }

    /// The text of the current token.
    pub(crate) fn text(&self) -> &'t str {
        let token = self.token(self.position);
        self.slice(token.start, token.end)
    }

    /// Steps over the current token and returns its text.
    pub(crate) fn take(&mut self) -> &'t str {
        let text = self.text();
        if self.position + 1 < self.tokens.len() {
            self.position += 1;
        }
        text
    }

    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.kind(), TokenKind::Symbol(found) if found == symbol)
    }

    pub(crate) fn is_keyword(&self, keyword: &str) -> bool {
        self.kind() == TokenKind::Word && self.text().eq_ignore_ascii_case(keyword)
    }

    pub(crate) fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.take();
        }
        found
    }

    pub(crate) fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        if found {
            self.take();
        }
        found
    }

    pub(crate) fn expect_symbol(&mut self, symbol: &str) -> Result<(), Fault> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.syntax_error()) }
    }

    pub(crate) fn expect_end(&self) -> Result<(), Fault> {
        if self.kind() == TokenKind::End { Ok(()) } else { Err(self.syntax_error()) }
    }

    /// The error for the current token, quoting from the token before it to the token after it as the service does.
    pub(crate) fn syntax_error(&self) -> Fault {
        let current = self.token(self.position);
        let from = self.position.checked_sub(1).map_or(current.start, |before| self.token(before).start);
        let token = if current.kind == TokenKind::End { "<EOF>" } else { self.text() };
        let near = self.slice(from, self.token(self.position + 1).end).trim_end();
        Fault::Syntax { token: token.to_owned(), near: near.to_owned() }
    }

    /// Enters a function call; each is left by [`Cursor::close_call`].
    pub(crate) fn open_call(&mut self) -> Result<(), Fault> {
        self.open_calls += 1;
        if self.open_calls > MAX_OPEN_CALLS { Err(self.syntax_error()) } else { Ok(()) }
    }

    pub(crate) fn close_call(&mut self) {
        self.open_calls = self.open_calls.saturating_sub(1);
    }

    pub(crate) fn count_operator(&mut self) {
        self.operators += 1;
    }

    pub(crate) fn check_operators(&self) -> Result<(), Fault> {
        if self.operators > MAX_OPERATORS { Err(Fault::TooManyOperators(self.operators)) } else { Ok(()) }
    }
}
