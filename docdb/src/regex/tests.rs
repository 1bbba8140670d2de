#![allow(clippy::unwrap_used)]

use super::*;

fn matches(pattern: &str, options: &str, text: &str) -> bool {
    let found = Regex::for_finding(pattern, options).unwrap().find(text, 0).unwrap().is_some();
    assert_eq!(Regex::new(pattern, options).unwrap().is_match(text).unwrap(), found, "{pattern}");
    found
}

#[test]
fn patterns_match_as_pcre_has_them() {
    for (pattern, options, text, expected) in [
        ("", "", "", true),
        ("^hello$", "", "hello", true),
        ("^hello$", "", "hello\n", true),
        ("^hello$", "", "hello\n\n", false),
        ("^hello$", "", "hello world", false),
        ("hello\\z", "", "hello\n", false),
        ("hello\\Z", "", "hello\n", true),
        ("(a$|b)c", "", "a\nc", false),
        ("HELLO", "i", "hello", true),
        ("ÜBER", "i", "über", true),
        ("^line2", "m", "line1\r\nline2", true),
        ("^line2", "", "line1\nline2", false),
        ("^$", "m", "a\n", false),
        ("^$", "m", "a\n\nb", true),
        ("line1.line2", "s", "line1\nline2", true),
        ("line1.line2", "", "line1\nline2", false),
        ("hel lo # comment", "x", "hello", true),
        ("a[ ]b", "x", "a b", true),
        ("a\\ b", "x", "a b", true),
        ("hello", "imsxu", "HELLO", true),
        ("\\s", "", "\u{a0}", false),
        ("\\d", "", "٣", false),
        ("(*UCP)\\d", "", "٣", true),
        ("(*UTF8)abc", "", "abc", true),
        ("\\w", "", "é", false),
        ("\\w", "i", "\u{212a}", false),
        ("k", "i", "\u{212a}", true),
        ("\\bK\\b", "i", "a k b", true),
        ("\\bber", "", "über", true),
        ("\\bfoo\\b", "", "a foo b", true),
        ("\\bfoo\\b", "", "afoo b", false),
        ("oo\\B", "", "food", true),
        ("\\h", "", "\u{a0}", true),
        ("\\H", "", "\t", false),
        ("a++b", "", "aaab", true),
        ("a++ab", "", "aaab", false),
        ("(?<year>\\d{4})-\\k<year>", "", "2024-2024", true),
        ("(?P<x>a)(?P=x)", "", "aa", true),
        ("(?'x'a)\\g{x}", "", "aa", true),
        ("(a)\\g{-1}", "", "aa", true),
        ("(a)\\1 1", "x", "aa1", true),
        ("\\Qa.b\\E", "", "a.b", true),
        ("\\Qa.b\\E", "", "axb", false),
        ("[[:alpha:]]+", "", "abc", true),
        ("[[:^digit:]]", "", "1", false),
        ("[]a]", "", "]", true),
        ("[a[b]", "", "[", true),
        ("[a&&b]", "", "&", true),
        ("[\\w-]", "", "-", true),
        ("[a\\-z]", "", "b", false),
        ("[^\\D]", "", "7", true),
        ("[^\\D]", "", "x", false),
        ("\\x41\\x{42}\\103\\o{104}", "", "ABCD", true),
        ("a{,2}", "", "a{,2}", true),
        ("a{b", "", "a{b", true),
        ("^(?=.*\\d)[a-z\\d]+$", "", "abc1", true),
        ("(?i)abc", "", "ABC", true),
        ("(a(?i)b)c", "", "aBC", false),
        ("(a(?i)b)c", "", "aBc", true),
        ("(?i:a)b", "", "AB", false),
        ("(?<=a)b", "", "ab", true),
        ("(?<!a)b", "", "ab", false),
        ("(?>a+)b", "", "aab", true),
        ("(a)?(?(1)b|c)", "", "ab", true),
        ("^(\\((?:[^()]|(?1))*\\))$", "", "(a(b)c)", true),
        ("\\p{Lu}", "", "É", true),
        ("\\P{Lu}", "", "É", false),
        ("a(?#comment)b", "", "ab", true),
        ("<b>", "", "<b>", true),
        ("\\<b\\>", "", "<b>", true),
        ("café", "", "un café", true),
        ("hello\\x00world", "", "hello\0world", true),
        ("\\R", "", "\r\n", true),
        ("foo\\Kbar", "", "foobar", true),
    ] {
        assert_eq!(matches(pattern, options, text), expected, "/{pattern}/{options} on {text:?}");
    }
}

