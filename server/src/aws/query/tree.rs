//! From flat names to the JSON that an operation reads.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Dialect, Entry, Parameters};
use crate::aws::json::Failure;

/// No name needs as many parts: `SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringListValue.1` has seven.
const MAX_PARTS: usize = 10;

/// What stands under a name: a value, or names that begin with it and a dot.
#[derive(Default)]
struct Node<'a> {
    value: Option<&'a str>,
    parts: BTreeMap<&'a str, Node<'a>>,
}

/// Builds the body of a request.
///
/// # Errors
/// `SerializationException` for names of too many parts.
pub(super) fn build(dialect: Dialect, parameters: &Parameters) -> Result<Value, Failure> {
    let mut root = Node::default();
    for (name, value) in parameters.iter() {
        let mut node = &mut root;
        for (nth, part) in name.split('.').enumerate() {
            if nth == MAX_PARTS {
                return Err(Failure::serialization(format!("a parameter's name has more than {MAX_PARTS} parts")));
            }
            node = node.parts.entry(part).or_default();
        }
        node.value.get_or_insert(value);
    }
    Ok(structure(dialect, &root))
}

fn structure(dialect: Dialect, node: &Node<'_>) -> Value {
    let member = |(name, part): (&&str, &Node<'_>)| {
        // The same name may be a list here and a map there, and where lists are not flat the parts tell.
        let is_map = !dialect.service.flat && part.parts.contains_key("entry");
        if let Some(member) = dialect.list(name).filter(|_| !is_map) {
            return (member.to_owned(), list(dialect, part));
        }
        match dialect.map(name) {
            Some((entry, member)) => (member.to_owned(), map(dialect, entry, part)),
            None => ((*name).to_owned(), scalar_or_structure(dialect, name, part)),
        }
    };
    Value::Object(node.parts.iter().map(member).collect())
}

fn scalar_or_structure(dialect: Dialect, name: &str, node: &Node<'_>) -> Value {
    if !node.parts.is_empty() {
        return structure(dialect, node);
    }
    let value = node.value.unwrap_or_default();
    let number = dialect.service.numbers.contains(&name).then(|| value.parse::<i64>().ok()).flatten();
    // What is no number stays text, and is refused as text is refused in JSON.
    number.map_or_else(|| value.into(), Value::from)
}

fn list(dialect: Dialect, node: &Node<'_>) -> Value {
    let node = unwrapped(node);
    match node.value {
        // Some clients say so that there are none.
        Some("") => Value::Array(Vec::new()),
        // A single element needs no number.
        Some(value) => vec![value].into(),
        None => numbered(node).into_iter().map(|part| scalar_or_structure(dialect, "", part)).collect(),
    }
}

fn map(dialect: Dialect, entry: Entry, node: &Node<'_>) -> Value {
    let node = unwrapped(node);
    // A single entry needs no number.
    let parts = if node.parts.contains_key(entry.key) { vec![node] } else { numbered(node) };
    let pair = |part: &Node<'_>| {
        let key = part.parts.get(entry.key).or_else(|| part.parts.get("key"))?.value?.to_owned();
        let value = part.parts.get(entry.value).or_else(|| part.parts.get("value"));
        Some((key, value.map_or(Value::Null, |value| scalar_or_structure(dialect, "", value))))
    };
    Value::Object(parts.into_iter().filter_map(pair).collect::<Map<_, _>>())
}

/// Without the part that all clients add where lists and maps are not flat, and elsewhere those that do not know it.
fn unwrapped<'n, 'a>(node: &'n Node<'a>) -> &'n Node<'a> {
    node.parts.get("member").or_else(|| node.parts.get("entry")).unwrap_or(node)
}

/// The parts that are numbered, by their numbers.
fn numbered<'n, 'a>(node: &'n Node<'a>) -> Vec<&'n Node<'a>> {
    let numbered = node.parts.iter().filter_map(|(number, part)| Some((number.parse::<u32>().ok()?, part)));
    numbered.collect::<BTreeMap<_, _>>().into_values().collect()
}

