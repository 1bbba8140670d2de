use bson::{Bson, RawBson, RawDocumentBuf, doc, rawdoc};
use proptest::prelude::*;

use crate::{
    Code,
    text::{
        Language, Query, TextIndexSpec,
        tokens::{Form, terms},
    },
};

fn raw(document: &bson::Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(document).unwrap()
}

fn index(options: bson::Document) -> TextIndexSpec {
    TextIndexSpec::parse(&rawdoc! { "text": "text" }, &raw(&options)).unwrap()
}

fn query(operand: bson::Document) -> crate::Result<Query> {
    Query::parse(RawBson::Document(raw(&operand)).as_raw_bson_ref())
}

fn score(keys: &[(String, f64)], term: &str) -> f64 {
    keys.iter().find(|(known, _)| known == term).map_or(0.0, |(_, score)| *score)
}

#[test]
fn words_are_stemmed_without_case_diacritics_and_stop_words() {
    for (language, text, expected) in [
        ("english", "The running dogs, don't-stop!", vec!["run", "dog", "stop"]),
        ("english", "it's café_au lait", vec!["cafe_au", "lait"]),
        ("none", "The running dogs", vec!["the", "running", "dogs"]),
        ("none", "don't", vec!["don", "t"]),
        ("de", "Die Häuser sind größer", vec!["haus", "gross"]),
        ("fr", "l'école à la plage", vec!["ecol", "plag"]),
        ("es", "los niños corren", vec!["nin", "corr"]),
        ("ru", "и красивые дома", vec!["красив", "дом"]),
        ("tr", "IŞIK ve", vec!["ısık"]),
        ("english", "x²+y 日本語、テスト $5.00 a/b", vec!["x²", "y", "日本語", "テスト", "5", "00", "b"]),
    ] {
        let language = Language::of(language).unwrap();
        let found: Vec<String> = terms(text, language, Form::default()).collect();
        assert_eq!(found, expected, "{text}");
    }
    let form = Form { case_sensitive: true, diacritic_sensitive: true };
    assert_eq!(terms("The Café", Language::NONE, form).collect::<Vec<_>>(), ["The", "Café"]);
}

#[test]
fn languages_are_known_by_name_and_code() {
    for (name, known) in [
        ("English", Some("english")),
        ("EN", Some("english")),
        ("nb", Some("norwegian")),
        ("none", Some("none")),
        ("klingon", None),
        ("", None),
    ] {
        assert_eq!(Language::of(name).map(Language::name), known);
    }
    for name in ["danish", "dutch", "finnish", "hungarian", "italian", "norwegian", "portuguese", "romanian", "swedish"]
    {
        let language = Language::of(name).unwrap();
        assert!(
            ["og", "de", "ja", "és", "e", "och", "si", "și"].iter().any(|word| language.is_stop_word(word)),
            "{name}"
        );
    }
}

#[test]
fn scores_grow_with_frequency_share_and_weight() {
    for (text, weight, term, expected) in [
        ("Rock", 1, "rock", 1.1),
        ("Rocks", 1, "rock", 1.0),
        ("Rock paper", 1, "rock", 0.75),
        ("Rock paper scissors", 1, "rock", 1.0 / 6.0 + 0.5),
        ("rock rock", 1, "rock", 1.5),
        ("rock rock rock paper", 1, "rock", 1.75 * 0.875),
        ("the rock", 10, "rock", 10.0),
        ("coffee", 1, "coffe", 1.0),
    ] {
        let keys = index(doc! { "weights": { "text": weight } }).keys(&rawdoc! { "text": text }).unwrap();
        assert!((score(&keys, term) - expected).abs() < 1e-9, "{text}: {keys:?}");
    }
}

#[test]
fn fields_are_found_by_path_through_arrays_and_with_a_wildcard() {
    let document = rawdoc! {
        "title": "apples", "tags": ["pears", { "name": "plums" }, ["figs"]], "body": { "text": "cherries", "n": 5 },
        "language": "none", "other": { "language": "spanish", "text": "niños" },
    };
    for (key, options, expected) in [
        (rawdoc! { "title": "text" }, doc! {}, vec!["apples"]),
        (rawdoc! { "tags": "text" }, doc! {}, vec!["pears"]),
        (rawdoc! { "tags.name": "text", "body.text": "text" }, doc! {}, vec!["cherries", "plums"]),
        (rawdoc! { "other.text": "text" }, doc! {}, vec!["nin"]),
        (rawdoc! { "title": "text" }, doc! { "weights": { "body.text": 3 } }, vec!["apples", "cherries"]),
        (rawdoc! { "$**": "text" }, doc! {}, vec!["apples", "cherries", "nin", "pears", "plums"]),
        (
            rawdoc! { "$**": "text" },
            doc! { "language_override": "lang" },
            vec!["appl", "cherri", "nino", "none", "pear", "plum", "spanish"],
        ),
        (rawdoc! { "_fts": "text", "_ftsx": 1 }, doc! { "weights": { "title": 1 } }, vec!["apples"]),
    ] {
        let keys = TextIndexSpec::parse(&key, &raw(&options)).unwrap().keys(&document).unwrap();
        assert_eq!(keys.iter().map(|(term, _)| term.as_str()).collect::<Vec<_>>(), expected, "{key:?}");
    }
    let spec = TextIndexSpec::parse(&rawdoc! { "a": 1, "title": "text", "b": -1 }, &rawdoc! {}).unwrap();
    assert_eq!((spec.prefix(), spec.suffix()), (&["a".into()][..], &["b".into()][..]));
}

