//! Texts with `*` for any characters, or none.

/// A pattern, as the literal pieces between its asterisks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Wildcard {
    /// At least one. With one there is no asterisk.
    pieces: Vec<Box<str>>,
}

impl Wildcard {
    /// Reads a pattern: `\*` is an asterisk and `\\` a backslash; asterisks do not follow one another.
    pub(super) fn read(text: &str) -> Result<Wildcard, String> {
        let mut pieces = Vec::new();
        let mut piece = String::new();
        let mut after_asterisk = false;
        let mut chars = text.char_indices();
        while let Some((at, next)) = chars.next() {
            match next {
                '*' if after_asterisk => return Err(format!("Consecutive wildcard characters at pos {at}")),
                '*' => pieces.push(std::mem::take(&mut piece).into()),
                '\\' => match chars.next() {
                    Some((_, escaped @ ('*' | '\\'))) => piece.push(escaped),
                    _ => return Err(format!("Invalid escape character at pos {at}")),
                },
                next => piece.push(next),
            }
            after_asterisk = next == '*';
        }
        pieces.push(piece.into());
        Ok(Wildcard { pieces })
    }

    /// What every text must begin with.
    pub(super) fn prefix(&self) -> &str {
        self.pieces.first().map_or("", |piece| piece)
    }

    /// What every text must end with.
    pub(super) fn suffix(&self) -> &str {
        self.pieces.last().map_or("", |piece| piece)
    }

    /// Each piece is taken where it first occurs behind the one before it, which leaves the most for those that follow.
    pub(super) fn holds(&self, text: &str) -> bool {
        let [first, between @ .., last] = self.pieces.as_slice() else { return text == self.prefix() };
        let Some(mut rest) = text.strip_prefix(&**first).and_then(|rest| rest.strip_suffix(&**last)) else {
            return false;
        };
        for piece in between {
            let Some((_, behind)) = rest.split_once(&**piece) else { return false };
            rest = behind;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asterisks_stand_for_any_characters() {
        let holds = |pattern: &str, text: &str| Wildcard::read(pattern).unwrap().holds(text);
        assert!(holds("*", "") && holds("*", "abc") && holds("abc", "abc") && !holds("abc", "abcd") && holds("", ""));
        assert!(holds("a*c", "ac") && holds("a*c", "abbc") && !holds("a*c", "abcd"));
        assert!(holds("*b*", "abc") && !holds("*b*", "ac") && !holds("aba*aba", "ababa"));
        assert!(holds("*ab*ab*", "abab") && !holds("*ab*ab*", "aab") && holds("a*b*c", "a-b-b-c"));
        assert!(holds("a\\*c", "a*c") && !holds("a\\*c", "abc") && holds("a\\\\*", "a\\b"));
    }

    #[test]
    fn what_is_not_a_pattern_is_refused() {
        assert!(Wildcard::read("a**b").is_err() && Wildcard::read("a\\b").is_err() && Wildcard::read("a\\").is_err());
    }
}
