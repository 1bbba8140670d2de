//! Conditions and updates of typed tables, built in Rust: no text, no placeholders.

use std::ops::Not;
use std::sync::Arc;

use serde::Serialize;

use super::to_attribute_value;
use crate::expression::{
    self, Change, Comparator, Kind, MAX_OPERATORS, MAX_PATH_LEVELS, Node, Path, PathElement, Source, Term,
    check_clashes,
};
use crate::value::{AttributeValue, MAX_ATTRIBUTE_NAME_BYTES};
use crate::{Error, Result};

/// An attribute by the name that serde gives it, or a place inside of one.
///
/// See [`Condition`] and [`Update`] for what it is used in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attr(Path);

/// The attribute of this name.
#[must_use]
pub fn attr(name: &str) -> Attr {
    Attr(Path::name(name))
}

impl From<&str> for Attr {
    fn from(name: &str) -> Attr {
        attr(name)
    }
}

impl Attr {
    /// The member of this name, of a map.
    #[must_use]
    pub fn member(self, name: &str) -> Attr {
        Attr(self.0.then(PathElement::Name(name.into())))
    }

    /// The element at this place, from 0, of a list. Setting one past the end appends it.
    #[must_use]
    pub fn at(self, index: usize) -> Attr {
        Attr(self.0.then(PathElement::Index(index)))
    }

    /// It is there, whatever it holds.
    #[must_use]
    pub fn exists(self) -> Condition {
        self.test(Node::Exists)
    }

    /// It is not there; an item that is missing has no attributes.
    #[must_use]
    pub fn is_missing(self) -> Condition {
        self.test(Node::NotExists)
    }

    /// It is there and equal to this, in type and value.
    #[must_use]
    pub fn equals(self, value: &(impl Serialize + ?Sized)) -> Condition {
        self.compare(Comparator::Equal, value)
    }

    /// It is missing, or of another type or value than this.
    #[must_use]
    pub fn differs(self, value: &(impl Serialize + ?Sized)) -> Condition {
        self.compare(Comparator::NotEqual, value)
    }

    /// It is of the type of this number, string or binary, and less.
    #[must_use]
    pub fn less(self, value: &(impl Serialize + ?Sized)) -> Condition {
        self.compare(Comparator::Less, value)
    }

    /// As [`less`](Attr::less), or equal.
    #[must_use]
    pub fn at_most(self, value: &(impl Serialize + ?Sized)) -> Condition {
        self.compare(Comparator::LessOrEqual, value)
    }

    /// It is of the type of this number, string or binary, and greater.
    #[must_use]
    pub fn greater(self, value: &(impl Serialize + ?Sized)) -> Condition {
        self.compare(Comparator::Greater, value)
    }

    /// As [`greater`](Attr::greater), or equal.
    #[must_use]
    pub fn at_least(self, value: &(impl Serialize + ?Sized)) -> Condition {
        self.compare(Comparator::GreaterOrEqual, value)
    }

    /// It is a string or binary that begins with this one.
    #[must_use]
    pub fn begins_with(self, start: &(impl Serialize + ?Sized)) -> Condition {
        self.with(start, &["S", "B"], |path, start| Node::BeginsWith(Term::Path(path), start))
    }

    /// It is a string that has this in it, or a set or list with this member.
    #[must_use]
    pub fn contains(self, member: &(impl Serialize + ?Sized)) -> Condition {
        self.with(member, &[], |path, member| Node::Contains(Term::Path(path), member))
    }

    fn compare(self, comparator: Comparator, value: &(impl Serialize + ?Sized)) -> Condition {
        let types: &[&str] = if comparator.is_ordering() { &["S", "N", "B"] } else { &[] };
        self.with(value, types, |path, right| Node::Compare { comparator, left: Term::Path(path), right })
    }

    fn test(self, node: impl FnOnce(Path) -> Node) -> Condition {
        Condition { built: self.checked().map(|path| leaf(node(path.clone()), path)), operators: 1 }
    }

    /// `types` are those that the value may be of; none stands for all.
    fn with(
        self,
        value: &(impl Serialize + ?Sized),
        types: &[&str],
        node: impl FnOnce(Path, Term) -> Node,
    ) -> Condition {
        let built = self.checked().and_then(|path| {
            let value = operand(value, types)?;
            Ok(leaf(node(path.clone(), Term::Value(value)), path))
        });
        Condition { built, operators: 1 }
    }

