//! Random updates against the plainest implementation there can be, on decoded documents.

use bson::Bson;
use proptest::{collection::vec, prelude::*};

use super::*;

const NAMES: [&str; 4] = ["a", "b", "c", "0"];

fn value() -> impl Strategy<Value = Bson> {
    let leaf = prop_oneof![
        (-5..5_i32).prop_map(Bson::Int32),
        (-5..5_i64).prop_map(Bson::Int64),
        Just(Bson::Null),
        "[xy]{0,2}".prop_map(Bson::String),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Bson::Array),
            vec((prop::sample::select(&NAMES[..]), inner), 0..4).prop_map(|fields| {
                Bson::Document(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

fn path() -> impl Strategy<Value = String> {
    vec(prop::sample::select(&NAMES[..]), 1..4).prop_map(|parts| parts.join("."))
}

#[derive(Debug, Clone)]
enum Change {
    Set(Bson),
    Unset,
    Inc(i32),
    Push(Bson),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        value().prop_map(Change::Set),
        Just(Change::Unset),
        (-3..3_i32).prop_map(Change::Inc),
        value().prop_map(Change::Push),
    ]
}

/// The value at a path after the change; `None` if it is refused.
fn changed(change: &Change, value: Option<&Bson>) -> Option<Option<Bson>> {
    match (change, value) {
        (Change::Set(new), _) => Some(Some(new.clone())),
        (Change::Unset, _) => Some(None),
        (Change::Inc(by), None) => Some(Some(Bson::Int32(*by))),
        (Change::Inc(by), Some(Bson::Int32(value))) => Some(Some(Bson::Int32(value + by))),
        (Change::Inc(by), Some(Bson::Int64(value))) => Some(Some(Bson::Int64(value + i64::from(*by)))),
        (Change::Push(item), None) => Some(Some(Bson::Array(vec![item.clone()]))),
        (Change::Push(item), Some(Bson::Array(items))) => {
            Some(Some(Bson::Array(items.iter().cloned().chain([item.clone()]).collect())))
        }
        (Change::Inc(_) | Change::Push(_), Some(_)) => None,
    }
}

fn naive(place: &mut Bson, path: &[&str], change: &Change) -> Option<()> {
    let (name, rest) = path.split_first().unwrap();
    match place {
        Bson::Document(document) if rest.is_empty() => {
            match changed(change, document.get(name))? {
                Some(value) => {
                    document.insert(*name, value);
                }
                None => {
                    document.remove(name);
                }
            }
            Some(())
        }
        Bson::Document(document) => {
            if !document.contains_key(name) {
                if matches!(change, Change::Unset) {
                    return Some(());
                }
                document.insert(*name, Document::new());
            }
            naive(document.get_mut(name).unwrap(), rest, change)
        }
        Bson::Array(items) => match (*name == "0", items.is_empty()) {
            (true, true) if matches!(change, Change::Unset) => Some(()),
            (true, is_empty) => {
                if is_empty {
                    items.push(Bson::Document(Document::new()));
                }
                if rest.is_empty() {
                    let old = if is_empty { None } else { items.first() };
                    items[0] = changed(change, old)?.unwrap_or(Bson::Null);
                    Some(())
                } else {
                    naive(&mut items[0], rest, change)
                }
            }
            (false, _) => matches!(change, Change::Unset).then_some(()),
        },
        _ => matches!(change, Change::Unset).then_some(()),
    }
}

proptest! {
    #[test]
    fn an_update_does_what_the_plainest_one_does(
        fields in vec((prop::sample::select(&NAMES[..]), value()), 0..4),
        changes in vec((path(), change()), 1..4),
    ) {
        let mut document = doc! { "_id": 1 };
        document.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let mut modifications = Document::new();
        let mut expected = Some(Bson::Document(document.clone()));
        for (path, change) in &changes {
            let (operator, operand) = match change {
                Change::Set(value) => ("$set", value.clone()),
                Change::Unset => ("$unset", 1.into()),
                Change::Inc(by) => ("$inc", (*by).into()),
                Change::Push(value) => ("$push", doc! { "$each": [value.clone()] }.into()),
            };
            let paths = modifications.entry(operator.to_owned()).or_insert_with(|| Document::new().into());
            paths.as_document_mut().unwrap().insert(path, operand);
            let parts: Vec<&str> = path.split('.').collect();
            expected = expected.and_then(|mut document| naive(&mut document, &parts, change).map(|()| document));
        }
        // Paths that exclude each other are for other tests.
        let below = |a: &str, b: &str| a == b || a.strip_prefix(b).is_some_and(|rest| rest.starts_with('.'));
        for (index, (path, _)) in changes.iter().enumerate() {
            prop_assume!(changes[index + 1..].iter().all(|(other, _)| !below(path, other) && !below(other, path)));
        }
        match expected {
            Some(expected) => {
                prop_assert_eq!(Bson::Document(update(&document, &modifications).unwrap()), expected);
            }
            None => prop_assert!(update(&document, &modifications).is_err()),
        }
    }
}
