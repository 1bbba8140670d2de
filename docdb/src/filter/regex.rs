//! Regular expressions as filters have them.

use crate::{
    error::{Code, Result, refuse},
    filter::tree::Regex,
};

/// Compiles a pattern with its options.
pub(super) fn compile(pattern: &str, options: &str) -> Result<Regex> {
    let mut flags: Vec<char> = options.chars().collect();
    flags.sort_unstable();
    flags.dedup();
    let mut inline = String::new();
    for flag in &flags {
        match flag {
            'i' | 'm' | 's' | 'x' => inline.push(*flag),
            'u' => {}
            other => return refuse(Code(51108), format!("invalid flag in regex options: {other}")),
        }
    }
    let text = if inline.is_empty() { pattern.to_owned() } else { format!("(?{inline}){pattern}") };
    match fancy_regex::Regex::new(&text) {
        Ok(compiled) => Ok(Regex {
            pattern: pattern.into(),
            options: flags.into_iter().collect::<String>().into(),
            prefix: "".into(),
            prefix_is_all: false,
            compiled,
        }),
        Err(error) => refuse(Code(51091), format!("Regular expression is invalid: {error}")),
    }
}
