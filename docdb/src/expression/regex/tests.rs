#![allow(clippy::too_many_lines)]

use bson::{Bson, Regex, bson};

use crate::expression::testing::apply;

fn regex(pattern: &str, options: &str) -> Bson {
    Bson::RegularExpression(Regex {
        pattern: pattern.try_into().expect("no NUL"),
        options: options.try_into().expect("no NUL"),
    })
}

fn found(matched: &str, index: i32, captures: Bson) -> Bson {
    bson!({ "match": matched, "idx": index, "captures": captures })
}

#[test]
fn the_first_match_comes_with_its_place_and_groups() {
    for (input, pattern, expected) in [
        ("café latte", "latte", found("latte", 5, bson!([]))),
        ("cat", "(cat)|(dog)", found("cat", 0, bson!(["cat", null]))),
        ("abc123", "(?P<word>[a-z]+)(?P<num>[0-9]+)", found("abc123", 0, bson!(["abc", "123"]))),
        ("abc", "()(abc)", found("abc", 0, bson!(["", "abc"]))),
        ("hello\n", "o$", found("o", 4, bson!([]))),
        ("", "", found("", 0, bson!([]))),
        ("abc", "x", Bson::Null),
    ] {
        assert_eq!(apply("$regexFind", bson!({ "input": input, "regex": pattern })), Ok(expected.clone()), "{pattern}");
        let whether = Bson::Boolean(expected != Bson::Null);
        assert_eq!(apply("$regexMatch", bson!({ "input": input, "regex": pattern })), Ok(whether));
    }
}

#[test]
fn all_matches_do_not_overlap_and_empty_ones_move_on() {
    for (input, pattern, expected) in [
        ("", "", bson!([found("", 0, bson!([]))])),
        ("aé", "", bson!([found("", 0, bson!([])), found("", 1, bson!([]))])),
        ("", "abc", bson!([])),
        ("aba", "(?=a)", bson!([found("", 0, bson!([])), found("", 2, bson!([]))])),
        ("hello", "(?=(ll))", bson!([found("", 2, bson!(["ll"]))])),
        ("aaa", "a+?", bson!([found("a", 0, bson!([])), found("a", 1, bson!([])), found("a", 2, bson!([]))])),
        ("é1é2", "\\d", bson!([found("1", 1, bson!([])), found("2", 3, bson!([]))])),
        (
            "cat dog",
            "(cat)|(dog)",
            bson!([found("cat", 0, bson!(["cat", null])), found("dog", 4, bson!([null, "dog"]))]),
        ),
    ] {
        assert_eq!(apply("$regexFindAll", bson!({ "input": input, "regex": pattern })), Ok(expected), "{pattern}");
    }
}

#[test]
fn what_is_wrong_has_its_code_and_its_place_in_the_order() {
    for (arguments, expected) in [
        (bson!("a"), Err(51103)),
        (bson!(["a"]), Err(51103)),
        (bson!({}), Err(31022)),
        (bson!({ "regex": "a" }), Err(31022)),
        (bson!({ "input": "a" }), Err(31023)),
        (bson!({ "input": "a", "regex": "a", "other": 1 }), Err(31024)),
        (bson!({ "input": "a", "regex": regex("a", "i"), "options": "" }), Err(51107)),
        (bson!({ "input": 1, "regex": regex("a", "i"), "options": "i" }), Err(51107)),
        (bson!({ "input": "a", "regex": "[a" }), Err(51111)),
        (bson!({ "input": "a", "regex": "(?<=a+)b" }), Err(51111)),
        (bson!({ "input": null, "regex": "[a" }), Err(51111)),
        (bson!({ "input": "a", "regex": "a\0" }), Err(51109)),
        (bson!({ "input": "a", "regex": "a", "options": "i\0m" }), Err(51110)),
        (bson!({ "input": null, "regex": "a", "options": "z" }), Err(51108)),
        (bson!({ "input": null, "regex": null, "options": 1 }), Err(51106)),
        (bson!({ "input": 1, "regex": 1 }), Err(51105)),
        (bson!({ "input": null, "regex": 1 }), Err(51105)),
        (bson!({ "input": 1, "regex": null }), Err(51104)),
        (bson!({ "input": "a", "regex": null, "options": "z" }), Ok(Bson::Null)),
        (bson!({ "input": "$missing", "regex": "a" }), Ok(Bson::Null)),
        (bson!({ "input": "A", "regex": regex("a", "i"), "options": null }), Ok(found("A", 0, bson!([])))),
        (bson!({ "input": "A", "regex": regex("a", ""), "options": "i" }), Ok(found("A", 0, bson!([])))),
    ] {
        assert_eq!(apply("$regexFind", arguments.clone()), expected, "{arguments}");
    }
    let nothing = bson!({ "input": null, "regex": "a" });
    assert_eq!(apply("$regexFindAll", nothing.clone()), Ok(bson!([])));
    assert_eq!(apply("$regexMatch", nothing), Ok(Bson::Boolean(false)));
}
