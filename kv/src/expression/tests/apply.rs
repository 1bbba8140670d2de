use super::*;

fn sample() -> Item {
    item(&[
        ("pk", s("k")),
        ("num", n("5")),
        ("word", s("abc")),
        ("tags", ss(&["a", "b"])),
        ("nums", ns(&["1", "2"])),
        ("bins", bs(&[b"x"])),
        ("seq", l(&[n("0"), n("1"), n("2"), n("3")])),
        ("grid", l(&[l(&[n("1")]), m(&[("x", n("2"))])])),
        ("tree", m(&[("leaf", n("4")), ("twig", m(&[("leaf", n("5"))]))])),
    ])
}

fn applied(text: &str) -> Result<Item, String> {
    let values = item(&[
        (":1", n("1")),
        (":2", n("2")),
        (":9", n("9")),
        (":s", s("new")),
        (":l", l(&[s("x"), s("y")])),
        (":m", m(&[("k", n("1"))])),
        (":a", ss(&["a"])),
        (":ab", ss(&["a", "b"])),
        (":bc", ss(&["b", "c"])),
        (":n", ns(&["2", "3"])),
        (":x", bs(&[b"x", b"y"])),
    ]);
    let mut substitutions = Substitutions::new(None, Some(&values)).unwrap();
    let update = update(text, &mut substitutions).unwrap_or_else(|error| panic!("{text}: {error}"));
    update.apply(&sample()).map(|updated| updated.item).map_err(|error| error.to_string())
}