    fn checked(self) -> std::result::Result<Path, Refused> {
        let Attr(path) = self;
        let levels = 1 + path.rest().len();
        if levels > MAX_PATH_LEVELS {
            return Err(Refused::Invalid(format!(
                "a path has at most {MAX_PATH_LEVELS} levels, and this one {levels}"
            )));
        }
        let members = path.rest().iter().filter_map(|element| match element {
            PathElement::Name(name) => Some(&**name),
            PathElement::Index(_) => None,
        });
        if std::iter::once(path.head()).chain(members).all(|name| (1..=MAX_ATTRIBUTE_NAME_BYTES).contains(&name.len()))
        {
            return Ok(path);
        }
        Err(Refused::Invalid(format!("the name of an attribute has 1 to {MAX_ATTRIBUTE_NAME_BYTES} bytes")))
    }
}

fn leaf(node: Node, path: Path) -> expression::Condition {
    expression::Condition::of(node, vec![path])
}

fn operand(value: &(impl Serialize + ?Sized), types: &[&str]) -> std::result::Result<Arc<AttributeValue>, Refused> {
    let value = to_attribute_value(value).map_err(|error| Refused::Serde(error.to_string()))?;
    if types.is_empty() || types.contains(&value.type_name()) {
        return Ok(Arc::new(value));
    }
    Err(Refused::Invalid(format!(
        "a value of type {} stands where one of {} must",
        value.type_name(),
        types.join(", ")
    )))
}

/// What is wrong with what was built. It is told where it is used, so that building reads as what is meant.
#[derive(Clone, Debug, PartialEq)]
enum Refused {
    Serde(String),
    Invalid(String),
}

impl From<&Refused> for Error {
    fn from(refused: &Refused) -> Error {
        match refused {
            Refused::Serde(message) => Error::Serde { message: message.clone() },
            Refused::Invalid(message) => Error::validation(message),
        }
    }
}

/// What must hold for an item: for a write to happen, or for a value to be found.
///
/// ```
/// use millpond_kv::typed::attr;
///
/// let sold_out = attr("seats").at_most(&0).or(attr("state").equals("closed"));
/// let bookable = attr("flight").exists().and(!sold_out);
/// # let _ = bookable;
/// ```
///
/// Of at most 300 comparisons, functions and what joins them. What is wrong with it is told by the call it is given to:
/// [`Error::Serde`] for a value that is no attribute's, [`Error::Validation`] for all else.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    built: std::result::Result<expression::Condition, Refused>,
    operators: usize,
}

impl Condition {
    /// Both hold.
    #[must_use]
    pub fn and(self, other: Condition) -> Condition {
        self.join(other, |left, right| match left {
            Node::And(mut nodes) => {
                nodes.push(right);
                Node::And(nodes)
            }
            left => Node::And(vec![left, right]),
        })
    }

    /// One of them holds, or both.
    #[must_use]
    pub fn or(self, other: Condition) -> Condition {
        self.join(other, |left, right| match left {
            Node::Or(mut nodes) => {
                nodes.push(right);
                Node::Or(nodes)
            }
            left => Node::Or(vec![left, right]),
        })
    }

    fn join(self, other: Condition, join: impl FnOnce(Node, Node) -> Node) -> Condition {
        let operators = self.operators.saturating_add(other.operators).saturating_add(1);
        let built = self.built.and_then(|left| Ok((left, other.built?)));
        let built = built.map(|(left, right)| left.join(right, join));
        Condition { built, operators }.bounded()
    }

    /// Evaluation goes down as deep as there are operators.
    fn bounded(mut self) -> Condition {
        if self.operators > MAX_OPERATORS && self.built.is_ok() {
            let text = format!("a condition has at most {MAX_OPERATORS} comparisons, functions and operators");
            self.built = Err(Refused::Invalid(text));
        }
        self
    }

    pub(super) fn read(&self) -> Result<&expression::Condition> {
        self.built.as_ref().map_err(Error::from)
    }
}

impl Not for Condition {
    type Output = Condition;

    /// It does not hold.
    fn not(self) -> Condition {
        let operators = self.operators.saturating_add(1);
        let built = self.built.map(|condition| condition.map(|node| Node::Not(Box::new(node))));
        Condition { built, operators }.bounded()
    }
}