#[test]
fn patterns_that_are_not_valid_are_refused() {
    for pattern in [
        "(",
        ")",
        "[",
        "a)",
        "*a",
        "a{2,1}",
        "a{65536}",
        "\\",
        "[z-a]",
        "(?<n",
        "\\1",
        "(?z)",
        "[[:foo:]]",
        "\\y",
        "(?P<1>a)",
        "[a",
        "(?<=a+)b",
        "+",
    ] {
        assert_eq!(Regex::new(pattern, "").unwrap_err().code(), Code(51091), "{pattern}");
    }
    assert_eq!(Regex::new("a", "z").unwrap_err().code(), Code(51108));
    assert_eq!(Regex::new("a", "iI").unwrap_err().code(), Code(51108));
    assert_eq!(Regex::new("a\0", "").unwrap_err().code(), Code::BAD_VALUE);
    assert_eq!(Regex::new("a", "i\0").unwrap_err().code(), Code::BAD_VALUE);
    assert!(Regex::new(&"a".repeat(MAX_PATTERN_BYTES), "").is_ok());
    assert_eq!(Regex::new(&"a".repeat(MAX_PATTERN_BYTES + 1), "").unwrap_err().code(), Code(51091));
    assert_eq!(Regex::new(&"(".repeat(30_000), "").unwrap_err().code(), Code(51091));
    assert_eq!(Regex::new("((((\\p{L}{1000}){1000}){1000}){1000})", "").unwrap_err().code(), Code(51091));
}

#[test]
fn a_match_that_goes_back_too_often_fails() {
    let regex = Regex::new("^((?:a|aa)(?=a))+\\1\\1[ab]c$", "").unwrap();
    assert_eq!(regex.is_match(&("a".repeat(200) + "bb")).unwrap_err().code(), Code(51156));
}

#[test]
fn the_simple_prefix_is_what_every_match_begins_with() {
    for (pattern, options, prefix, is_all) in [
        ("^abc", "", "abc", true),
        ("\\Aabc", "", "abc", true),
        ("\\Aabc", "m", "abc", true),
        ("^abc", "m", "", false),
        ("^abc", "i", "", false),
        ("^abc", "s", "abc", true),
        ("^\\Qa.b\\E", "", "a.b", true),
        ("^\\Qa.b\\E*", "", "a.", false),
        ("^abc.*", "", "abc", true),
        ("^abc.*$", "", "abc", false),
        ("^abc$", "", "abc", false),
        ("^abc?", "", "ab", false),
        ("^abcé*", "", "abc", false),
        ("^ab{0}", "", "a", false),
        ("^a+", "", "a", false),
        ("^a|b", "", "", false),
        ("abc", "", "", false),
        ("^a\\.b", "", "a.b", true),
        ("^a\\db", "", "a", false),
        ("^a b", "x", "ab", true),
        ("^a #c\n*", "x", "", false),
        ("^a(?#c)*", "", "", false),
        ("^[ab]c", "", "", false),
        ("^", "", "", false),
    ] {
        let regex = Regex::new(pattern, options).unwrap();
        assert_eq!((&*regex.prefix, regex.prefix_is_all), (prefix, is_all), "/{pattern}/{options}");
    }
}

#[test]
fn options_are_sorted() {
    assert_eq!(&*Regex::new("a", "sixi").unwrap().options, "isx");
}

proptest::proptest! {
    #[test]
    fn any_pattern_is_compiled_or_refused(
        pattern in r"([abc]|[*+?|$^.]|\\[a-zA-Z0-9]|\[[a^\]\\:-]{0,4}\]|\(\?[a-zA-Z<>=!:|(&0-9+-]{0,3}|\(|\)|\{[0-9,]{0,3}\}|é){0,12}",
        options in "[imsux]{0,2}",
        text in "[abcé\n]{0,8}",
    ) {
        if let Ok(regex) = Regex::for_finding(&pattern, &options) {
            let found = regex.find(&text, 0);
            let tested = Regex::new(&pattern, &options).and_then(|regex| regex.is_match(&text));
            if let (Ok(found), Ok(tested)) = (&found, &tested) {
                proptest::prop_assert_eq!(found.is_some(), *tested);
            }
            if tested.is_ok_and(|tested| tested) {
                proptest::prop_assert!(text.starts_with(&*regex.prefix));
            }
        }
    }
}