/// The attributes that differ afterwards; `None` for one that is gone.
type Changes = Vec<(&'static str, Option<AttributeValue>)>;

#[test]
fn updates_change_what_they_name_and_nothing_else() {
    let cases: Vec<(&str, Changes)> = vec![
        ("SET num = :9", vec![("num", Some(n("9")))]),
        ("SET fresh = :s", vec![("fresh", Some(s("new")))]),
        ("SET fresh = num", vec![("fresh", Some(n("5")))]),
        ("SET num = word, word = num", vec![("num", Some(s("abc"))), ("word", Some(n("5")))]),
        ("SET num = num + :2", vec![("num", Some(n("7")))]),
        ("SET num = num - :9", vec![("num", Some(n("-4")))]),
        ("SET fresh = :9 - num, num = :1", vec![("fresh", Some(n("4"))), ("num", Some(n("1")))]),
        ("SET fresh = if_not_exists(fresh, :1)", vec![("fresh", Some(n("1")))]),
        ("SET num = if_not_exists(num, :1)", vec![]),
        ("SET fresh = if_not_exists(fresh, :1) + :2", vec![("fresh", Some(n("3")))]),
        ("SET fresh = if_not_exists(gone, if_not_exists(num, :1))", vec![("fresh", Some(n("5")))]),
        ("SET seq = list_append(seq, :l)", vec![("seq", Some(l(&[n("0"), n("1"), n("2"), n("3"), s("x"), s("y")])))]),
        ("SET fresh = list_append(:l, :l)", vec![("fresh", Some(l(&[s("x"), s("y"), s("x"), s("y")])))]),
        (
            "SET fresh = list_append(if_not_exists(fresh, :l), :l)",
            vec![("fresh", Some(l(&[s("x"), s("y"), s("x"), s("y")])))],
        ),
        (
            "SET tree.leaf = :s, tree.fresh = :m",
            vec![(
                "tree",
                Some(m(&[("leaf", s("new")), ("fresh", m(&[("k", n("1"))])), ("twig", m(&[("leaf", n("5"))]))])),
            )],
        ),
        (
            "SET tree.twig.leaf = tree.leaf + :1",
            vec![("tree", Some(m(&[("leaf", n("4")), ("twig", m(&[("leaf", n("5"))]))])))],
        ),
        ("SET seq[1] = :s", vec![("seq", Some(l(&[n("0"), s("new"), n("2"), n("3")])))]),
        ("SET seq[40] = :2, seq[10] = :1", vec![("seq", Some(l(&[n("0"), n("1"), n("2"), n("3"), n("1"), n("2")])))]),
        ("SET seq[0] = seq[3], seq[3] = seq[0]", vec![("seq", Some(l(&[n("3"), n("1"), n("2"), n("0")])))]),
        ("REMOVE num, gone", vec![("num", None)]),
        ("REMOVE tree.twig", vec![("tree", Some(m(&[("leaf", n("4"))])))]),
        ("REMOVE tree.gone", vec![]),
        ("REMOVE seq[0], seq[2]", vec![("seq", Some(l(&[n("1"), n("3")])))]),
        ("REMOVE seq[9]", vec![]),
        ("REMOVE seq[0] SET seq[1] = :s", vec![("seq", Some(l(&[s("new"), n("2"), n("3")])))]),
        ("SET seq[7] = :s REMOVE seq[0]", vec![("seq", Some(l(&[n("1"), n("2"), n("3"), s("new")])))]),
        (
            "REMOVE grid[0][0] SET grid[1].x = :9, grid[5] = :1",
            vec![("grid", Some(l(&[l(&[]), m(&[("x", n("9"))]), n("1")])))],
        ),
        ("REMOVE grid[0] SET grid[1].y = :1", vec![("grid", Some(l(&[m(&[("x", n("2")), ("y", n("1"))])])))]),
        ("ADD num :2", vec![("num", Some(n("7")))]),
        ("ADD fresh :2", vec![("fresh", Some(n("2")))]),
        (
            "ADD tree.leaf :2, tree.fresh :2",
            vec![("tree", Some(m(&[("leaf", n("6")), ("fresh", n("2")), ("twig", m(&[("leaf", n("5"))]))])))],
        ),
        ("ADD seq[1] :9", vec![("seq", Some(l(&[n("0"), n("10"), n("2"), n("3")])))]),
        ("ADD tags :bc", vec![("tags", Some(ss(&["a", "b", "c"])))]),
        ("ADD nums :n", vec![("nums", Some(ns(&["1", "2", "3"])))]),
        ("ADD bins :x", vec![("bins", Some(bs(&[b"x", b"y"])))]),
        ("ADD fresh :bc", vec![("fresh", Some(ss(&["b", "c"])))]),
        ("DELETE tags :bc", vec![("tags", Some(ss(&["a"])))]),
        ("DELETE tags :ab", vec![("tags", None)]),
        ("DELETE nums :n", vec![("nums", Some(ns(&["1"])))]),
        ("DELETE bins :x", vec![("bins", None)]),
        ("DELETE gone :bc", vec![]),
        (
            "SET fresh = num REMOVE word ADD num :1 DELETE tags :a",
            vec![("fresh", Some(n("5"))), ("word", None), ("num", Some(n("6"))), ("tags", Some(ss(&["b"])))],
        ),
    ];
    for (text, changes) in cases {
        let mut expected = sample();
        for (name, value) in changes {
            match value {
                Some(value) => expected.insert(name.to_owned(), value),
                None => expected.remove(name),
            };
        }
        assert_eq!(applied(text), Ok(expected), "{text}");
    }
}

const OPERAND_TYPE: &str = "An operand in the update expression has an incorrect data type";
const MISSING: &str = "The provided expression refers to an attribute that does not exist in the item";
const INVALID_PATH: &str = "The document path provided in the update expression is invalid for update";

#[test]
fn updates_that_do_not_fit_the_item_are_refused() {
    for (text, expected) in [
        ("SET fresh = gone", MISSING),
        ("SET fresh = tree.gone", MISSING),
        ("SET fresh = seq[9]", MISSING),
        ("SET fresh = gone + :1", MISSING),
        ("SET fresh = list_append(gone, :l)", MISSING),
        ("SET fresh = if_not_exists(gone, lost)", MISSING),
        ("SET gone.x = :1", INVALID_PATH),
        ("SET gone[0] = :1", INVALID_PATH),
        ("SET tree.gone.x = :1", INVALID_PATH),
        ("SET tree[0] = :1", INVALID_PATH),
        ("SET seq.x = :1", INVALID_PATH),
        ("SET num.x = :1", INVALID_PATH),
        ("SET seq[9].x = :1", INVALID_PATH),
        ("REMOVE gone.x", INVALID_PATH),
        ("REMOVE num[0]", INVALID_PATH),
        ("ADD gone.x :1", INVALID_PATH),
        ("DELETE gone.x :ab", INVALID_PATH),
        ("SET num = word + :1", OPERAND_TYPE),
        ("SET num = tags - :1", OPERAND_TYPE),
        ("SET fresh = list_append(word, :l)", OPERAND_TYPE),
        ("SET fresh = list_append(if_not_exists(gone, :s), :l)", OPERAND_TYPE),
        ("SET fresh = if_not_exists(word, :1) + :1", OPERAND_TYPE),
        ("ADD word :1", OPERAND_TYPE),
        ("ADD num :ab", OPERAND_TYPE),
        ("ADD tags :1", OPERAND_TYPE),
        ("ADD tags :n", OPERAND_TYPE),
        ("ADD tree :ab", OPERAND_TYPE),
        ("DELETE tags :n", OPERAND_TYPE),
        ("DELETE num :n", OPERAND_TYPE),
        ("DELETE seq :ab", OPERAND_TYPE),
        // A wrong shape comes before a wrong type, and that before what is absent.
        ("SET num = word + :1, num2.x = :1", OPERAND_TYPE),
        ("SET num = word + :1, word.x = :1", INVALID_PATH),
        ("SET fresh = gone REMOVE gone.x", INVALID_PATH),
        ("SET gone.x = gone", INVALID_PATH),
        ("REMOVE gone.x SET fresh = gone", MISSING),
    ] {
        assert_eq!(applied(text), Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn sums_out_of_the_range_of_numbers_are_refused() {
    let values = item(&[(":big", n("9E125"))]);
    let old = item(&[("big", n("9E125"))]);
    for text in ["SET big = big + :big", "ADD big :big"] {
        let mut substitutions = Substitutions::new(None, Some(&values)).unwrap();
        let error = update(text, &mut substitutions).unwrap().apply(&old).unwrap_err();
        assert!(error.message().starts_with("Number overflow."), "{text}: {error}");
    }
}

#[test]
fn the_touched_paths_pick_the_old_and_the_new_values() {
    let values = item(&[(":1", n("1"))]);
    let mut substitutions = Substitutions::new(None, Some(&values)).unwrap();
    let update = update("SET tree.leaf = :1, fresh = :1 REMOVE num", &mut substitutions).unwrap();
    let updated = update.apply(&sample()).unwrap();
    assert_eq!(updated.touched.iter().map(Path::bracketed).collect::<Vec<_>>(), ["[tree, leaf]", "[fresh]", "[num]"]);
    assert_eq!(project(&updated.touched, &sample()), item(&[("tree", m(&[("leaf", n("4"))])), ("num", n("5"))]));
    assert_eq!(project(&updated.touched, &updated.item), item(&[("tree", m(&[("leaf", n("1"))])), ("fresh", n("1"))]));
}
