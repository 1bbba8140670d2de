//! What every match of a pattern begins with, as far as an index can use it.

/// The literal prefix of a pattern that is anchored at the start, and whether a string that has it matches for sure.
pub(super) fn simple_prefix(pattern: &str, options: &str) -> (Box<str>, bool) {
    const NONE: &str = "";
    let (rest, anchored_by_line) = match (pattern.strip_prefix("\\A"), pattern.strip_prefix('^')) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        (None, None) => return (NONE.into(), false),
    };
    // An alternative may begin with something else.
    if rest.contains('|') || options.contains('i') || (options.contains('m') && anchored_by_line) {
        return (NONE.into(), false);
    }
    let extended = options.contains('x');
    let mut prefix = String::new();
    let mut rest = rest.chars().peekable();
    let mut is_all = true;
    while let Some(char) = rest.next() {
        match char {
            // These make what is before them optional, or may.
            '*' | '?' | '{' => {
                prefix.pop();
                is_all = false;
                break;
            }
            '\\' => match rest.next() {
                Some('Q') => {
                    while let Some(char) = rest.next() {
                        if char == '\\' && rest.next_if_eq(&'E').is_some() {
                            break;
                        }
                        prefix.push(char);
                    }
                }
                Some('E') => {}
                Some(char) if !char.is_ascii_alphanumeric() => prefix.push(char),
                _ => {
                    is_all = false;
                    break;
                }
            },
            '.' => {
                is_all = rest.next() == Some('*') && rest.next().is_none();
                break;
            }
            // After a comment there may be a quantifier of what is before it.
            '(' if rest.peek() == Some(&'?') => return (NONE.into(), false),
            '#' if extended => {
                prefix.pop();
                is_all = false;
                break;
            }
            '^' | '$' | '[' | '(' | ')' | '+' => {
                is_all = false;
                break;
            }
            char if extended && char.is_whitespace() => {}
            char => prefix.push(char),
        }
    }
    let is_all = is_all && !prefix.is_empty();
    (prefix.into(), is_all)
}
