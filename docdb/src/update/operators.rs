//! An update by operators.

use std::collections::HashSet;

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    update::{
        apply::{Outcome, Walk},
        array_filters::ArrayFilters,
        check, modifier,
        modifier::{Scope, show},
        rename::Rename,
        set::Moved,
        tree::Tree,
        trie::{Branch, Leaf, Name, Node, identifier},
    },
    value::{fields, type_name},
};

#[derive(Debug)]
pub(crate) struct Operators {
    root: Branch,
    renames: Vec<Rename>,
    filters: ArrayFilters,
    /// All paths, as they were written.
    paths: Vec<Box<str>>,
}

impl Operators {
    pub(super) fn parse(
        update: &RawDocument,
        array_filters: &[RawDocumentBuf],
        context: &Context,
    ) -> Result<Operators> {
        let filters = ArrayFilters::parse(array_filters, context)?;
        let mut operators = Operators { root: Branch::default(), renames: Vec::new(), filters, paths: Vec::new() };
        for (name, operand) in fields(update) {
            if !modifier::is_known(name) {
                return modifier::unknown(name);
            }
            let RawBsonRef::Document(operand) = operand else {
                let message = format!(
                    "Modifiers operate on fields but we found type {} instead. For example: {{$mod: {{<field>: ...}}}} \
                     not {{{name}: {}}}",
                    type_name(operand),
                    show(operand)
                );
                return refuse(Code::FAILED_TO_PARSE, message);
            };
            for (path, value) in fields(operand) {
                operators.add(name, path, value, context)?;
            }
        }
        let used: HashSet<&str> =
            operators.paths.iter().flat_map(|path| path.split('.')).filter_map(identifier).collect();
        operators.filters.check_all_used(&used, update)?;
        Ok(operators)
    }

    fn add(&mut self, name: &str, path: &str, value: RawBsonRef<'_>, context: &Context) -> Result<()> {
        if name == "$rename" {
            let rename = Rename::parse(path, value)?;
            self.root.insert(rename.source(), Node::Source)?;
            let leaf = Leaf { modifier: Box::new(Moved(self.renames.len())), only_on_insert: false };
            self.root.insert(rename.target(), Node::Leaf(leaf))?;
            self.paths.push(rename.source().into());
            self.paths.push(rename.target().into());
            self.renames.push(rename);
            return Ok(());
        }
        let modifier = modifier::parse(name, path, value, context)?;
        self.root.insert(path, Node::Leaf(Leaf { modifier, only_on_insert: name == "$setOnInsert" }))?;
        for unknown in path.split('.').filter_map(identifier).filter(|identifier| !identifier.is_empty()) {
            if !self.filters.has(unknown) {
                let message = format!("No array filter found for identifier '{unknown}' in path '{path}'");
                return refuse(Code::BAD_VALUE, message);
            }
        }
        self.paths.push(path.into());
        Ok(())
    }

    pub(super) fn needs_position(&self) -> bool {
        self.paths.iter().any(|path| path.split('.').any(|part| part == "$"))
    }

    /// Paths up to what may be an index of an array.
    #[cfg(test)]
    pub(super) fn touches(&self) -> Option<Vec<crate::value::Path>> {
        let is_item = |part: &str| part.starts_with('$') || part.bytes().all(|byte| byte.is_ascii_digit());
        let paths = self.paths.iter().map(|path| {
            let parts: Vec<&str> = path
                .split('.')
                .enumerate()
                .take_while(|(index, part)| *index == 0 || !is_item(part))
                .map(|(_, part)| part)
                .collect();
            crate::value::Path::parse(&parts.join(".")).ok()
        });
        paths.collect()
    }

    pub(super) fn apply(
        &self,
        document: &RawDocument,
        position: Option<u32>,
        inserting: bool,
        context: &Context,
    ) -> Result<Option<RawDocumentBuf>> {
        let moved = self.renames.iter().map(|rename| rename.find(document)).collect::<Result<Vec<_>>>()?;
        let has_moved: Vec<bool> = moved.iter().map(Option::is_some).collect();
        let scope =
            Scope { context, document, position: position.map(|position| position.to_string()), inserting, moved };
        let mut tree = Tree::of(document);
        let mut outcome = Walk::new(&scope, &self.filters).root(&self.root, &mut tree)?;
        for (rename, has_moved) in self.renames.iter().zip(has_moved) {
            if has_moved {
                rename.remove_source(&mut tree);
                outcome = Outcome::Changed;
            }
        }
        if outcome == Outcome::Kept {
            return Ok(None);
        }
        let updated = tree.finish()?;
        for Name(name) in self.root.children.keys().filter(|Name(name)| name.starts_with('$')) {
            check::dollar_prefixed(name, document, &updated)?;
        }
        Ok(Some(updated))
    }
}
