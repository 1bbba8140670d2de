use super::*;
use crate::key::{KeyAttribute, Keys};
use crate::model::ScalarAttributeType;

fn key_values() -> Values {
    item(&[(":p", s("p")), (":1", n("1")), (":2", n("2")), (":x", s("x"))])
}

fn parsed(text: &str) -> Result<KeyCondition, ExpressionError> {
    let values = key_values();
    let mut substitutions = Substitutions::new(None, Some(&values)).unwrap();
    key_condition(text, &mut substitutions)
}

fn keys(partition: &[&str], sort: &[&str]) -> Keys {
    let attributes = partition.iter().chain(sort);
    let attribute = |name: &&str| KeyAttribute { name: (*name).into(), attribute_type: ScalarAttributeType::S };
    Keys::of(attributes.map(attribute).collect(), partition.len()).unwrap()
}

#[test]
fn key_conditions_select_a_partition_and_a_range_of_the_sort_key() {
    for (text, sort) in [
        ("pk = :p", None),
        (":p = pk", None),
        ("(pk = :p)", None),
        ("pk = :p AND sk = :1", Some(SortCondition::Equal(n("1")))),
        ("sk < :1 AND pk = :p", Some(SortCondition::Less(n("1")))),
        ("(pk = :p) AND (sk <= :1)", Some(SortCondition::LessOrEqual(n("1")))),
        ("(pk = :p AND sk > :1)", Some(SortCondition::Greater(n("1")))),
        ("pk = :p and sk >= :1", Some(SortCondition::GreaterOrEqual(n("1")))),
        ("pk = :p AND :1 < sk", Some(SortCondition::Greater(n("1")))),
        ("pk = :p AND :1 <= sk", Some(SortCondition::GreaterOrEqual(n("1")))),
        ("pk = :p AND :1 > sk", Some(SortCondition::Less(n("1")))),
        ("pk = :p AND :1 >= sk", Some(SortCondition::LessOrEqual(n("1")))),
        ("pk = :p AND sk BETWEEN :1 AND :2", Some(SortCondition::Between(n("1"), n("2")))),
        ("pk = :p AND begins_with(sk, :x)", Some(SortCondition::BeginsWith(s("x")))),
        ("(pk = (:p)) AND begins_with((sk), (:x))", Some(SortCondition::BeginsWith(s("x")))),
    ] {
        let selection = parsed(text).unwrap().resolve(&keys(&["pk"], &["sk"])).unwrap();
        assert_eq!(selection, KeySelection { partition: vec![s("p")], equal: Vec::new(), sort }, "{text}");
    }
}