impl Dialect {
    /// The list whose elements are called so, or that is itself.
    fn list(self, name: &str) -> Option<&'static str> {
        let mut lists = self.service.lists.iter();
        let is_element = |element| self.service.flat && self.is_called(element, name);
        lists.find(|(element, member)| is_element(element) || *member == name).map(|(_, member)| *member)
    }

    /// The map whose entries are called so, or that is itself.
    fn map(self, name: &str) -> Option<(Entry, &'static str)> {
        let mut maps = self.service.maps.iter();
        let is_entry = |entry: &Entry| self.service.flat && entry.name == name;
        maps.find(|(entry, member)| is_entry(entry) || *member == name).map(|(entry, member)| (*entry, *member))
    }

    /// Whether `name` is what the table calls so.
    pub(super) fn is_called(self, called: &str, name: &str) -> bool {
        match called.strip_prefix('*') {
            Some(rest) => name.strip_prefix(self.operation) == Some(rest),
            None => name == called,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::query::Service;

    const SERVICE: Service = Service {
        namespace: "ns",
        flat: true,
        has_detail: true,
        lists: &[("*Entry", "Entries"), ("Name", "Names")],
        answered_lists: &[],
        maps: &[(Entry { name: "Attribute", key: "Name", value: "Value" }, "Attributes")],
        numbers: &["Count"],
        first: &[],
    };

    const NESTED: Service = Service {
        flat: false,
        lists: &[("member", "Names"), ("member", "Entries"), ("member", "attributes")],
        maps: &[
            (Entry { name: "entry", key: "key", value: "value" }, "attributes"),
            (Entry { name: "entry", key: "Name", value: "Value" }, "Attributes"),
        ],
        ..SERVICE
    };

    fn built_by(service: &'static Service, form: &str) -> Value {
        let dialect = Dialect { service, operation: "Do" };
        build(dialect, &Parameters::parse(None, form.as_bytes()).unwrap()).unwrap()
    }

    fn built(form: &str) -> Value {
        built_by(&SERVICE, form)
    }

    #[test]
    fn lists_and_maps_may_have_their_elements_within() {
        let form = "Names.member.2=b&Names.member.10=c&Names.member.1=a&attributes.entry.1.key=x&attributes.entry.1.value=1\
            &Entries.member.1.Id=i&Entries.member.1.Attributes.entry.1.Name=n&Entries.member.1.Attributes.entry.1.Value.Type=t";
        assert_eq!(
            built_by(&NESTED, form),
            json!({
                "Names": ["a", "b", "c"],
                "attributes": { "x": "1" },
                "Entries": [{ "Id": "i", "Attributes": { "n": { "Type": "t" } } }]
            })
        );
        assert_eq!(
            built_by(&NESTED, "attributes.member.1=x&Names=&Count=2"),
            json!({ "attributes": ["x"], "Names": [], "Count": 2 })
        );
        assert_eq!(built_by(&NESTED, "Attributes.entry.1.Name=x"), json!({ "Attributes": { "x": null } }));
    }

    #[test]
    fn flat_names_become_lists_maps_and_numbers() {
        let form =
            "Count=3&Name.2=b&Name.10=c&Name.1=a&Attribute.1.Name=x&Attribute.1.Value=1&Attribute.2.Name=y&Text=7";
        assert_eq!(
            built(form),
            json!({ "Count": 3, "Names": ["a", "b", "c"], "Attributes": { "x": "1", "y": null }, "Text": "7" })
        );
        let nested =
            "DoEntry.1.Id=a&DoEntry.1.Count=-1&DoEntry.1.Attribute.1.Name=x&DoEntry.1.Attribute.1.Value.Type=t";
        assert_eq!(
            built(nested),
            json!({ "Entries": [{ "Id": "a", "Count": -1, "Attributes": { "x": { "Type": "t" } } }] })
        );
    }

    #[test]
    fn other_spellings_of_lists_and_maps_are_read() {
        for form in ["Name=a", "Name.1=a", "Names.member.1=a", "Name.member.1=a", "Name.7=a&Name.x=b"] {
            assert_eq!(built(form), json!({ "Names": ["a"] }), "{form}");
        }
        assert_eq!(built("Name="), json!({ "Names": [] }));
        for form in ["Attribute.Name=x&Attribute.Value=1", "Attributes.entry.1.key=x&Attributes.entry.1.value=1"] {
            assert_eq!(built(form), json!({ "Attributes": { "x": "1" } }), "{form}");
        }
    }

    #[test]
    fn what_is_no_number_stays_text() {
        assert_eq!(built("Count=many"), json!({ "Count": "many" }));
        assert_eq!(built("Count="), json!({ "Count": "" }));
    }

    #[test]
    fn names_are_bounded() {
        let dialect = Dialect { service: &SERVICE, operation: "Do" };
        let deep = format!("a{}=1", ".a".repeat(100_000));
        assert!(build(dialect, &Parameters::parse(None, deep.as_bytes()).unwrap()).is_err());
        assert_eq!(built(".=1&..=2&=3"), json!({ "": { "": { "": "2" } } }));
    }
}
