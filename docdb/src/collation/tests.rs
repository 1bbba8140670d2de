use std::cmp::Ordering::{self, Equal, Greater, Less};

use bson::RawArrayBuf;

use super::*;

fn collation(document: RawDocumentBuf) -> Collation {
    Collation::parse(&document).unwrap().unwrap()
}

fn check(collation: &Collation, a: &str, b: &str, expected: Ordering) {
    assert_eq!(collation.compare(a, b), expected, "{a} {b} {collation:?}");
    assert_eq!(collation.sort_key(a).cmp(&collation.sort_key(b)), expected, "keys of {a} {b} {collation:?}");
}

#[test]
fn every_option_counts_in_order_and_in_keys() {
    for (options, a, b, expected) in [
        (rawdoc! {"locale": "en", "strength": 1}, "cafe", "Café", Equal),
        (rawdoc! {"locale": "en", "strength": 2}, "apple", "Apple", Equal),
        (rawdoc! {"locale": "en", "strength": 2}, "cafe", "café", Less),
        (rawdoc! {"locale": "en"}, "apple", "Apple", Less),
        (rawdoc! {"locale": "en"}, "Apple", "banana", Less),
        (rawdoc! {"locale": "en", "caseFirst": "upper"}, "apple", "Apple", Greater),
        (rawdoc! {"locale": "en", "caseFirst": "lower"}, "apple", "Apple", Less),
        (rawdoc! {"locale": "en", "strength": 1, "caseLevel": true}, "cafe", "café", Equal),
        (rawdoc! {"locale": "en", "strength": 1, "caseLevel": true}, "cafe", "Cafe", Less),
        (rawdoc! {"locale": "en", "strength": 1, "caseLevel": true, "caseFirst": "upper"}, "cafe", "Cafe", Greater),
        (rawdoc! {"locale": "en", "numericOrdering": true}, "a2", "a10", Less),
        (rawdoc! {"locale": "en"}, "a2", "a10", Greater),
        (rawdoc! {"locale": "en", "alternate": "shifted", "strength": 1}, "abc", "a-b-c", Equal),
        (rawdoc! {"locale": "en", "strength": 1}, "abc", "a-b-c", Greater),
        (rawdoc! {"locale": "en", "alternate": "shifted", "strength": 1, "maxVariable": "space"}, "abc", "a bc", Equal),
        (
            rawdoc! {"locale": "en", "alternate": "shifted", "strength": 1, "maxVariable": "space"},
            "abc",
            "a.bc",
            Greater,
        ),
        (rawdoc! {"locale": "en", "alternate": "shifted", "strength": 4}, "abc", "a-b-c", Greater),
        (rawdoc! {"locale": "en", "strength": 5}, "a", "a\u{1}", Less),
        (rawdoc! {"locale": "en", "strength": 2, "backwards": true}, "coté", "côte", Greater),
        (rawdoc! {"locale": "en", "strength": 2, "backwards": false}, "coté", "côte", Less),
        (rawdoc! {"locale": "fr_CA"}, "coté", "côte", Greater),
        (rawdoc! {"locale": "fr_CA", "backwards": false}, "coté", "côte", Less),
        (rawdoc! {"locale": "sv"}, "z", "ö", Less),
        (rawdoc! {"locale": "de"}, "z", "ö", Greater),
        (rawdoc! {"locale": "de@collation=phonebook"}, "oe", "ö", Less),
        (rawdoc! {"locale": "de@collation=phonebook", "strength": 1}, "oe", "ö", Equal),
        (rawdoc! {"locale": "es@collation=traditional"}, "chico", "cz", Greater),
        (rawdoc! {"locale": "da"}, "A", "a", Less),
        (rawdoc! {"locale": "fr"}, "e\u{301}", "é", Equal),
    ] {
        check(&collation(options), a, b, expected);
    }
}

#[test]
fn the_document_has_all_options() {
    let full = collation(rawdoc! {"locale": "fr_CA", "strength": 2.9}).document();
    let expected = rawdoc! {
        "locale": "fr_CA", "caseLevel": false, "caseFirst": "off", "strength": 2, "numericOrdering": false,
        "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": true,
        "version": "57.1",
    };
    assert_eq!(full, expected);
    assert_eq!(collation(full), collation(rawdoc! {"locale": "fr_CA", "strength": 2}));
    assert_ne!(
        collation(rawdoc! {"locale": "fr", "strength": 2}),
        collation(rawdoc! {"locale": "fr_CA", "strength": 2})
    );
    assert!(Collation::parse(&rawdoc! {"locale": "simple"}).unwrap().is_none());
}

