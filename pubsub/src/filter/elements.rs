//! The elements of a body's arrays that are objects or arrays, as a tree, and which of them go together.
//!
//! Elements are numbered in the order in which they begin, so an element and all within it, and an array and all within
//! it, are each a range of numbers.

/// An element; 0 for what is in none.
pub(super) type ElementId = u32;

#[derive(Debug, Default)]
pub(super) struct Elements {
    /// Element `n` at `n - 1`.
    elements: Vec<Element>,
    /// For each array the first element behind all within it.
    arrays: Vec<(ElementId, ElementId)>,
    open_arrays: Vec<usize>,
}

#[derive(Debug)]
struct Element {
    /// The element that this one's array is in.
    parent: ElementId,
    array: usize,
    /// The first element behind all within it.
    end: ElementId,
}

impl Elements {
    /// No element.
    pub(super) const NONE: ElementId = 0;

    fn next(&self) -> ElementId {
        ElementId::try_from(self.elements.len() + 1).unwrap_or(ElementId::MAX)
    }

    pub(super) fn open_array(&mut self) {
        self.open_arrays.push(self.arrays.len());
        self.arrays.push((self.next(), ElementId::MAX));
    }

    pub(super) fn close_array(&mut self) {
        let end = self.next();
        if let Some(array) = self.open_arrays.pop().and_then(|array| self.arrays.get_mut(array)) {
            array.1 = end;
        }
    }

    /// Begins an element of the innermost open array.
    pub(super) fn enter(&mut self, parent: ElementId) -> ElementId {
        let array = self.open_arrays.last().copied().unwrap_or_default();
        let id = self.next();
        self.elements.push(Element { parent, array, end: ElementId::MAX });
        id
    }

    pub(super) fn leave(&mut self, id: ElementId) {
        let end = self.next();
        if let Some(element) = self.get_mut(id) {
            element.end = end;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    fn get(&self, id: ElementId) -> Option<&Element> {
        self.elements.get((id as usize).checked_sub(1)?)
    }

    fn get_mut(&mut self, id: ElementId) -> Option<&mut Element> {
        self.elements.get_mut((id as usize).checked_sub(1)?)
    }

    /// The element that surrounds this one.
    pub(super) fn parent(&self, id: ElementId) -> ElementId {
        self.get(id).map_or(Elements::NONE, |element| element.parent)
    }

    /// The elements of the array that this one is of, and all within them.
    pub(super) fn siblings(&self, id: ElementId) -> (ElementId, ElementId) {
        let array = self.get(id).and_then(|element| self.arrays.get(element.array));
        array.copied().unwrap_or((Elements::NONE, ElementId::MAX))
    }

    /// Whether what is in one goes together with what is in the other: no array surrounds both in different elements.
    pub(super) fn go_together(&self, one: ElementId, other: ElementId) -> bool {
        self.ranges_with(one).into_iter().any(|(from, to)| (from..to).contains(&other))
    }

    /// The ranges of elements that go together with one.
    pub(super) fn ranges_with(&self, id: ElementId) -> Vec<(ElementId, ElementId)> {
        let mut ranges = Vec::new();
        let mut inner = id;
        // From the inside out: what is in this element, and then, for each that surrounds it, what is there outside of
        // the array that leads here.
        let (mut from, mut to) = self.get(id).map_or((0, ElementId::MAX), |element| (id, element.end));
        while let Some(element) = self.get(inner) {
            let (array_from, array_to) = self.arrays.get(element.array).copied().unwrap_or((inner, inner));
            ranges.push((from, to));
            let outer = self.get(element.parent).map_or((0, ElementId::MAX), |outer| (element.parent, outer.end));
            ranges.push((array_to, outer.1));
            (from, to) = (outer.0, array_from);
            inner = element.parent;
        }
        ranges.push((from, to));
        ranges
    }
}

#[cfg(test)]
impl Elements {
    /// The arrays and elements that surround what is in an element, it among them.
    pub(super) fn around(&self, id: ElementId) -> Vec<(usize, ElementId)> {
        let mut around = Vec::new();
        let mut next = id;
        while let Some(element) = self.get(next) {
            around.push((element.array, next));
            next = element.parent;
        }
        around
    }
}