/// Changes of single attributes, which are made together or not at all. All values are worked out from the item as it was.
///
/// ```
/// use millpond_kv::typed::{Update, attr};
///
/// let booked = Update::new()
///     .add("seats", &-1)
///     .set(attr("last").member("by"), "alice")
///     .append("log", &["booked"])
///     .remove("hold");
/// # let _ = booked;
/// ```
///
/// Of at most 300 changes, of places that do not lie in each other. What is wrong with it is told by the call it is given
/// to, as with [`Condition`].
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    built: std::result::Result<Vec<Change>, Refused>,
}

impl Default for Update {
    fn default() -> Update {
        Update::new()
    }
}

impl Update {
    /// No change yet.
    #[must_use]
    pub fn new() -> Update {
        Update { built: Ok(Vec::new()) }
    }

    /// Sets an attribute, whether it was there or not. What it lies in must be there.
    #[must_use]
    pub fn set(self, place: impl Into<Attr>, value: &(impl Serialize + ?Sized)) -> Update {
        self.with(place, value, &[], |path, value| Change::Set(path, Source::Value(value)))
    }

    /// Sets an attribute unless it is there.
    #[must_use]
    pub fn set_if_missing(self, place: impl Into<Attr>, value: &(impl Serialize + ?Sized)) -> Update {
        self.with(place, value, &[], |path, value| {
            Change::Set(path.clone(), Source::IfNotExists(path, Box::new(Source::Value(value))))
        })
    }

    /// Adds a number to a number, or the members of a set to a set. What is missing counts as zero or as empty.
    #[must_use]
    pub fn add(self, place: impl Into<Attr>, value: &(impl Serialize + ?Sized)) -> Update {
        self.with(place, value, &["N", "SS", "NS", "BS"], Change::Add)
    }

    /// Appends the elements of a list to a list; a missing one counts as empty.
    #[must_use]
    pub fn append(self, place: impl Into<Attr>, elements: &(impl Serialize + ?Sized)) -> Update {
        self.with(place, elements, &["L"], |path, elements| {
            let empty = Source::Value(Arc::new(AttributeValue::L(Vec::new())));
            let present = Source::IfNotExists(path.clone(), Box::new(empty));
            Change::Set(path, Source::ListAppend(Box::new(present), Box::new(Source::Value(elements))))
        })
    }

    /// Takes an attribute away; it may well be missing.
    #[must_use]
    pub fn remove(self, place: impl Into<Attr>) -> Update {
        let path = place.into().checked();
        self.push(path.map(Change::Remove))
    }

    /// Takes the members of this set (see [`sets`](super::sets)) out of a set. A set without members is taken away.
    #[must_use]
    pub fn delete(self, place: impl Into<Attr>, members: &(impl Serialize + ?Sized)) -> Update {
        self.with(place, members, &["SS", "NS", "BS"], Change::Delete)
    }

    fn with(
        self,
        place: impl Into<Attr>,
        value: &(impl Serialize + ?Sized),
        types: &[&str],
        change: impl FnOnce(Path, Arc<AttributeValue>) -> Change,
    ) -> Update {
        let path = place.into().checked();
        self.push(path.and_then(|path| Ok(change(path, operand(value, types)?))))
    }

    fn push(self, change: std::result::Result<Change, Refused>) -> Update {
        let built = self.built.and_then(|mut changes| {
            if changes.len() >= MAX_OPERATORS {
                return Err(Refused::Invalid(format!("an update has at most {MAX_OPERATORS} changes")));
            }
            changes.push(change?);
            Ok(changes)
        });
        Update { built }
    }