#[test]
fn malformed_collations_are_refused() {
    for (document, code) in [
        (rawdoc! {}, 40414),
        (rawdoc! {"strength": 2}, 40414),
        (rawdoc! {"locale": 1}, 14),
        (rawdoc! {"locale": "xx"}, 2),
        (rawdoc! {"locale": "invalid_locale_xyz"}, 2),
        (rawdoc! {"locale": ""}, 2),
        (rawdoc! {"locale": "en@collation=phonebook"}, 2),
        (rawdoc! {"locale": "simple", "strength": 2}, 2),
        (rawdoc! {"locale": "en", "unknown": 1}, 40415),
        (rawdoc! {"locale": "en", "strength": 0}, 2),
        (rawdoc! {"locale": "en", "strength": 0.9}, 2),
        (rawdoc! {"locale": "en", "strength": 6}, 2),
        (rawdoc! {"locale": "en", "strength": f64::NAN}, 2),
        (rawdoc! {"locale": "en", "strength": "3"}, 14),
        (rawdoc! {"locale": "en", "strength": true}, 14),
        (rawdoc! {"locale": "en", "caseLevel": 1}, 14),
        (rawdoc! {"locale": "en", "backwards": bson::RawBson::Null}, 14),
        (rawdoc! {"locale": "en", "caseFirst": "Upper"}, 2),
        (rawdoc! {"locale": "en", "caseFirst": RawArrayBuf::new()}, 14),
        (rawdoc! {"locale": "en", "caseFirst": "upper", "strength": 2}, 2),
        (rawdoc! {"locale": "en", "alternate": ""}, 2),
        (rawdoc! {"locale": "en", "maxVariable": "Punct"}, 2),
        (rawdoc! {"locale": "en", "backwards": true, "strength": 1}, 2),
        (rawdoc! {"locale": "en", "version": "58"}, 161),
    ] {
        assert_eq!(Collation::parse(&document).unwrap_err().code(), Code(code), "{document:?}");
    }
}

#[test]
fn null_is_as_good_as_absent() {
    for name in ["strength", "caseLevel", "caseFirst", "numericOrdering", "alternate", "maxVariable", "normalization"] {
        let mut given = crate::value::DocumentBuilder::new();
        given.append("locale", "en");
        given.append(name, bson::RawBsonRef::Null);
        assert_eq!(collation(given.finish()), collation(rawdoc! {"locale": "en"}), "{name}");
    }
}

#[test]
fn every_locale_has_rules() {
    for locale in [
        "zh",
        "zh_Hant",
        "ja",
        "ko@collation=searchjl",
        "zh@collation=big5han",
        "en_US_POSIX",
        "en_GB",
        "sr_Latn",
        "bs_Cyrl",
        "sv@collation=reformed",
    ] {
        assert_eq!(collation(rawdoc! {"locale": locale}).compare("a", "b"), Less, "{locale}");
    }
}

proptest::proptest! {
    #[test]
    fn keys_sort_as_strings_compare(a in "[aAbBéèe\u{301}\u{300} .\\-019zäößſǅ中あア한\u{0}\u{1}٣🦆]{0,8}", b in "[aAbBéèe\u{301}\u{300} .\\-019zäößſǅ中あア한\u{0}\u{1}٣🦆]{0,8}") {
        for options in [
            rawdoc! {"locale": "en", "strength": 1},
            rawdoc! {"locale": "en", "strength": 2, "backwards": true},
            rawdoc! {"locale": "en"},
            rawdoc! {"locale": "en", "strength": 4, "alternate": "shifted"},
            rawdoc! {"locale": "en", "strength": 5},
            rawdoc! {"locale": "en", "strength": 1, "caseLevel": true, "caseFirst": "upper"},
            rawdoc! {"locale": "de", "numericOrdering": true, "caseFirst": "upper"},
            rawdoc! {"locale": "da", "caseFirst": "lower"},
            rawdoc! {"locale": "ja", "strength": 2},
        ] {
            let collation = collation(options);
            let order = collation.compare(&a, &b);
            proptest::prop_assert_eq!(collation.sort_key(&a).cmp(&collation.sort_key(&b)), order, "{:?} {:?} {:?}", a, b, collation);
            proptest::prop_assert_eq!(collation.compare(&b, &a), order.reverse());
        }
    }
}
