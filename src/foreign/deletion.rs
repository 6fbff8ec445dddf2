//! Deletions. A module says nothing of chains across its tokens: a deletion takes the object alone, or a key with both
//! halves and the certificates of its identifier.

use super::Module;
use super::fault::explain;
use crate::engine::{
    AttributeType as Type, DeletionPlan, Extent, ObjectClass, ObjectHandle, PlannedObject, Result,
    SessionHandle, Template, Value,
};

impl Module {
    pub(super) fn deletion_plan(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        extent: Extent,
    ) -> Result<DeletionPlan> {
        let (own, id) = self.planned(session, object)?;
        let mut objects = Vec::new();
        if extent == Extent::WithChain && !id.is_empty() {
            for class in [ObjectClass::Certificate, ObjectClass::PublicKey] {
                for handle in self.find_all(session, &Template::new().class(class).id(&id))? {
                    objects.push(self.planned(session, handle)?.0);
                }
            }
        }
        if !objects.contains(&own) {
            objects.push(own);
        }
        Ok(DeletionPlan { objects, ..DeletionPlan::default() })
    }

    pub(super) fn destroy_object(&self, session: SessionHandle, object: ObjectHandle) -> Result<()> {
        let slot = self.known(session)?.slot;
        let destroyed = self.library.destroy_object(session.0, object.0);
        self.state().views.remove(&slot);
        destroyed.map_err(explain)
    }

    /// The key last, so that what an interruption leaves can be deleted in the same way.
    pub(super) fn destroy_key_with_chain(
        &self,
        session: SessionHandle,
        key: ObjectHandle,
    ) -> Result<Vec<PlannedObject>> {
        let plan = self.deletion_plan(session, key, Extent::WithChain)?;
        for object in &plan.objects {
            if let Some(handle) = object.handle {
                self.destroy_object(session, handle)?;
            }
        }
        Ok(plan.objects)
    }

    /// One object of a plan, and its identifier.
    fn planned(&self, session: SessionHandle, object: ObjectHandle) -> Result<(PlannedObject, Vec<u8>)> {
        let answers = self.attributes(session, object, &[Type::CLASS, Type::LABEL, Type::ID])?;
        let value = |index: usize| answers.get(index).and_then(|answer| answer.as_ref().ok());
        let class = value(0).and_then(Value::as_number).and_then(ObjectClass::from_number);
        let planned = PlannedObject {
            handle: Some(object),
            class: class.unwrap_or(ObjectClass::Data),
            label: value(1).and_then(Value::as_text).unwrap_or_default().to_owned(),
        };
        Ok((planned, value(2).and_then(Value::as_bytes).unwrap_or_default().to_vec()))
    }
}