#[test]
fn key_conditions_of_a_wrong_form_are_refused() {
    for (text, expected) in [
        ("pk = :p OR sk = :1", "Invalid operator used in KeyConditionExpression: OR"),
        ("NOT NOT pk = :p", "Invalid operator used in KeyConditionExpression: NOT"),
        ("NOT pk = :p", "Invalid operator used in KeyConditionExpression: NOT"),
        ("pk IN (:p)", "Invalid operator used in KeyConditionExpression: IN"),
        ("pk <> :p", "Invalid operator used in KeyConditionExpression: <>"),
        ("pk = :p AND attribute_exists(sk)", "Invalid operator used in KeyConditionExpression: attribute_exists"),
        ("attribute_not_exists(pk)", "Invalid operator used in KeyConditionExpression: attribute_not_exists"),
        ("pk = :p AND contains(sk, :x)", "Invalid operator used in KeyConditionExpression: contains"),
        ("size(pk) = :1", "KeyConditionExpressions cannot contain nested operations"),
        ("pk.a = :p", "KeyConditionExpressions cannot have conditions on nested attributes"),
        ("pk[0] = :p", "KeyConditionExpressions cannot have conditions on nested attributes"),
        ("pk = :p AND pk = :x", "KeyConditionExpressions must only contain one condition per key"),
        ("pk = :p AND sk > :1 AND sk < :2", "KeyConditionExpressions must only contain one condition per key"),
        ("pk = sk", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"),
        (":p = :x", "Invalid condition in KeyConditionExpression: No key attribute specified"),
        (
            ":1 BETWEEN sk AND :2",
            "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its first \
             operand",
        ),
        (
            "begins_with(:x, sk)",
            "Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as its \
             first operand",
        ),
        (
            "begins_with(sk, :1)",
            "Invalid KeyConditionExpression: Incorrect operand type for operator or function; \
             operator or function: begins_with, operand type: N",
        ),
        ("pk = ", "Invalid KeyConditionExpression: Syntax error; token: \"<EOF>\", near: \"=\""),
    ] {
        assert_eq!(parsed(text).unwrap_err().message(), expected, "{text}");
    }
}

#[test]
fn key_conditions_must_fit_the_keys_of_the_table() {
    let (with, without) = (keys(&["pk"], &["sk"]), keys(&["pk"], &[]));
    for (text, keys, expected) in [
        ("sk = :1", &with, "Query condition missed key schema element: pk"),
        ("extra = :1", &without, "Query condition missed key schema element: pk"),
        ("extra = :1 AND sk = :1", &with, "Query condition missed key schema element: pk"),
        ("pk = :p AND extra = :1", &with, "Query condition missed key schema element: sk"),
        ("pk = :p AND extra = :1", &without, "Query key condition not supported"),
        ("pk > :p", &without, "Query key condition not supported"),
        ("begins_with(pk, :p) AND sk = :1", &with, "Query key condition not supported"),
        ("pk = :p AND sk > :1 AND extra < :2", &with, "Conditions can be of length 1 or 2 only"),
    ] {
        let error = parsed(text).unwrap().resolve(keys).unwrap_err();
        assert_eq!(error.message(), expected, "{text}");
    }
}

#[test]
fn conditions_on_keys_of_several_attributes_are_equalities_and_one_range() {
    let keys = keys(&["p", "q"], &["a", "b", "c"]);
    for (text, equal, sort) in [
        ("p = :p AND q = :x", vec![], None),
        ("a < :1 AND q = :x AND p = :p", vec![], Some(SortCondition::Less(n("1")))),
        ("p = :p AND b > :2 AND q = :x AND a = :1", vec![n("1")], Some(SortCondition::Greater(n("2")))),
        ("p = :p AND q = :x AND a = :1 AND b = :2", vec![n("1")], Some(SortCondition::Equal(n("2")))),
        (
            "p = :p AND q = :x AND a = :1 AND b = :2 AND begins_with(c, :x)",
            vec![n("1"), n("2")],
            Some(SortCondition::BeginsWith(s("x"))),
        ),
    ] {
        let selection = parsed(text).unwrap().resolve(&keys).unwrap();
        assert_eq!(selection, KeySelection { partition: vec![s("p"), s("x")], equal, sort }, "{text}");
    }
    let open = |open: &str, on: &str| {
        format!(
            "RANGE key attributes {open} must have equality conditions specified in the query because a condition is \
             present on key attribute {on}"
        )
    };
    for (text, expected) in [
        ("p = :p", "Query condition missed key schema element: q".to_owned()),
        ("p = :p AND q > :x", "Query key condition not supported".to_owned()),
        ("p = :p AND q = :x AND b = :1", open("a", "b")),
        ("p = :p AND q = :x AND a > :1 AND b = :1", open("a", "b")),
        ("p = :p AND q = :x AND b < :2 AND c = :1", open("a, b", "c")),
        ("p = :p AND q = :x AND extra = :1", "Query condition missed key schema element: a".to_owned()),
    ] {
        assert_eq!(parsed(text).unwrap().resolve(&keys).unwrap_err().message(), expected, "{text}");
    }
}

#[test]
fn the_operands_of_a_sort_condition_are_its_values() {
    let between = SortCondition::Between(n("1"), n("2"));
    assert_eq!(between.operands().cloned().collect::<Vec<_>>(), [n("1"), n("2")]);
    assert_eq!(SortCondition::BeginsWith(s("x")).operands().cloned().collect::<Vec<_>>(), [s("x")]);
}

fn picked(text: &str) -> Item {
    let names = names(&[("#s", "status"), ("#d", "a.b")]);
    let mut substitutions = Substitutions::new(Some(&names), None).unwrap();
    let source = item(&[
        ("pk", s("k")),
        ("status", s("on")),
        ("a.b", n("9")),
        ("seq", l(&[n("0"), n("1"), m(&[("x", n("2")), ("y", n("3"))]), l(&[s("in")])])),
        ("tree", m(&[("leaf", n("4")), ("twig", m(&[("leaf", n("5"))]))])),
    ]);
    projection(text, &mut substitutions).unwrap_or_else(|error| panic!("{text}: {error}")).apply(&source)
}

#[test]
fn projections_pick_what_their_paths_lead_to() {
    for (text, expected) in [
        ("pk", item(&[("pk", s("k"))])),
        ("pk, #s", item(&[("pk", s("k")), ("status", s("on"))])),
        ("#d", item(&[("a.b", n("9"))])),
        ("absent", item(&[])),
        ("absent, pk", item(&[("pk", s("k"))])),
        ("tree.leaf", item(&[("tree", m(&[("leaf", n("4"))]))])),
        ("tree.twig.leaf, tree.leaf", item(&[("tree", m(&[("leaf", n("4")), ("twig", m(&[("leaf", n("5"))]))]))])),
        ("tree.absent", item(&[])),
        ("tree.leaf.deeper", item(&[])),
        ("pk[0]", item(&[])),
        ("pk.x", item(&[])),
        ("tree[0]", item(&[])),
        ("seq.x", item(&[])),
        ("seq[1]", item(&[("seq", l(&[n("1")]))])),
        ("seq[3][0], seq[0]", item(&[("seq", l(&[n("0"), l(&[s("in")])]))])),
        ("seq[2].y, seq[1], seq[9]", item(&[("seq", l(&[n("1"), m(&[("y", n("3"))])]))])),
        ("seq[2].z", item(&[])),
        (" seq [ 1 ] ,pk ", item(&[("seq", l(&[n("1")])), ("pk", s("k"))])),
    ] {
        assert_eq!(picked(text), expected, "{text}");
    }
}

#[test]
fn faulty_projections_are_refused() {
    let names = names(&[("#a", "a"), ("#i", "[1]")]);
    for (text, expected) in [
        ("!!", "Syntax error; token: \"!\", near: \"!!\""),
        ("a,", "Syntax error; token: \"<EOF>\", near: \",\""),
        ("a b", "Syntax error; token: \"b\", near: \"a b\""),
        ("a, :b", "Syntax error; token: \":b\", near: \", :b\""),
        ("(a)", "Syntax error; token: \"(\", near: \"(a\""),
        ("a[-1]", "Syntax error; token: \"-\", near: \"[-1\""),
        ("a[#a]", "Syntax error; token: \"#a\", near: \"[#a]\""),
        ("size(a)", "Syntax error; token: \"(\", near: \"size(a\""),
        ("a, status, #x", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("a, #x, a", "An expression attribute name used in the document path is not defined; attribute name: #x"),
        (
            "a, a.b",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; \
             path one: [a], path two: [a, b]",
        ),
        (
            "a, b, #a",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; \
             path one: [a], path two: [a]",
        ),
        (
            "b[1].c, a, b[1]",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; \
             path one: [b, [1], c], path two: [b, [1]]",
        ),
        (
            "a[1], a.b",
            "Two document paths conflict with each other; must remove or rewrite one of these paths; \
             path one: [a, [1]], path two: [a, b]",
        ),
        (
            "a[1], a.#i",
            "Two document paths conflict with each other; must remove or rewrite one of these paths; \
             path one: [a, [1]], path two: [a, [1]]",
        ),
        (
            "a[1], a.b, c, c",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; \
             path one: [c], path two: [c]",
        ),
    ] {
        let message = message(Kind::Projection, text, Some(&names), None);
        assert_eq!(message, Some(format!("Invalid ProjectionExpression: {expected}")), "{text}");
    }
}