#[test]
fn unsound_indexes_and_documents_are_refused() {
    for (key, options) in [
        (doc! { "a": 1 }, doc! {}),
        (doc! { "a": "text", "b": 1, "c": "text" }, doc! {}),
        (doc! { "a": "text" }, doc! { "weights": { "a": 0 } }),
        (doc! { "a": "text" }, doc! { "weights": { "a": 1e9 } }),
        (doc! { "a": "text" }, doc! { "weights": { "a": "1" } }),
        (doc! { "a": "text" }, doc! { "weights": 5 }),
        (doc! { "a": "text" }, doc! { "default_language": "klingon" }),
        (doc! { "a": "text" }, doc! { "default_language": 5 }),
        (doc! { "a": "text" }, doc! { "language_override": "$x" }),
        (doc! { "a": "text" }, doc! { "textIndexVersion": 4 }),
    ] {
        let refused = TextIndexSpec::parse(&raw(&key), &raw(&options)).expect_err(&options.to_string());
        assert_eq!(refused.code(), Code::CANNOT_CREATE_INDEX);
    }
    let spec = index(doc! {});
    assert_eq!(spec.keys(&rawdoc! { "language": "klingon" }).unwrap_err().code(), Code(17262));
    assert_eq!(spec.keys(&rawdoc! { "language": 5 }).unwrap_err().code(), Code(17261));
}

#[test]
fn malformed_queries_are_refused_with_their_codes() {
    for (operand, code) in [
        (doc! {}, 4),
        (doc! { "$search": 5 }, 14),
        (doc! { "$search": "x", "$language": 5 }, 14),
        (doc! { "$search": "x", "$language": "klingon" }, 2),
        (doc! { "$search": "x", "$caseSensitive": 1 }, 14),
        (doc! { "$search": "x", "$diacriticSensitive": "no" }, 14),
        (doc! { "$search": "x", "$other": 1 }, 2),
    ] {
        assert_eq!(query(operand.clone()).expect_err(&operand.to_string()).code(), Code(code), "{operand}");
    }
    assert_eq!(Query::parse(bson::RawBsonRef::String("x")).unwrap_err().code(), Code::BAD_VALUE);
}

#[test]
fn documents_match_by_words_phrases_and_what_they_have_not() {
    let text = "Coffee beans, freshly roasted in São Paulo";
    let sensitive = doc! { "$caseSensitive": true };
    let marks = doc! { "$diacriticSensitive": true };
    for (search, options, expected) in [
        ("coffee", doc! {}, true),
        ("tea coffee", doc! {}, true),
        ("tea", doc! {}, false),
        ("bean", doc! {}, true),
        ("roasting", doc! {}, true),
        ("the", doc! {}, false),
        ("", doc! {}, false),
        ("coffee -beans", doc! {}, false),
        ("coffee -tea", doc! {}, true),
        ("-tea", doc! {}, false),
        ("coffee - beans", doc! {}, true),
        ("fresh-roasted", doc! {}, true),
        ("tea -black-green coffee", doc! {}, true),
        ("\"freshly roasted\"", doc! {}, true),
        ("\"roasted freshly\"", doc! {}, false),
        ("\"ffee bea\" beans", doc! {}, true),
        ("coffee \"green tea\"", doc! {}, false),
        ("coffee -\"freshly roasted\"", doc! {}, false),
        ("coffee -\"roasted freshly\"", doc! {}, true),
        ("coffee - \"freshly roasted\"", doc! {}, true),
        ("sao", doc! {}, true),
        ("são", marks.clone(), true),
        ("sao", marks.clone(), false),
        ("coffee \"sao paulo\"", doc! {}, true),
        ("coffee \"sao paulo\"", marks, false),
        ("Coffee", sensitive.clone(), true),
        ("coffee", sensitive.clone(), false),
        ("beans \"coffee\"", sensitive.clone(), false),
        ("beans -coffee", sensitive, true),
        ("beans", doc! { "$language": "none" }, false),
        ("coffe", doc! { "$language": "none" }, true),
    ] {
        let mut operand = doc! { "$search": search };
        operand.extend(options);
        let spec = index(doc! {});
        let found = query(operand.clone()).unwrap().search(&spec);
        assert_eq!(found.matches(&rawdoc! { "text": text }, &spec).unwrap(), expected, "{operand}");
    }
}

#[test]
fn a_score_is_that_of_all_words_together() {
    let spec = index(doc! {});
    let search = query(doc! { "$search": "coffee tea" }).unwrap().search(&spec);
    assert_eq!(search.terms().collect::<Vec<_>>(), ["coffe", "tea"]);
    let score = |text: &str| search.score(&rawdoc! { "text": text }, &spec).unwrap();
    assert!((score("coffee and tea") - 1.5).abs() < 1e-9);
    assert!(score("coffee coffee coffee") > score("coffee coffee"));
    assert!(score("coffee coffee") > score("coffee"));
    assert!(score("cake") == 0.0);
}

proptest! {
    #[test]
    fn any_text_has_words_in_any_language(text in "\\PC{0,40}|[a-zA-ZäöüéèñçışğőűåøæąęîâășțЀ-ӿ' -]{0,60}", case_sensitive: bool) {
        for name in ["none", "da", "nl", "en", "fi", "fr", "de", "hu", "it", "nb", "pt", "ro", "ru", "es", "sv", "tr"] {
            let language = Language::of(name).unwrap();
            let form = Form { case_sensitive, diacritic_sensitive: case_sensitive };
            prop_assert!(terms(&text, language, form).all(|term| !term.is_empty()));
        }
        let spec = index(doc! {});
        let document = raw(&doc! { "text": Bson::from(text.clone()) });
        let search = query(doc! { "$search": text }).unwrap().search(&spec);
        let score = search.score(&document, &spec).unwrap();
        prop_assert!(score.is_finite());
        // What matches has one of the words among its keys.
        prop_assert!(!search.matches(&document, &spec).unwrap() || score > 0.0);
    }
}
