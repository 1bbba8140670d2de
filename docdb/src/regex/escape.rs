//! What follows a backslash, inside of classes and outside.

use super::translate::{Fault, Scanner};

/// What an escape stands for where it means the same inside of a class and outside.
pub(super) enum Escape {
    /// One character.
    Char(char),
    /// A set of characters, as the items of a class.
    Set { items: String, negated: bool },
}

const HORIZONTAL: &str = r"\t \x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}";
const VERTICAL: &str = r"\n\x{0B}\x{0C}\r\x{85}\x{2028}\x{2029}";
pub(super) const WORD: &str = "0-9A-Za-z_";

/// The escape whose letter is `letter` and already read, if it is one that both sides know; `None` if it is a matter of
/// the place.
pub(super) fn escape(scanner: &mut Scanner, letter: char, ucp: bool) -> Result<Option<Escape>, Fault> {
    let set = |ascii: &str, unicode: &str, negated| {
        Some(Escape::Set { items: if ucp { unicode } else { ascii }.to_owned(), negated })
    };
    Ok(match letter {
        'd' | 'D' => set("0-9", r"\p{Nd}", letter == 'D'),
        'w' | 'W' => set(WORD, r"\p{L}\p{N}_", letter == 'W'),
        's' | 'S' => set(r"\t\n\x{0B}\x{0C}\r ", r"\s", letter == 'S'),
        'h' | 'H' => set(HORIZONTAL, HORIZONTAL, letter == 'H'),
        'v' | 'V' => set(VERTICAL, VERTICAL, letter == 'V'),
        'p' | 'P' => Some(property(scanner, letter == 'P')?),
        'n' => Some(Escape::Char('\n')),
        'r' => Some(Escape::Char('\r')),
        't' => Some(Escape::Char('\t')),
        'f' => Some(Escape::Char('\x0C')),
        'a' => Some(Escape::Char('\x07')),
        'e' => Some(Escape::Char('\x1B')),
        'c' => match scanner.next() {
            Some(char @ ' '..='~') => Some(Escape::Char(char::from(char.to_ascii_uppercase() as u8 ^ 0x40))),
            _ => return Err(Fault::new("\\c must be followed by a printable ASCII character")),
        },
        'x' => Some(Escape::Char(hexadecimal(scanner)?)),
        'o' => {
            let digits = scanner.braced().ok_or(Fault::new("missing opening brace after \\o"))?;
            Some(Escape::Char(number(&digits, 8)?))
        }
        '0' => Some(Escape::Char(octal(scanner, 2)?)),
        char if !char.is_ascii_alphanumeric() => Some(Escape::Char(char)),
        _ => None,
    })
}

fn hexadecimal(scanner: &mut Scanner) -> Result<char, Fault> {
    if scanner.peek() == Some('{') {
        let digits = scanner.braced().ok_or(Fault::new("missing terminating brace after \\x"))?;
        return number(&digits, 16);
    }
    let digits = scanner.take_while(2, |char| char.is_ascii_hexdigit());
    if digits.is_empty() { Ok('\0') } else { number(&digits, 16) }
}

/// Up to `most` octal digits.
pub(super) fn octal(scanner: &mut Scanner, most: usize) -> Result<char, Fault> {
    let digits = scanner.take_while(most, |char| char.is_digit(8));
    if digits.is_empty() { Ok('\0') } else { number(&digits, 8) }
}

fn number(digits: &str, radix: u32) -> Result<char, Fault> {
    (u32::from_str_radix(digits.trim(), radix).ok().and_then(char::from_u32))
        .ok_or(Fault::new("character code point value is not a character"))
}

fn property(scanner: &mut Scanner, negated: bool) -> Result<Escape, Fault> {
    let name = match scanner.peek() {
        Some('{') => scanner.braced(),
        Some(char) if char.is_ascii_alphabetic() => scanner.next().map(String::from),
        _ => None,
    };
    let name = name.ok_or(Fault::new("malformed \\P or \\p sequence"))?;
    let (name, negated) = name.strip_prefix('^').map_or((name.as_str(), negated), |name| (name, !negated));
    let items = match name {
        "L&" => r"\p{LC}".to_owned(),
        "Any" => r"\x{0}-\x{10FFFF}".to_owned(),
        "Xan" => r"\p{L}\p{N}".to_owned(),
        "Xwd" => r"\p{L}\p{N}_".to_owned(),
        "Xsp" | "Xps" => r"\s".to_owned(),
        name if name.chars().all(|char| char.is_ascii_alphanumeric() || "_ -=:".contains(char)) => {
            format!("\\p{{{name}}}")
        }
        _ => return Err(Fault::new("unknown property name after \\P or \\p")),
    };
    Ok(Escape::Set { items, negated })
}
