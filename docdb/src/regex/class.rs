//! Bracketed classes: `[a-z\d[:alpha:]]`.

use std::fmt::Write;

use super::{
    escape::{Escape, escape, octal},
    translate::{Fault, Scanner},
};

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

enum Item {
    Char(char),
    Set(String),
}

/// Translates a class whose `[` is read already.
pub(super) fn class(scanner: &mut Scanner, out: &mut String, ucp: bool) -> Result<(), Fault> {
    out.push('[');
    if scanner.eat("^") {
        out.push('^');
    }
    let mut first = true;
    while let Some(item) = next_item(scanner, first, ucp)? {
        first = false;
        let Item::Char(low) = item else {
            push(out, &item);
            continue;
        };
        // A hyphen is a range only between two characters.
        if scanner.peek() != Some('-') || matches!(scanner.peek_at(1), Some(']') | None) {
            push(out, &Item::Char(low));
            continue;
        }
        scanner.next();
        match next_item(scanner, false, ucp)? {
            Some(Item::Char(high)) if high < low => return Err(Fault::new("range out of order in character class")),
            Some(Item::Char(high)) => {
                push(out, &Item::Char(low));
                out.push('-');
                push(out, &Item::Char(high));
            }
            Some(set) => {
                push(out, &Item::Char(low));
                push(out, &Item::Char('-'));
                push(out, &set);
            }
            None => return Err(Fault::UNTERMINATED_CLASS),
        }
    }
    out.push(']');
    Ok(())
}

fn push(out: &mut String, item: &Item) {
    match item {
        Item::Char(char) if char.is_ascii_alphanumeric() => out.push(*char),
        Item::Char(char) => drop(write!(out, "\\x{{{:X}}}", u32::from(*char))),
        Item::Set(items) => out.push_str(items),
    }
}

/// The next item, or `None` at the end of the class.
fn next_item(scanner: &mut Scanner, first: bool, ucp: bool) -> Result<Option<Item>, Fault> {
    loop {
        let char = scanner.next().ok_or(Fault::UNTERMINATED_CLASS)?;
        if scanner.in_quote() {
            if char == '\\' && scanner.eat("E") {
                scanner.set_quote(false);
                continue;
            }
            return Ok(Some(Item::Char(char)));
        }
        match char {
            ']' if !first => return Ok(None),
            '[' => match posix(scanner)? {
                Some(set) => return Ok(Some(Item::Set(set))),
                None => return Ok(Some(Item::Char('['))),
            },
            '\\' => match scanner.next().ok_or(Fault::TRAILING_BACKSLASH)? {
                'Q' => scanner.set_quote(true),
                'E' => {}
                'b' => return Ok(Some(Item::Char('\x08'))),
                letter @ '1'..='7' => {
                    scanner.back();
                    let _ = letter;
                    return Ok(Some(Item::Char(octal(scanner, 3)?)));
                }
                letter => match escape(scanner, letter, ucp)? {
                    Some(Escape::Char(char)) => return Ok(Some(Item::Char(char))),
                    Some(Escape::Set { items, negated: false }) => return Ok(Some(Item::Set(items))),
                    Some(Escape::Set { items, negated: true }) => return Ok(Some(Item::Set(format!("[^{items}]")))),
                    None => return Err(Fault::new("escape sequence is invalid in character class")),
                },
            },
            char => return Ok(Some(Item::Char(char))),
        }
    }
}

/// `[:alpha:]`, if that is what follows the `[`.
fn posix(scanner: &mut Scanner) -> Result<Option<String>, Fault> {
    if scanner.peek() != Some(':') {
        return Ok(None);
    }
    let start = scanner.position();
    scanner.next();
    let negated = scanner.eat("^");
    let name = scanner.take_while(32, |char| char.is_ascii_alphabetic());
    if !scanner.eat(":]") {
        scanner.set_position(start);
        return Ok(None);
    }
    if !POSIX.contains(&name.as_str()) {
        return Err(Fault::new("unknown POSIX class name"));
    }
    Ok(Some(format!("[:{}{name}:]", if negated { "^" } else { "" })))
}
