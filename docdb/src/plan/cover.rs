//! Covered queries: documents made of the keys of an index alone.

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    filter::Node,
    plan::{IndexScan, candidate::path_of},
    value::{DocumentBuilder, Path, fields},
};

/// How the values of an index's keys make a document.
#[derive(Debug, Clone)]
pub(crate) struct Cover {
    paths: Vec<Path>,
}

/// The name of a value in an entry that stands for a field that is not there; others have none.
pub(crate) const MISSING: &str = "-";

impl Cover {
    /// If a scan's keys have all that is asked for: the paths of the result, and what the filter looks at.
    pub(crate) fn new(scan: &IndexScan, wanted: &[Path], filter: &Node) -> Option<Cover> {
        let index = &scan.index;
        if !index.is_plain() || index.is_multikey() || index.row.truncated || index.collation.is_some() {
            return None;
        }
        let paths: Vec<Path> = index.fields.iter().map(|field| field.path.clone()).collect();
        let whole = |path: &Path| paths.contains(path);
        let numeric = |path: &Path| path.parts().iter().any(|part| part.index.is_some());
        let overlapping = paths
            .iter()
            .enumerate()
            .any(|(at, path)| paths.iter().enumerate().any(|(other, prefix)| at != other && path.starts_with(prefix)));
        (wanted.iter().all(whole) && looks_only_at(filter, &paths) && !overlapping && !paths.iter().any(numeric))
            .then_some(Cover { paths })
    }

    /// The document that a key is of; `None` if the key does not say.
    pub(crate) fn document(&self, values: &RawDocument) -> Option<RawDocumentBuf> {
        let mut found: Vec<(&Path, RawBsonRef<'_>)> = Vec::with_capacity(self.paths.len());
        for (path, (name, value)) in self.paths.iter().zip(fields(values)) {
            if name != MISSING {
                found.push((path, value));
            } else if path.parts().len() > 1 {
                return None;
            }
        }
        Some(nest(&found, 0))
    }
}

/// Builds the document with these values; paths that begin alike are next to each other or are brought together.
fn nest(values: &[(&Path, RawBsonRef<'_>)], depth: usize) -> RawDocumentBuf {
    let mut document = DocumentBuilder::new();
    let mut done: Vec<&str> = Vec::new();
    for (path, value) in values {
        let Some(part) = path.parts().get(depth) else { continue };
        if done.contains(&&*part.name) {
            continue;
        }
        done.push(&part.name);
        if path.parts().len() == depth + 1 {
            document.append(&part.name, *value);
        } else {
            let below: Vec<(&Path, RawBsonRef<'_>)> = values
                .iter()
                .filter(|(other, _)| other.parts().get(depth).is_some_and(|other| other.name == part.name))
                .copied()
                .collect();
            document.append(&part.name, RawBsonRef::Document(&nest(&below, depth + 1)));
        }
    }
    document.finish()
}

fn looks_only_at(node: &Node, paths: &[Path]) -> bool {
    match node {
        Node::And(all) | Node::Or(all) | Node::Nor(all) => all.iter().all(|node| looks_only_at(node, paths)),
        Node::Not(inner) => looks_only_at(inner, paths),
        Node::Compare { .. }
        | Node::In { .. }
        | Node::Exists { .. }
        | Node::Type { .. }
        | Node::Regex { .. }
        | Node::Mod { .. } => path_of(node).is_some_and(|path| paths.contains(path)),
        Node::False => true,
        _ => false,
    }
}
