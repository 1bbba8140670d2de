//! Fetching documents.

use crate::{
    error::Result,
    exec::{Done, Exec, Scene, Work},
    execution::Execution,
    filter::Filter,
    value::DocumentBuilder,
};

/// The documents of what is underneath, if they match.
pub(super) struct Fetch {
    scene: Scene,
    input: Box<dyn Exec>,
    filter: Option<Filter>,
    done: Done,
}

impl Fetch {
    pub(super) fn new(scene: Scene, input: Box<dyn Exec>, filter: Option<Filter>) -> Fetch {
        Fetch { scene, input, filter, done: Done::default() }
    }
}

impl Exec for Fetch {
    fn step(&mut self, execution: &mut Execution<'_>) -> Result<Work> {
        let mut member = match self.input.work(execution)? {
            Work::Found(member) => member,
            work => return Ok(work),
        };
        if member.doc.is_none() {
            let Some(record) = &member.record else { return Ok(Work::Busy) };
            let id = self.scene.collection_id();
            let Some(doc) = self.scene.store.document(&mut execution.reader, id, record)? else {
                return Ok(Work::Busy);
            };
            self.done.docs_examined += 1;
            member.doc = Some(doc);
        }
        if let (Some(filter), Some(doc)) = (&self.filter, &member.doc)
            && !filter.matches(doc, &self.scene.context)?
        {
            return Ok(Work::Busy);
        }
        Ok(Work::Found(member))
    }

    fn done(&self) -> &Done {
        &self.done
    }

    fn done_mut(&mut self) -> &mut Done {
        &mut self.done
    }

    fn inputs(&self) -> Vec<&dyn Exec> {
        vec![&*self.input]
    }

    fn explain(&self, out: &mut DocumentBuilder) {
        out.append("docsExamined", bson::RawBsonRef::Int32(i32::try_from(self.done.docs_examined).unwrap_or(i32::MAX)));
    }
}
