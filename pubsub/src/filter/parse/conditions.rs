//! What a policy asks of a field: an array of values and match expressions.

use super::super::{
    address::AddressRange,
    lexer::Kind,
    number::{self, Number, Range},
    pattern::{Exact, Pattern, folded},
    policy::{Forms, PolicyError},
    wildcard::Wildcard,
};
use super::tokens::Tokens;

type Result<T> = std::result::Result<T, PolicyError>;

const ONE_KEY: &str = "Only one key allowed in match expression";
const TOO_MANY_ELEMENTS: &str = "Too many elements in numeric expression";
const OUT_OF_RANGE: &str = "Value must be between -5.0E9 and 5.0E9, inclusive";

/// Reads an array that has begun.
pub(super) fn read(tokens: &mut Tokens<'_>, forms: Forms) -> Result<Vec<Pattern>> {
    let mut patterns = Vec::new();
    loop {
        let kind = tokens.next();
        patterns.push(match kind {
            Kind::EndArray => break,
            Kind::StartObject => expression(tokens, forms)?,
            kind => match exact(tokens, kind) {
                Some(exact) => Pattern::Exact(exact),
                None => return tokens.error("Match value must be String, number, true, false, or null"),
            },
        });
    }
    if patterns.is_empty() { tokens.error("Empty arrays are not allowed") } else { Ok(patterns) }
}

/// A value, of whatever kind.
fn exact(tokens: &mut Tokens<'_>, kind: Kind) -> Option<Exact> {
    Some(match kind {
        Kind::Text => Exact::Text(tokens.text().into()),
        Kind::Number => Exact::Number(Number::read(&tokens.text())?),
        Kind::True => Exact::True,
        Kind::False => Exact::False,
        Kind::Null => Exact::Null,
        _ => return None,
    })
}

/// Reads a match expression that has begun: an object with one name and what it compares with.
fn expression(tokens: &mut Tokens<'_>, forms: Forms) -> Result<Pattern> {
    if tokens.next() != Kind::Name {
        return tokens.error("Match expression name not found");
    }
    let name = tokens.name();
    let pattern = match &*name {
        "exactly" => Pattern::Exact(Exact::Text(text_of(tokens, "exact")?)),
        "prefix" => Pattern::Prefix(text_of(tokens, "prefix")?),
        "suffix" => Pattern::Suffix(text_of(tokens, "suffix")?),
        "equals-ignore-case" => Pattern::EqualsIgnoreCase(folded(&text_of(tokens, "equals-ignore-case")?).into()),
        "wildcard" if forms == Forms::All => {
            let text = text_of(tokens, "wildcard")?;
            Pattern::Wildcard(Wildcard::read(&text).map_err(PolicyError::new)?)
        }
        // The service says "prefix" here, too.
        "cidr" => Pattern::Cidr(AddressRange::read(&text_of(tokens, "prefix")?).map_err(PolicyError::new)?),
        "exists" => match tokens.next() {
            Kind::True => Pattern::Exists,
            Kind::False => Pattern::Absent,
            _ => return tokens.error("exists match pattern must be either true or false."),
        },
        "numeric" => {
            if tokens.next() != Kind::StartArray {
                return tokens.error("Value of numeric must be an array.");
            }
            let pattern = numeric(tokens)?;
            return end(tokens, TOO_MANY_ELEMENTS, pattern);
        }
        "anything-but" => return anything_but(tokens, forms),
        _ => return tokens.error(format!("Unrecognized match type {name}")),
    };
    end(tokens, ONE_KEY, pattern)
}

fn text_of(tokens: &mut Tokens<'_>, what: &str) -> Result<Box<str>> {
    if tokens.next() == Kind::Text {
        return Ok(tokens.text().into());
    }
    tokens.error(format!("{what} match pattern must be a string"))
}

/// Reads the end of an expression.
fn end(tokens: &mut Tokens<'_>, otherwise: &str, pattern: Pattern) -> Result<Pattern> {
    if tokens.next() == Kind::EndObject { Ok(pattern) } else { tokens.error(otherwise) }
}

/// Reads what stands behind `anything-but`.
fn anything_but(tokens: &mut Tokens<'_>, forms: Forms) -> Result<Pattern> {
    let but = match tokens.next() {
        Kind::StartObject => {
            let but = anything_but_expression(tokens, forms)?;
            return end(tokens, ONE_KEY, Pattern::AnythingBut(but));
        }
        Kind::StartArray => values(tokens)?,
        kind @ (Kind::Text | Kind::Number) => {
            let exact = exact(tokens, kind);
            vec![in_order(exact).map_err(PolicyError::new)?]
        }
        _ => return tokens.error("Value of anything-but must be an array or single string/number value."),
    };
    end(tokens, TOO_MANY_ELEMENTS, Pattern::AnythingBut(sorted(but)))
}

/// Reads the values that `anything-but` excludes: all texts, or all numbers.
fn values(tokens: &mut Tokens<'_>) -> Result<Vec<Pattern>> {
    let mut but = Vec::new();
    loop {
        match tokens.next() {
            Kind::EndArray => break,
            kind @ (Kind::Text | Kind::Number) => match in_order(exact(tokens, kind)) {
                Ok(pattern) => but.push(pattern),
                Err(message) => return tokens.error(message),
            },
            _ => return tokens.error("Inside anything but list, start|null|boolean is not supported."),
        }
    }
    let texts = but.iter().filter(|pattern| matches!(pattern, Pattern::Exact(Exact::Text(_)))).count();
    if but.is_empty() || (texts > 0 && texts < but.len()) {
        return tokens
            .error("Inside anything but list, either all values are number or string, mixed type is not supported");
    }
    Ok(but)
}

