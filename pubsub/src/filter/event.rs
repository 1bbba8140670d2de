//! Messages as policies see them: fields with values.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, hash_map::Entry},
};

use super::{
    elements::{ElementId, Elements},
    lexer::{Kind, Lexer},
    number::Number,
    pattern::Scalar,
};
use crate::{AttributeValue, MessageAttribute};

/// How many bytes the paths of a body's values may have in all, counted again for each value: sixty-four times the
/// longest body. It keeps a body of few long names and many values from costing the square of its length.
const MOST_PATH_BYTES: usize = 16 << 20;

/// A message, read once for all policies of one scope.
///
/// The fields of a body are its values that are neither objects nor arrays. They are known by their path: the names on
/// the way to them, joined by dots, so that `{"a": {"b": 1}}` and `{"a.b": 1}` have the same field. An array is as many
/// values of one field; of the objects in an array the fields remember the element that they are in, for a policy does
/// not match fields of different elements of one array.
#[derive(Debug, Default)]
pub struct Event<'m> {
    fields: HashMap<Cow<'m, str>, Values<'m>>,
    pub(super) elements: Elements,
    /// That it is no object of JSON: nothing matches but a policy that asks nothing.
    is_unreadable: bool,
}

/// The values of a field. Most have one, which needs no list.
#[derive(Debug)]
enum Values<'m> {
    One(Value<'m>),
    Many(Vec<Value<'m>>),
}

impl<'m> Values<'m> {
    fn as_slice(&self) -> &[Value<'m>] {
        match self {
            Values::One(value) => std::slice::from_ref(value),
            Values::Many(values) => values,
        }
    }

    fn push(&mut self, value: Value<'m>) {
        match std::mem::replace(self, Values::Many(Vec::new())) {
            Values::One(first) => *self = Values::Many(vec![first, value]),
            Values::Many(mut values) => {
                values.push(value);
                *self = Values::Many(values);
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Value<'m> {
    pub(super) scalar: Scalar<'m>,
    /// The innermost element of an array whose object the value belongs to.
    pub(super) element: ElementId,
}

impl<'m> Event<'m> {
    /// A message by its attributes. Binaries are no fields. Arrays have a value for each of their elements.
    ///
    /// As the service documents, quotation marks and backslashes of attributes are compared as they are written in
    /// JSON: the policy has to say `"a\\\"b"` for the attribute `a"b`.
    /// Source: <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>
    #[must_use]
    pub fn of_attributes(attributes: &'m BTreeMap<String, MessageAttribute>) -> Event<'m> {
        let mut event = Event::default();
        for (name, attribute) in attributes {
            let AttributeValue::Text(text) = &attribute.value else { continue };
            let name = name.as_str();
            match attribute.data_type.as_str() {
                "String.Array" | "Number.Array" => event.add_array(name, text),
                number if number == "Number" || number.starts_with("Number.") => {
                    let text = text.trim();
                    let number = Number::read(text).unwrap_or_else(|| Number::Beyond(text.into()));
                    event.add(name.into(), Scalar::Number(number), Elements::NONE);
                }
                binary if binary == "Binary" || binary.starts_with("Binary.") => {}
                _ => event.add(name.into(), Scalar::Text(as_in_json(text.into())), Elements::NONE),
            }
        }
        event
    }

    fn add_array(&mut self, name: &'m str, text: &'m str) {
        let mut lexer = Lexer::new(text);
        let mut values = Vec::new();
        let mut objects = 0_usize;
        loop {
            let Ok(token) = lexer.next() else { return };
            let Some(token) = token else { break };
            let scalar = match token.kind {
                Kind::StartObject => {
                    objects += 1;
                    continue;
                }
                Kind::EndObject => {
                    objects = objects.saturating_sub(1);
                    continue;
                }
                Kind::Text => Some(Scalar::Text(as_in_json(token.text))),
                kind => scalar_of(kind, token.text),
            };
            // An object is no value, and so is what is in it.
            values.extend(scalar.filter(|_| objects == 0));
        }
        for scalar in values {
            self.add(name.into(), scalar, Elements::NONE);
        }
    }

    /// A message by its body. A body that is not an object of JSON, or nests deeper than 1,000, has no fields, and
    /// matches no policy but the empty one.
    #[must_use]
    pub fn of_body(body: &'m str) -> Event<'m> {
        // A field in twenty bytes or so: a table that is large enough from the beginning need not grow.
        let fields = HashMap::with_capacity((body.len() / 20).clamp(4, 256));
        let mut event = Event { fields, ..Event::default() };
        if event.read(body).is_none() {
            event = Event { is_unreadable: true, ..Event::default() };
        }
        event
    }

    /// Reads a body. None if it is not an object of JSON, or its paths are too long.
    fn read(&mut self, body: &'m str) -> Option<()> {
        let mut lexer = Lexer::new(body);
        let mut path = Path::default();
        let mut path_bytes = 0_usize;
        let mut open = Vec::new();
        if lexer.next().ok()??.kind != Kind::StartObject {
            return None;
        }
        open.push(Open { is_object: true, path: 0, element: Elements::NONE });
        while let Some(token) = lexer.next().ok()? {
            // Behind the end of the body there is nothing to read.
            let &Open { is_object, path: length, element } = open.last()?;
            match token.kind {
                Kind::Name => path.enter(length, open.len() > 1, token.text),
                Kind::StartObject | Kind::StartArray => {
                    let element = if is_object { element } else { self.elements.enter(element) };
                    if token.kind == Kind::StartArray {
                        self.elements.open_array();
                    }
                    open.push(Open { is_object: token.kind == Kind::StartObject, path: path.len(), element });
                }
                Kind::EndObject | Kind::EndArray => {
                    open.pop();
                    if !is_object {
                        self.elements.close_array();
                    }
                    if open.last().is_some_and(|outer| !outer.is_object) {
                        self.elements.leave(element);
                    }
                    path.leave(length);
                }
                kind => {
                    path_bytes += path.len();
                    if path_bytes > MOST_PATH_BYTES {
                        return None;
                    }
                    self.add(path.to_field(), scalar_of(kind, token.text)?, element);
                }
            }
        }
        Some(())
    }

    fn add(&mut self, path: Cow<'m, str>, scalar: Scalar<'m>, element: ElementId) {
        let value = Value { scalar, element };
        match self.fields.entry(path) {
            Entry::Occupied(mut entry) => entry.get_mut().push(value),
            Entry::Vacant(entry) => {
                entry.insert(Values::One(value));
            }
        }
    }

    /// The values of a field, in the order in which they stand.
    pub(super) fn values(&self, path: &str) -> &[Value<'m>] {
        self.fields.get(path).map_or(&[], Values::as_slice)
    }

    pub(super) fn fields(&self) -> impl ExactSizeIterator<Item = (&str, &[Value<'m>])> {
        self.fields.iter().map(|(path, values)| (&**path, values.as_slice()))
    }

    pub(super) fn is_unreadable(&self) -> bool {
        self.is_unreadable
    }
}

fn scalar_of(kind: Kind, text: Cow<'_, str>) -> Option<Scalar<'_>> {
    Some(match kind {
        Kind::Text => Scalar::Text(text),
        Kind::Number => Scalar::Number(Number::read(&text)?),
        Kind::True => Scalar::True,
        Kind::False => Scalar::False,
        Kind::Null => Scalar::Null,
        _ => return None,
    })
}

/// A text with quotation marks and backslashes as they are written in JSON.
fn as_in_json(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains(['"', '\\']) { text.replace('\\', "\\\\").replace('"', "\\\"").into() } else { text }
}

/// An object or array that the reader is in.
#[derive(Clone, Copy)]
struct Open {
    is_object: bool,
    /// How long its path is.
    path: usize,
    /// The element that it is, or is in.
    element: ElementId,
}

/// Where in a body the reader is.
#[derive(Debug, Default)]
struct Path<'m> {
    /// The only name, while there is one: most bodies are flat, and their names need no copy.
    single: Option<Cow<'m, str>>,
    joined: String,
}

impl<'m> Path<'m> {
    fn len(&self) -> usize {
        self.single.as_ref().map_or(self.joined.len(), |single| single.len())
    }

    /// Enters a name behind the first bytes of the path.
    fn enter(&mut self, length: usize, is_nested: bool, name: Cow<'m, str>) {
        if is_nested {
            if let Some(single) = self.single.take() {
                self.joined = single.into_owned();
            }
            self.joined.truncate(length);
            self.joined.push('.');
            self.joined.push_str(&name);
        } else {
            self.single = Some(name);
        }
    }

    /// Goes back to the first bytes of the path.
    fn leave(&mut self, length: usize) {
        if self.single.is_none() {
            self.joined.truncate(length);
        }
    }

    fn to_field(&self) -> Cow<'m, str> {
        self.single.clone().unwrap_or_else(|| Cow::Owned(self.joined.clone()))
    }
}