    pub(super) fn read(&self) -> Result<expression::Update> {
        let changes = self.built.as_ref().map_err(Error::from)?;
        let paths: Vec<Path> = changes.iter().map(|change| change.path().clone()).collect();
        check_clashes(&paths).map_err(|fault| fault.in_parameter(Kind::Update))?;
        Ok(expression::Update::of_changes(changes.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Substitutions;
    use crate::value::Item;

    fn values() -> Item {
        let number = |value: i32| AttributeValue::N(value.into());
        let text = |text: &str| AttributeValue::S(text.into());
        let list = AttributeValue::L(vec![text("x")]);
        let set = AttributeValue::string_set(vec!["x".into()]).unwrap();
        let empty = AttributeValue::L(Vec::new());
        let values = [(":1", number(1)), (":x", text("x")), (":l", list), (":s", set), (":e", empty)];
        values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn a_condition_is_the_one_that_its_text_reads_as() {
        let values = values();
        for (built, text) in [
            (attr("a").exists(), "attribute_exists(a)"),
            (attr("a").member("b").at(2).is_missing(), "attribute_not_exists(a.b[2])"),
            (attr("a").equals("x"), "a = :x"),
            (attr("a").differs(&1), "a <> :1"),
            (attr("a").less(&1), "a < :1"),
            (attr("a").at_most(&1), "a <= :1"),
            (attr("a").greater(&1), "a > :1"),
            (attr("a").at_least(&1), "a >= :1"),
            (attr("a").begins_with("x"), "begins_with(a, :x)"),
            (attr("a").contains("x"), "contains(a, :x)"),
            (attr("a").exists().and(attr("b").exists()).and(attr("c").exists()), {
                "attribute_exists(a) AND attribute_exists(b) AND attribute_exists(c)"
            }),
            (attr("a").exists().or(attr("b").exists()).or(!attr("c").equals(&1)), {
                "attribute_exists(a) OR attribute_exists(b) OR NOT c = :1"
            }),
            (attr("a").exists().or(attr("b").exists()).and(attr("c").exists()), {
                "(attribute_exists(a) OR attribute_exists(b)) AND attribute_exists(c)"
            }),
        ] {
            let mut substitutions = Substitutions::new(None, Some(&values)).unwrap();
            let read = expression::condition(Kind::Condition, text, &mut substitutions).unwrap();
            assert_eq!(built.read().unwrap(), &read, "{text}");
        }
    }

    #[test]
    fn an_update_is_the_one_that_its_text_reads_as() {
        let values = values();
        for (built, text) in [
            (Update::new().set("a", "x").set(attr("b").member("c"), &1), "SET a = :x, b.c = :1"),
            (Update::new().set_if_missing("a", &1), "SET a = if_not_exists(a, :1)"),
            (Update::new().append("a", &["x"]), "SET a = list_append(if_not_exists(a, :e), :l)"),
            (Update::new().add("a", &1), "ADD a :1"),
            (Update::new().remove("a").remove(attr("b").at(0)), "REMOVE a, b[0]"),
            (Update::new().delete("a", &AttributeValueSet), "DELETE a :s"),
        ] {
            let mut substitutions = Substitutions::new(None, Some(&values)).unwrap();
            assert_eq!(built.read().unwrap(), expression::update(text, &mut substitutions).unwrap(), "{text}");
        }
    }

    struct AttributeValueSet;

    impl Serialize for AttributeValueSet {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
            super::super::sets::strings::serialize(&["x"], serializer)
        }
    }

    #[test]
    fn what_is_wrong_is_told_where_it_is_used() {
        let nested = |levels| (1..levels).fold(attr("a"), |place, _| place.at(0));
        let joined = |leaves| (1..leaves).fold(attr("a").exists(), |all, _| all.and(attr("a").exists()));
        assert!(nested(MAX_PATH_LEVELS).exists().read().is_ok());
        assert!(joined(150).read().is_ok());
        for wrong in [
            nested(MAX_PATH_LEVELS + 1).exists(),
            attr("").exists(),
            attr("a").member("").equals(&1),
            attr(&"a".repeat(MAX_ATTRIBUTE_NAME_BYTES + 1)).exists(),
            attr("a").less(&true),
            attr("a").begins_with(&1),
            joined(151),
            (0..300).fold(attr("a").exists(), |inner, _| !inner),
            (0..1_000_000).fold(attr("a").exists(), |inner, _| !inner),
            attr("b").exists().and(attr("").exists()),
        ] {
            assert!(matches!(wrong.read(), Err(Error::Validation { .. })), "{:?}", wrong.read());
        }
        assert!(matches!(attr("a").equals(&f64::NAN).read(), Err(Error::Serde { .. })));
        let many =
            |changes: usize| (0..changes).fold(Update::new(), |update, nth| update.remove(attr(&format!("a{nth}"))));
        assert!(many(300).read().is_ok());
        for wrong in [
            many(301),
            Update::new().add("a", "x"),
            Update::new().append("a", &1),
            Update::new().delete("a", &1),
            Update::new().set("", &1),
            Update::new().set("a", &1).remove(attr("a").member("b")),
        ] {
            assert!(matches!(wrong.read(), Err(Error::Validation { .. })), "{:?}", wrong.read());
        }
        assert!(matches!(Update::new().set("a", &f64::INFINITY).read(), Err(Error::Serde { .. })));
    }
}