fn in_order(exact: Option<Exact>) -> std::result::Result<Pattern, &'static str> {
    match exact {
        Some(Exact::Number(Number::Beyond(_))) | None => Err(OUT_OF_RANGE),
        Some(exact) => Ok(Pattern::Exact(exact)),
    }
}

/// Reads the object behind `anything-but`, to its end: a prefix, or with all forms another expression, which may have a
/// list.
fn anything_but_expression(tokens: &mut Tokens<'_>, forms: Forms) -> Result<Box<[Pattern]>> {
    if tokens.next() != Kind::Name {
        return tokens.error("Anything-But expression name not found");
    }
    let name = tokens.name();
    let all = forms == Forms::All;
    let pattern_of: fn(&str) -> std::result::Result<Pattern, String> = match &*name {
        "prefix" => |text| Ok(Pattern::Prefix(text.into())),
        "suffix" if all => |text| Ok(Pattern::Suffix(text.into())),
        "equals-ignore-case" if all => |text| Ok(Pattern::EqualsIgnoreCase(folded(text).into())),
        "wildcard" if all => |text| Wildcard::read(text).map(Pattern::Wildcard),
        _ => return tokens.error(format!("Unsupported anything-but pattern: {name}")),
    };
    let mut but = Vec::new();
    let mut kind = tokens.next();
    let is_list = all && kind == Kind::StartArray;
    if is_list {
        kind = tokens.next();
    }
    while kind == Kind::Text {
        let text = tokens.text();
        if text.is_empty() && matches!(&*name, "prefix" | "suffix") {
            return tokens.error(format!("Null {name} not allowed"));
        }
        but.push(pattern_of(&text).map_err(PolicyError::new)?);
        if !is_list {
            break;
        }
        kind = tokens.next();
    }
    if but.is_empty() || (is_list && kind != Kind::EndArray) {
        return tokens.error(format!("{name} match pattern must be a string"));
    }
    if tokens.next() != Kind::EndObject {
        return tokens.error(ONE_KEY);
    }
    Ok(sorted(but))
}

fn sorted(mut but: Vec<Pattern>) -> Box<[Pattern]> {
    but.sort_unstable();
    but.dedup();
    but.into()
}

/// Reads the array behind `numeric`, which has begun, to its end.
fn numeric(tokens: &mut Tokens<'_>) -> Result<Pattern> {
    if tokens.next() != Kind::Text {
        let text = tokens.text();
        return tokens.error(format!("Invalid member in numeric match: {text}"));
    }
    let operator = tokens.text();
    let kind = tokens.next();
    let named = match &*operator {
        "=" => "equals",
        "<" | "<=" | ">" | ">=" => &*operator,
        _ => return tokens.error(format!("Unrecognized numeric range operator: {operator}")),
    };
    let place = operand(tokens, kind, named)?;
    let kind = tokens.next();
    if kind == Kind::EndArray {
        let Some(place) = place else { return tokens.error(OUT_OF_RANGE) };
        return Ok(match &*operator {
            "=" => Pattern::Exact(Exact::Number(Number::Ordered(place))),
            operator => Pattern::Numeric(side(operator, place)),
        });
    }
    if !matches!(&*operator, ">" | ">=") {
        return tokens.error(TOO_MANY_ELEMENTS);
    }
    let top = top(tokens, kind)?;
    let (Some(bottom), Some((top_operator, top))) = (place, top) else { return tokens.error(OUT_OF_RANGE) };
    if bottom >= top {
        return tokens.error("Bottom must be less than top");
    }
    let (bottom, top) = (side(&operator, bottom), side(&top_operator, top));
    Ok(Pattern::Numeric(Range { first: bottom.first, last: top.last }))
}

/// Reads the second half of a range, to the end of the array. None for a number that has no order.
fn top<'t>(tokens: &mut Tokens<'t>, kind: Kind) -> Result<Option<(std::borrow::Cow<'t, str>, u64)>> {
    if kind != Kind::Text {
        let text = tokens.text();
        return tokens.error(format!("Bad value in numeric range: {text}"));
    }
    let operator = tokens.text();
    if !matches!(&*operator, "<" | "<=") {
        return tokens.error(format!("Bad numeric range operator: {operator}"));
    }
    let kind = tokens.next();
    let place = operand(tokens, kind, &operator)?;
    if tokens.next() != Kind::EndArray {
        return tokens.error("Too many terms in numeric range expression");
    }
    Ok(place.map(|place| (operator, place)))
}

/// The place of the number that is the token.
fn operand(tokens: &mut Tokens<'_>, kind: Kind, operator: &str) -> Result<Option<u64>> {
    if kind != Kind::Number {
        return tokens.error(format!("Value of {operator} must be numeric"));
    }
    Ok(tokens.text().parse().ok().and_then(number::place_of))
}

/// The numbers on one side of another.
fn side(operator: &str, place: u64) -> Range {
    match operator {
        // Below the smallest one there is none: that range is empty.
        "<" if place == 0 => Range { first: 1, last: 0 },
        "<" => Range { last: place - 1, ..Range::ALL },
        "<=" => Range { last: place, ..Range::ALL },
        ">" => Range { first: place + 1, ..Range::ALL },
        _ => Range { first: place, ..Range::ALL },
    }
}
