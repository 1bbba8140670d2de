use super::*;

fn sample() -> Item {
    item(&[
        ("str", s("hello")),
        ("accent", s("éà😀")),
        ("num", n("5")),
        ("neg", n("-10")),
        ("bin", b(b"\x01\x02\x03")),
        ("yes", AttributeValue::Bool(true)),
        ("nil", AttributeValue::Null),
        ("tags", ss(&["a", "b"])),
        ("nums", ns(&["1", "2"])),
        ("bins", bs(&[b"x", b"y"])),
        ("seq", l(&[n("1"), s("two"), l(&[s("deep")]), m(&[("k", n("7"))])])),
        ("tree", m(&[("leaf", s("green")), ("branch", m(&[("leaf", n("3"))]))])),
        ("same", s("hello")),
        ("blank", s("")),
    ])
}

fn sample_values() -> Values {
    let mut values = every_type();
    values.extend(item(&[
        (":hello", s("hello")),
        (":he", s("he")),
        (":ell", s("ell")),
        (":z", s("z")),
        (":empty", s("")),
        (":3", n("3")),
        (":5", n("5")),
        (":5_0", n("5.0")),
        (":7", n("7")),
        (":10", n("10")),
        (":neg", n("-10")),
        (":bin", b(b"\x01\x02")),
        (":mid", b(b"\x02\x03")),
        (":x", b(b"x")),
        (":ba", ss(&["b", "a"])),
        (":deep", l(&[s("deep")])),
        (":k7", m(&[("k", n("7"))])),
        (":S", s("S")),
        (":N", s("N")),
        (":M", s("M")),
        (":SS", s("SS")),
        (":NULL", s("NULL")),
        (":BOOL", s("BOOL")),
    ]));
    values
}

fn holds(text: &str, item: Option<&Item>) -> bool {
    let values = sample_values();
    let mut substitutions = Substitutions::new(None, Some(&values)).unwrap();
    condition(Kind::Filter, text, &mut substitutions).unwrap_or_else(|error| panic!("{text}: {error}")).evaluate(item)
}

#[test]
fn conditions_that_hold() {
    for text in [
        "str = :hello",
        "str = same",
        "num = :5_0",
        "yes = :bool",
        "nil = :null",
        "tags = :ba",
        "seq[2] = :deep",
        "seq[3] = :k7",
        "seq[3].k = :7",
        "tree.branch.leaf = :3",
        "str <> :he",
        "str <> :5",
        "absent <> :he",
        "absent <> gone",
        ":he <> absent",
        "num < :10",
        "neg < :3",
        "num <= :5",
        "num >= :5",
        "num > neg",
        "str > :he",
        "str < :z",
        "bin > :bin",
        "num BETWEEN :3 AND :7",
        "num BETWEEN :5 AND :5",
        "num BETWEEN neg AND :5",
        "str BETWEEN :he AND :z",
        "num IN (:3, :5)",
        "str IN (num, same)",
        "tags IN (:ba)",
        "attribute_exists(str)",
        "attribute_exists(nil)",
        "attribute_exists(seq[0])",
        "attribute_exists(tree.branch.leaf)",
        "attribute_not_exists(absent)",
        "attribute_not_exists(tree.lost)",
        "attribute_not_exists(seq[4])",
        "attribute_not_exists(seq.name_of)",
        "attribute_not_exists(str[0])",
        "attribute_type(str, :S)",
        "attribute_type(num, :N)",
        "attribute_type(tree, :M)",
        "attribute_type(tags, :SS)",
        "attribute_type(nil, :NULL)",
        "attribute_type(yes, :BOOL)",
        "begins_with(str, :he)",
        "begins_with(str, :empty)",
        "begins_with(bin, :bin)",
        "begins_with(:hello, str)",
        "contains(str, :ell)",
        "contains(str, :empty)",
        "contains(bin, :mid)",
        "contains(tags, :s)",
        "contains(nums, :n)",
        "contains(bins, :x)",
        "contains(seq, :n)",
        "contains(seq, :deep)",
        "contains(seq, :k7)",
        "contains(:hello, str)",
        "size(str) = :5",
        "size(bin) = :3",
        "size(tags) < :3",
        "size(seq) > size(tags)",
        "size(tree) = size(nums)",
        "size(blank) < :n",
        "size(accent) < :5",
        "size(accent) > :3",
        "size(seq) IN (:3, size(accent))",
        "size(str) BETWEEN :3 AND :7",
        "NOT str = :he",
        "NOT NOT str = :hello",
        "NOT attribute_exists(absent)",
        "str = :he OR num = :5",
        "str = :hello AND num = :5",
        "str = :he AND num = :3 OR num = :5",
        "num = :5 OR str = :he AND num = :3",
        "NOT (str = :he AND num = :5)",
        "NOT str = :he AND num = :5",
        "(str = :he OR num = :5) AND yes = :bool",
    ] {
        assert!(holds(text, Some(&sample())), "{text}");
    }
}

#[test]
fn conditions_that_do_not_hold() {
    for text in [
        "str = :he",
        "absent = :he",
        "absent = gone",
        "str = num",
        "str = :5",
        "num <> :5_0",
        "tags <> :ba",
        "tags = :ss",
        "absent < :5",
        "absent >= :5",
        "str < :5",
        "str >= :5",
        "num > :he",
        "yes > str",
        "tags < str",
        "num BETWEEN :7 AND :10",
        "absent BETWEEN :3 AND :7",
        "str BETWEEN :3 AND :7",
        "num BETWEEN :10 AND neg",
        "num BETWEEN :3 AND gone",
        "num IN (:3, :7)",
        "absent IN (:3)",
        "absent IN (gone)",
        "attribute_exists(absent)",
        "attribute_exists(tree.leaf.more)",
        "attribute_not_exists(nil)",
        "attribute_type(str, :N)",
        "attribute_type(absent, :S)",
        "begins_with(str, :ell)",
        "begins_with(absent, :he)",
        "begins_with(num, :he)",
        "begins_with(bin, :he)",
        "contains(str, :z)",
        "contains(str, :n)",
        "contains(absent, :ell)",
        "contains(tags, :z)",
        "contains(tags, :n)",
        "contains(nums, :s)",
        "contains(seq, :z)",
        "contains(tree, :s)",
        "contains(num, :5)",
        "size(num) = :n",
        "size(absent) = :3",
        "size(yes) >= :n",
        "size(str) = :he",
        "NOT str = :hello",
        "str = :he OR num = :3",
        "str = :hello AND num = :3",
        "NOT NOT str = :he",
    ] {
        assert!(!holds(text, Some(&sample())), "{text}");
    }
}

#[test]
fn an_item_that_does_not_exist_has_no_attributes() {
    for (text, expected) in [
        ("attribute_not_exists(pk)", true),
        ("attribute_exists(pk)", false),
        ("pk = :hello", false),
        ("pk <> :hello", true),
        ("NOT pk = :hello", true),
        ("size(pk) > :n", false),
    ] {
        assert_eq!(holds(text, None), expected, "{text}");
    }
}

#[test]
fn a_condition_tells_which_attributes_it_reads() {
    let names = names(&[("#t", "tree")]);
    let values = item(&[(":v", n("1"))]);
    let mut substitutions = Substitutions::new(Some(&names), Some(&values)).unwrap();
    let condition = condition(Kind::Filter, "size(#t.leaf) > :v AND (a = b OR c[0] = :v)", &mut substitutions).unwrap();
    assert_eq!(condition.top_level_names().collect::<Vec<_>>(), ["tree", "a", "b", "c"]);
    substitutions.finish().unwrap();
}
