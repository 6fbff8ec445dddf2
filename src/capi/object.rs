//! Entry points of PKCS#11 3.1, 5.7: searching objects and reading their attributes.

use cryptoki_sys as ck;

use super::fault::Fault;
use super::{entry_points, input, instance, output};
use crate::engine::AttributeType;

entry_points! {
    /// Begins a search.
    fn C_FindObjectsInit(session: ck::CK_SESSION_HANDLE, template: *mut ck::CK_ATTRIBUTE, count: ck::CK_ULONG) {
        let engine = instance::engine()?;
        let template = input::template(template, count)?;
        Ok(engine.find_init(input::session(session), &template)?)
    }

    /// Gives the next objects of the search.
    fn C_FindObjects(
        session: ck::CK_SESSION_HANDLE,
        objects: *mut ck::CK_OBJECT_HANDLE,
        max: ck::CK_ULONG,
        count: *mut ck::CK_ULONG,
    ) {
        let engine = instance::engine()?;
        if objects.is_null() || count.is_null() {
            return Err(Fault::ARGUMENTS_BAD);
        }
        let max = usize::try_from(max).map_err(|_| Fault::ARGUMENTS_BAD)?;
        let found = engine.find(input::session(session), max)?;
        let handles: Vec<_> = found.into_iter().map(|object| object.0).collect();
        count.write(max as ck::CK_ULONG);
        output::list(objects, count, &handles)
    }

    /// Ends the search.
    fn C_FindObjectsFinal(session: ck::CK_SESSION_HANDLE) {
        Ok(instance::engine()?.find_final(input::session(session))?)
    }

    /// Copies an object of the session.
    fn C_CopyObject(
        session: ck::CK_SESSION_HANDLE,
        object: ck::CK_OBJECT_HANDLE,
        template: *mut ck::CK_ATTRIBUTE,
        count: ck::CK_ULONG,
        copy: *mut ck::CK_OBJECT_HANDLE,
    ) {
        let engine = instance::engine()?;
        if copy.is_null() {
            return Err(Fault::ARGUMENTS_BAD);
        }
        let template = input::template(template, count)?;
        let made = engine.copy_object(input::session(session), input::object(object), &template)?;
        input::write(copy, made.0)
    }

    /// Says how many bytes an object has.
    fn C_GetObjectSize(session: ck::CK_SESSION_HANDLE, object: ck::CK_OBJECT_HANDLE, size: *mut ck::CK_ULONG) {
        let engine = instance::engine()?;
        if size.is_null() {
            return Err(Fault::ARGUMENTS_BAD);
        }
        let bytes = engine.object_size(input::session(session), input::object(object))?;
        input::write(size, bytes as ck::CK_ULONG)
    }

    /// Reads attributes: each gets its answer, and the first failure is the answer of the call.
    fn C_GetAttributeValue(
        session: ck::CK_SESSION_HANDLE,
        object: ck::CK_OBJECT_HANDLE,
        template: *mut ck::CK_ATTRIBUTE,
        count: ck::CK_ULONG,
    ) {
        let engine = instance::engine()?;
        if template.is_null() || count == 0 {
            return Err(Fault::ARGUMENTS_BAD);
        }
        let len = input::slice(template.cast_const(), count)?.len();
        let attributes = std::slice::from_raw_parts_mut(template, len);
        let kinds: Vec<_> =
            attributes.iter().map(|attribute| AttributeType(attribute.type_)).collect();
        let answers = engine.attributes(input::session(session), input::object(object), &kinds)?;
        let mut result = Ok(());
        for (attribute, answer) in attributes.iter_mut().zip(answers) {
            let outcome = output::attribute(attribute, answer);
            if result.is_ok() {
                result = outcome;
            }
        }
        result
    }
}
