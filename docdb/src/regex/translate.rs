//! From PCRE2's language to the one that `fancy_regex` compiles.

use super::{
    Purpose,
    class::class,
    escape::{Escape, WORD, escape, octal},
    group,
};

/// Why a pattern is not valid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault(&'static str);

impl Fault {
    pub(super) const TRAILING_BACKSLASH: Fault = Fault("\\ at end of pattern");
    pub(super) const NOT_FIXED: Fault = Fault("lookbehind assertion is not fixed length");
    pub(super) const UNTERMINATED_CLASS: Fault = Fault("missing terminating ] for character class");
    pub(super) const UNTERMINATED_GROUP: Fault = Fault("missing closing parenthesis");

    pub(super) const fn new(reason: &'static str) -> Fault {
        Fault(reason)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// The pattern with a place in it.
pub(super) struct Scanner {
    chars: Vec<char>,
    at: usize,
    quote: bool,
}

impl Scanner {
    fn new(pattern: &str) -> Scanner {
        Scanner { chars: pattern.chars().collect(), at: 0, quote: false }
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let char = self.chars.get(self.at).copied();
        self.at += usize::from(char.is_some());
        char
    }

    pub(super) fn back(&mut self) {
        self.at = self.at.saturating_sub(1);
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, distance: usize) -> Option<char> {
        self.chars.get(self.at + distance).copied()
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn set_position(&mut self, at: usize) {
        self.at = at;
    }

    /// Whether it is between `\Q` and `\E`.
    pub(super) fn in_quote(&self) -> bool {
        self.quote
    }

    pub(super) fn set_quote(&mut self, quote: bool) {
        self.quote = quote;
    }

    /// Skips a text, if it is what follows.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let follows = text.chars().enumerate().all(|(index, char)| self.peek_at(index) == Some(char));
        if follows {
            self.at += text.chars().count();
        }
        follows
    }

    pub(super) fn take_while(&mut self, most: usize, fits: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(char) = self.peek().filter(|char| fits(*char) && taken.len() < most) {
            taken.push(char);
            self.at += 1;
        }
        taken
    }

    /// What is up to a character, which is skipped.
    pub(super) fn take_until(&mut self, end: char) -> Option<String> {
        let rest = self.chars.get(self.at..)?;
        let length = rest.iter().position(|char| *char == end)?;
        let taken = rest.iter().take(length).collect();
        self.at += length + 1;
        Some(taken)
    }

    /// What is between the braces that follow.
    pub(super) fn braced(&mut self) -> Option<String> {
        if self.eat("{") { self.take_until('}') } else { None }
    }

    /// Whether nothing but ends of groups follows, or an alternative where `depth` is 0.
    fn is_at_end(&self, depth: usize) -> bool {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        rest.iter().all(|char| *char == ')') || (depth == 0 && rest.first() == Some(&'|'))
    }
}

/// The options that are in force at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) caseless: bool,
    pub(super) multi_line: bool,
    pub(super) dot_all: bool,
    pub(super) extended: bool,
    pub(super) ungreedy: bool,
}

pub(super) struct Translation {
    pub(super) scanner: Scanner,
    pub(super) out: String,
    pub(super) flags: Flags,
    /// The options outside of each open group.
    pub(super) outer: Vec<Flags>,
    /// How many of the open groups are outside of the innermost one that looks behind, which must have a fixed length.
    pub(super) behind: Option<usize>,
    /// How many groups have captured so far.
    pub(super) groups: usize,
    ucp: bool,
    purpose: Purpose,
}

pub(super) fn translate(pattern: &str, options: &str, purpose: Purpose) -> Result<String, Fault> {
    let flags = Flags {
        caseless: options.contains('i'),
        multi_line: options.contains('m'),
        dot_all: options.contains('s'),
        extended: options.contains('x'),
        ungreedy: false,
    };
    let mut translation = Translation {
        scanner: Scanner::new(pattern),
        out: String::with_capacity(pattern.len() + 16),
        flags,
        outer: Vec::new(),
        behind: None,
        groups: 0,
        ucp: false,
        purpose,
    };
    translation.settings();
    while let Some(char) = translation.scanner.next() {
        translation.item(char)?;
    }
    if translation.outer.is_empty() { Ok(translation.out) } else { Err(Fault::UNTERMINATED_GROUP) }
}

impl Translation {
    /// `(*UTF8)` and its kin at the very start.
    fn settings(&mut self) {
        loop {
            let ucp = self.scanner.eat("(*UCP)");
            self.ucp |= ucp;
            let other = ["(*UTF8)", "(*UTF)", "(*LF)", "(*NO_AUTO_POSSESS)", "(*NO_START_OPT)", "(*NO_JIT)"];
            if !ucp && !other.iter().any(|setting| self.scanner.eat(setting)) {
                return;
            }
        }
    }

