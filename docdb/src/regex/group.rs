//! Parentheses, and references to what they captured.

use super::translate::{Fault, Flags, Translation};

/// What a `(` opens, which is read already.
pub(super) fn open(translation: &mut Translation) -> Result<(), Fault> {
    if translation.scanner.eat("*") {
        return verb(translation);
    }
    if !translation.scanner.eat("?") {
        translation.groups += 1;
        return begin(translation, "(");
    }
    if translation.scanner.eat("#") {
        return translation.scanner.take_until(')').map(drop).ok_or(Fault::new("missing ) after (?# comment"));
    }
    for start in [":", "=", "!", ">", "<=", "<!"] {
        if translation.scanner.eat(start) {
            if start.starts_with('<') && translation.behind.is_none() {
                translation.behind = Some(translation.outer.len());
            }
            return begin(translation, &format!("(?{start}"));
        }
    }
    for (start, end) in [("P<", '>'), ("<", '>'), ("'", '\'')] {
        if translation.scanner.eat(start) {
            let name = name(translation, end)?;
            translation.groups += 1;
            return begin(translation, &format!("(?<{name}>"));
        }
    }
    if translation.scanner.eat("P=") {
        let name = name(translation, ')')?;
        return append(translation, &format!("\\k<{name}>"));
    }
    if translation.scanner.eat("P>") || translation.scanner.eat("&") {
        let name = name(translation, ')')?;
        return append(translation, &format!("\\g<{name}>"));
    }
    if translation.scanner.eat("R)") {
        return append(translation, "\\g<0>");
    }
    if translation.scanner.eat("(") {
        return condition(translation);
    }
    let signed = matches!(translation.scanner.peek(), Some('+' | '-'));
    if translation.scanner.peek_at(usize::from(signed)).is_some_and(|char| char.is_ascii_digit()) {
        let number = translation.scanner.take_until(')').ok_or(Fault::UNTERMINATED_GROUP)?;
        check_number(&number)?;
        return append(translation, &format!("\\g<{number}>"));
    }
    options(translation)
}

/// A `)`, which is read already.
pub(super) fn close(translation: &mut Translation) -> Result<(), Fault> {
    let outer = translation.outer.pop().ok_or(Fault::new("unmatched closing parenthesis"))?;
    translation.behind = translation.behind.filter(|outside| *outside < translation.outer.len());
    // Options that were set within a group end with it.
    let inner = std::mem::replace(&mut translation.flags, outer);
    translation.out.push_str(&change(inner, outer));
    translation.out.push(')');
    Ok(())
}

fn begin(translation: &mut Translation, start: &str) -> Result<(), Fault> {
    translation.outer.push(translation.flags);
    append(translation, start)
}

fn append(translation: &mut Translation, text: &str) -> Result<(), Fault> {
    translation.out.push_str(text);
    Ok(())
}

fn name(translation: &mut Translation, end: char) -> Result<String, Fault> {
    let name = translation.scanner.take_until(end).ok_or(Fault::new("syntax error in subpattern name"))?;
    let starts = name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    if !starts || name.chars().count() > 32 || !name.chars().all(|char| char.is_alphanumeric() || char == '_') {
        return Err(Fault::new("subpattern name expected"));
    }
    Ok(name)
}

fn check_number(number: &str) -> Result<(), Fault> {
    let digits = number.trim_start_matches(['+', '-']);
    match digits.parse::<u16>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Fault::new("(?R (recursive pattern call) must be followed by a closing parenthesis")),
    }
}

fn verb(translation: &mut Translation) -> Result<(), Fault> {
    for verb in ["FAIL)", "F)", "ACCEPT)", "COMMIT)", "PRUNE)", "SKIP)"] {
        if translation.scanner.eat(verb) {
            return append(translation, &format!("(*{verb}"));
        }
    }
    Err(Fault::new("(*VERB) not recognized or malformed"))
}

