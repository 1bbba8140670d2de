//! The shape of a query: what two queries share that differ in their values only.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::{
    filter::Node,
    plan::{Query, candidate::path_of},
    value::Kind,
};

/// A hash of the filter without its values, of the sort, and of what else decides between plans.
pub(crate) fn shape(query: &Query) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash_node(query.filter.root(), &mut hasher);
    if let Some(sort) = query.sort.as_ref().and_then(|sort| sort.index_pattern()) {
        for (path, descending) in sort {
            (path.as_str(), descending).hash(&mut hasher);
        }
    }
    query.sort.is_some().hash(&mut hasher);
    for path in query.covered.iter().flatten() {
        path.as_str().hash(&mut hasher);
    }
    query.limit.is_some().hash(&mut hasher);
    format!("{:?}", query.context.collation).hash(&mut hasher);
    hasher.finish()
}

fn hash_node(node: &Node, hasher: &mut DefaultHasher) {
    std::mem::discriminant(node).hash(hasher);
    if let Some(path) = path_of(node) {
        path.as_str().hash(hasher);
    }
    match node {
        Node::And(all) | Node::Or(all) | Node::Nor(all) => {
            all.len().hash(hasher);
            all.iter().for_each(|node| hash_node(node, hasher));
        }
        Node::Not(inner) => hash_node(inner, hasher),
        Node::ElemMatchObject { filter, .. } | Node::ElemMatchValue { filter, .. } => hash_node(filter, hasher),
        // Which indexes can be used depends on the class of the value.
        Node::Compare { op, value, .. } => {
            std::mem::discriminant(op).hash(hasher);
            Kind::of(value.as_raw_bson_ref()).hash(hasher);
        }
        Node::In { values, .. } => values.iter().map(|value| Kind::of(value.as_raw_bson_ref())).max().hash(hasher),
        _ => {}
    }
}