    fn item(&mut self, char: char) -> Result<(), Fault> {
        if self.scanner.in_quote() {
            if char == '\\' && self.scanner.eat("E") {
                self.scanner.set_quote(false);
            } else {
                self.literal(char);
            }
            return Ok(());
        }
        match char {
            '\\' => self.escaped()?,
            '[' => class(&mut self.scanner, &mut self.out, self.ucp)?,
            '(' => group::open(self)?,
            ')' => group::close(self)?,
            '{' => self.brace()?,
            '$' if self.flags.multi_line => self.out.push('$'),
            '$' => self.end_of_text(),
            // It does not match after a newline that ends the text.
            '^' if self.flags.multi_line => self.out.push_str(r"(?:\A|^(?!\z))"),
            '#' if self.flags.extended => drop(self.scanner.take_until('\n').or_else(|| self.rest())),
            char if self.flags.extended && is_pattern_space(char) => {}
            '*' | '+' | '?' if self.behind.is_some() => return Err(Fault::NOT_FIXED),
            '^' | '.' | '|' | '*' | '+' | '?' => self.out.push(char),
            char => self.literal(char),
        }
        Ok(())
    }

    fn rest(&mut self) -> Option<String> {
        self.scanner.at = self.scanner.chars.len();
        None
    }

    fn end_of_text(&mut self) {
        let last = self.scanner.is_at_end(self.outer.len());
        self.out.push_str(if last && self.purpose == Purpose::Test { r"\n?\z" } else { r"(?=\n?\z)" });
    }

    fn literal(&mut self, char: char) {
        if r"\.+*?()|[]{}^$#&-~".contains(char) {
            self.out.push('\\');
        }
        self.out.push(char);
    }

    /// A `{`: a quantifier if it has that form, otherwise the character.
    fn brace(&mut self) -> Result<(), Fault> {
        let start = self.scanner.position();
        let least = self.scanner.take_while(6, |char| char.is_ascii_digit());
        let most =
            if self.scanner.eat(",") { Some(self.scanner.take_while(6, |char| char.is_ascii_digit())) } else { None };
        if least.is_empty() || !self.scanner.eat("}") {
            self.scanner.set_position(start);
            self.literal('{');
            return Ok(());
        }
        let count = |digits: &str| match digits.parse::<u32>() {
            Ok(count) if count <= 65_535 => Ok(count),
            _ => Err(Fault::new("number too big in {} quantifier")),
        };
        let low = count(&least)?;
        self.out.push('{');
        self.out.push_str(&low.to_string());
        if let Some(most) = most {
            if self.behind.is_some() && most != least {
                return Err(Fault::NOT_FIXED);
            }
            self.out.push(',');
            if !most.is_empty() {
                let high = count(&most)?;
                if high < low {
                    return Err(Fault::new("numbers out of order in {} quantifier"));
                }
                self.out.push_str(&high.to_string());
            }
        }
        self.out.push('}');
        Ok(())
    }

    fn escaped(&mut self) -> Result<(), Fault> {
        let letter = self.scanner.next().ok_or(Fault::TRAILING_BACKSLASH)?;
        match letter {
            'Q' => self.scanner.set_quote(true),
            'E' => {}
            'A' | 'z' | 'G' | 'K' | 'R' | 'N' => {
                self.out.push('\\');
                self.out.push(letter);
            }
            'Z' => self.out.push_str(r"(?=\n?\z)"),
            'X' => self.out.push_str(r"(?>\r\n|\P{M}\p{M}*|\p{M}+)"),
            'b' | 'B' if self.ucp => {
                self.out.push('\\');
                self.out.push(letter);
            }
            'b' | 'B' => {
                let word = self.set(WORD, false);
                let (outside, inside) = (format!("(?<!{word})"), format!("(?<={word})"));
                let (with, without) = (format!("(?={word})"), format!("(?!{word})"));
                let (first, second) = if letter == 'b' { (with, without) } else { (without, with) };
                self.out.push_str(&format!("(?:{outside}{first}|{inside}{second})"));
            }
            'g' => group::reference(self)?,
            'k' => group::named_reference(self)?,
            '1'..='9' => self.number(letter)?,
            letter => match escape(&mut self.scanner, letter, self.ucp)? {
                Some(Escape::Char(char)) => self.char(char),
                Some(Escape::Set { items, negated }) => {
                    let set = self.set(&items, negated);
                    self.out.push_str(&set);
                }
                None => return Err(Fault::new("unrecognized character follows \\")),
            },
        }
        Ok(())
    }

    /// A set of characters that caseless matching does not widen: `\w` has no letters beyond ASCII even where one of them
    /// is another case of one in it.
    fn set(&self, items: &str, negated: bool) -> String {
        let set = format!("[{}{items}]", if negated { "^" } else { "" });
        if self.flags.caseless { format!("(?-i:{set})") } else { set }
    }

    fn char(&mut self, char: char) {
        if char.is_control() {
            self.out.push_str(&format!("\\x{{{:X}}}", u32::from(char)));
        } else {
            self.literal(char);
        }
    }

    /// A group that is referred to by its number, or an octal number.
    fn number(&mut self, first: char) -> Result<(), Fault> {
        self.scanner.back();
        let start = self.scanner.position();
        let digits = self.scanner.take_while(5, |char| char.is_ascii_digit());
        let group: usize = digits.parse().unwrap_or(usize::MAX);
        if group < 10 || first >= '8' || group <= self.groups {
            self.out.push_str(&format!("(?:\\{group})"));
            return Ok(());
        }
        self.scanner.set_position(start);
        let char = octal(&mut self.scanner, 3)?;
        self.char(char);
        Ok(())
    }
}

/// What is ignored between the items of an extended pattern.
fn is_pattern_space(char: char) -> bool {
    matches!(char, '\t'..='\r' | ' ' | '\u{85}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}')
}