/// `(?(1)yes|no)`.
fn condition(translation: &mut Translation) -> Result<(), Fault> {
    if matches!(translation.scanner.peek(), Some('?' | '*')) {
        return Err(Fault::new("conditions that are assertions are not supported"));
    }
    let condition = translation.scanner.take_until(')').ok_or(Fault::UNTERMINATED_GROUP)?;
    let bare = condition.trim_matches(['<', '>', '\'']);
    let start = match bare {
        "DEFINE" => "(?(DEFINE)".to_owned(),
        number if check_number(number).is_ok() => format!("(?({number})"),
        name if name.chars().all(|char| char.is_alphanumeric() || char == '_') && !name.is_empty() => {
            format!("(?(<{name}>)")
        }
        _ => return Err(Fault::new("malformed number or name after (?(")),
    };
    begin(translation, &start)
}

/// `(?i)`, `(?i-s:…)`.
fn options(translation: &mut Translation) -> Result<(), Fault> {
    let before = translation.flags;
    let mut flags = before;
    let mut on = true;
    if translation.scanner.eat("^") {
        flags = Flags { caseless: false, multi_line: false, dot_all: false, extended: false, ..flags };
    }
    loop {
        match translation.scanner.next() {
            Some('i') => flags.caseless = on,
            Some('m') => flags.multi_line = on,
            Some('s') => flags.dot_all = on,
            Some('x') => flags.extended = on,
            Some('U') => flags.ungreedy = on,
            Some('J') => {}
            Some('-') if on => on = false,
            Some(')') => {
                translation.flags = flags;
                return append(translation, &change(before, flags));
            }
            Some(':') => {
                begin(translation, "(?:")?;
                translation.flags = flags;
                return append(translation, &change(before, flags));
            }
            Some(_) => return Err(Fault::new("unrecognized character after (? or (?-")),
            None => return Err(Fault::UNTERMINATED_GROUP),
        }
    }
}

/// The setting that leads from some options to others. White space is dealt with here, so that `x` needs none.
fn change(from: Flags, to: Flags) -> String {
    let each = [
        ('i', from.caseless, to.caseless),
        ('m', from.multi_line, to.multi_line),
        ('s', from.dot_all, to.dot_all),
        ('U', from.ungreedy, to.ungreedy),
    ];
    let set: String = each.iter().filter(|(_, from, to)| !from & to).map(|(flag, ..)| *flag).collect();
    let unset: String = each.iter().filter(|(_, from, to)| *from & !to).map(|(flag, ..)| *flag).collect();
    match (set.is_empty(), unset.is_empty()) {
        (true, true) => String::new(),
        (_, true) => format!("(?{set})"),
        _ => format!("(?{set}-{unset})"),
    }
}

/// `\g1`, `\g{-1}`, `\g{name}`, `\g<name>`.
pub(super) fn reference(translation: &mut Translation) -> Result<(), Fault> {
    for (start, end) in [("<", '>'), ("'", '\'')] {
        if translation.scanner.eat(start) {
            let target = translation.scanner.take_until(end).ok_or(Fault::new("malformed \\g"))?;
            return append(translation, &format!("\\g<{target}>"));
        }
    }
    let target = match translation.scanner.braced() {
        Some(target) => target,
        None => translation.scanner.take_while(6, |char| char.is_ascii_digit() || "+-".contains(char)),
    };
    if target.is_empty() {
        return Err(Fault::new("a numbered reference must not be zero"));
    }
    match check_number(&target) {
        Ok(()) => append(translation, &format!("(?:\\k<{target}>)")),
        Err(_) => append(translation, &format!("\\k<{target}>")),
    }
}

/// `\k<name>`, `\k'name'`, `\k{name}`.
pub(super) fn named_reference(translation: &mut Translation) -> Result<(), Fault> {
    for (start, end) in [("<", '>'), ("'", '\''), ("{", '}')] {
        if translation.scanner.eat(start) {
            let name = name(translation, end)?;
            return append(translation, &format!("\\k<{name}>"));
        }
    }
    Err(Fault::new("\\k is not followed by a braced, angle-bracketed, or quoted name"))
}
