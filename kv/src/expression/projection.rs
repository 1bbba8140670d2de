//! Projection expressions: which parts of an item to return.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Kind;
use super::ast::PathRef;
use super::cache::Cache;
use super::error::{ExpressionError, Fault};
use super::parse::{Grammar, check_path_names, open};
use super::path::{Clash, Path, PathElement, clash};
use super::substitutions::Substitutions;
use crate::value::{AttributeValue, Item};

const GRAMMAR: Grammar = Grammar { keywords: &[] };

static CACHE: LazyLock<Cache<Vec<PathRef>>> = LazyLock::new(Cache::new);

/// The paths of a projection, ready to apply to items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Projection {
    paths: Vec<Path>,
    /// What the values at the paths are called, each on its own; without it they stand where they stood, and no path is
    /// inside another.
    columns: Option<Vec<String>>,
}

/// Reads a `ProjectionExpression`.
///
/// # Errors
/// A fault in the text, an undefined `#name`, or two paths that overlap or conflict.
pub(crate) fn projection(text: &str, substitutions: &mut Substitutions<'_>) -> Result<Projection, ExpressionError> {
    read(text, substitutions).map_err(|fault| fault.in_parameter(Kind::Projection))
}

fn read(text: &str, substitutions: &mut Substitutions<'_>) -> Result<Projection, Fault> {
    let written = CACHE.get_or_parse(text, parse)?;
    let paths = written.iter().map(|path| substitutions.path(path)).collect::<Result<Vec<_>, _>>()?;
    check_clashes(&paths)?;
    Ok(Projection::of(paths))
}

fn parse(text: &str) -> Result<Vec<PathRef>, Fault> {
    let mut cursor = open(text)?;
    let mut paths = vec![GRAMMAR.path(&mut cursor)?];
    while cursor.take_symbol(",") {
        paths.push(GRAMMAR.path(&mut cursor)?);
    }
    cursor.expect_end()?;
    paths.iter().try_for_each(check_path_names)?;
    Ok(paths)
}

/// Refuses paths that stand in each other's way; an overlap is reported before a conflict.
pub(crate) fn check_clashes(paths: &[Path]) -> Result<(), Fault> {
    let mut conflict = None;
    for (position, later) in paths.iter().enumerate() {
        for earlier in paths.iter().take(position) {
            match clash(earlier, later) {
                Some(Clash::Overlap) => return Err(Fault::PathsOverlap(earlier.clone(), later.clone())),
                Some(Clash::Conflict) if conflict.is_none() => {
                    conflict = Some(Fault::PathsConflict(earlier.clone(), later.clone()));
                }
                _ => {}
            }
        }
    }
    conflict.map_or(Ok(()), Err)
}

impl Projection {
    /// The names of the top-level attributes that it looks inside of.
    pub(crate) fn nested_names(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().filter(|path| path.is_nested()).map(Path::head)
    }

    /// Of paths none of which is inside another.
    pub(crate) fn of(paths: Vec<Path>) -> Self {
        Projection { paths, columns: None }
    }

    /// Of paths whose values stand side by side under names of their own; of several with one name the last counts.
    pub(crate) fn of_columns(columns: Vec<(String, Path)>) -> Self {
        let (columns, paths) = columns.into_iter().unzip();
        Projection { paths, columns: Some(columns) }
    }

    /// The parts of `item` the paths lead to; absent ones are left out.
    pub(crate) fn apply(&self, item: &Item) -> Item {
        let Some(columns) = &self.columns else { return project(&self.paths, item) };
        let column = |(name, path): (&String, &Path)| Some((name.clone(), path.get(item)?.clone()));
        columns.iter().zip(&self.paths).filter_map(column).collect()
    }

    /// The names of the top-level attributes needed, in the order written; a name may repeat.
    pub(crate) fn top_level_names(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(Path::head)
    }
}

/// The part of `item` that `paths` lead to. Maps and lists on the way hold only what was asked for: list elements move
/// together in their order, and one of which nothing was found is left out.
///
/// This is also how `UPDATED_OLD` and `UPDATED_NEW` pick what an update touched.
pub(crate) fn project(paths: &[Path], item: &Item) -> Item {
    let mut wanted = Wanted::default();
    for path in paths {
        let mut node = wanted.children.entry(PathElement::Name(path.head().into())).or_default();
        for element in path.rest() {
            node = node.children.entry(element.clone()).or_default();
        }
        node.whole = true;
    }
    wanted.members(item)
}

/// A tree of wanted paths; an element of `whole` is wanted with all below it.
#[derive(Default)]
struct Wanted {
    whole: bool,
    children: BTreeMap<PathElement, Wanted>,
}

impl Wanted {
    fn members(&self, map: &Item) -> Item {
        let found = self.children.iter().filter_map(|(element, wanted)| {
            let PathElement::Name(name) = element else { return None };
            Some((name.to_string(), wanted.value(map.get(&**name)?)?))
        });
        found.collect()
    }

    fn value(&self, value: &AttributeValue) -> Option<AttributeValue> {
        if self.whole {
            return Some(value.clone());
        }
        match value {
            AttributeValue::M(map) => {
                let members = self.members(map);
                (!members.is_empty()).then_some(AttributeValue::M(members))
            }
            AttributeValue::L(list) => {
                let elements: Vec<_> = self
                    .children
                    .iter()
                    .filter_map(|(element, wanted)| match element {
                        PathElement::Index(index) => wanted.value(list.get(*index)?),
                        PathElement::Name(_) => None,
                    })
                    .collect();
                (!elements.is_empty()).then_some(AttributeValue::L(elements))
            }
            _ => None,
        }
    }
}
