//! The module as a provider: each method leads to the one of the same name in the file of its subject. Callers have all
//! the room that an output needs, so `room` says nothing here.

use std::path::Path;
use std::sync::Arc;

use super::Module;
use crate::card::admin::AdminAbilities;
use crate::codec::Secret;
use crate::crypto::{CertificateDetails, PublicKey};
use crate::engine::uri::{LibraryInfo, Uri};
use crate::engine::{
    AttributeType, DeletionPlan, Error, Extent, InitToken, InitializedPin, KeyOrigin, KeySpec, KnownProblems,
    MechanismCall, MechanismId, MechanismInfo, NewObject, NewUserPin, ObjectHandle, PinReport, PlannedObject,
    Provider, ReaderReport, Result, SessionHandle, SessionInfo, SessionMode, Stored, Template, TokenInfo,
    TokenView, Unblocker, UserKind, Value,
};
use crate::layout::SlotId;
use crate::token::KeyAlgorithm;

impl Provider for Module {
    fn module(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn hides_private_keys(&self) -> bool {
        true
    }

    fn reader_slots(&self) -> Vec<(String, Vec<SlotId>)> {
        Module::readers(self).into_iter().map(|reader| (reader.name, reader.slots)).collect()
    }

    fn library(&self) -> Result<LibraryInfo> {
        Module::library_info(self)
    }

    fn slot_manufacturer(&self, slot: SlotId) -> Result<String> {
        Module::slot_manufacturer(self, slot)
    }

    fn encrypt_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()> {
        Module::encrypt_init(self, session, call, key)
    }

    fn encrypt_update(&self, session: SessionHandle, part: &[u8], _room: usize) -> Result<Vec<u8>> {
        Module::encrypt_update(self, session, part)
    }

    fn encrypt_final(&self, session: SessionHandle, _room: usize) -> Result<Vec<u8>> {
        Module::encrypt_final(self, session)
    }

    fn decrypt_update(&self, session: SessionHandle, part: &[u8], _room: usize) -> Result<Secret> {
        Module::decrypt_update(self, session, part)
    }

    fn decrypt_final(&self, session: SessionHandle, _room: usize) -> Result<Secret> {
        Module::decrypt_final(self, session)
    }

    fn agree(&self, session: SessionHandle, key: ObjectHandle, peer: &[u8]) -> Result<Secret> {
        Module::agree(self, session, key, peer)
    }

    fn admin_abilities(&self, _slot: SlotId) -> Result<AdminAbilities> {
        Err(Error::NotSupported("telling what a module can be personalised to"))
    }

    fn readers(&self) -> Vec<ReaderReport> {
        Module::readers(self)
    }

    fn token_info(&self, slot: SlotId) -> Result<TokenInfo> {
        Module::token_info(self, slot)
    }

    fn virtual_token(&self, slot: SlotId) -> Result<TokenView> {
        Module::virtual_token(self, slot)
    }

    fn pin_status(&self, slot: SlotId) -> Result<PinReport> {
        Module::pin_status(self, slot)
    }

    fn mechanisms(&self, slot: SlotId) -> Result<Vec<MechanismId>> {
        Module::mechanisms(self, slot)
    }

    fn mechanism_info(&self, slot: SlotId, id: MechanismId) -> Result<MechanismInfo> {
        Module::mechanism_info(self, slot, id)
    }

    fn known_problems(&self) -> Vec<KnownProblems> {
        Module::known_problems(self)
    }

    fn certificate(&self, slot: SlotId, index: usize) -> Result<Arc<CertificateDetails>> {
        Module::certificate(self, slot, index)
    }

    fn public_key(&self, slot: SlotId, index: usize) -> Result<Option<Arc<PublicKey>>> {
        Module::public_key(self, slot, index)
    }

    fn token_uri(&self, slot: SlotId) -> Result<Uri> {
        Module::token_uri(self, slot)
    }

    fn open_session(&self, slot: SlotId, mode: SessionMode) -> Result<SessionHandle> {
        Module::open_session(self, slot, mode)
    }

    fn close_session(&self, session: SessionHandle) -> Result<()> {
        Module::close_session(self, session)
    }

    fn session_info(&self, session: SessionHandle) -> Result<SessionInfo> {
        Module::session_info(self, session)
    }

    fn login(&self, session: SessionHandle, user: UserKind, pin: Option<&Secret>) -> Result<()> {
        Module::login(self, session, user, pin)
    }

    fn finish(&self) -> Result<()> {
        Module::finish(self)
    }

    fn find_all(&self, session: SessionHandle, template: &Template) -> Result<Vec<ObjectHandle>> {
        Module::find_all(self, session, template)
    }

    fn attributes(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        kinds: &[AttributeType],
    ) -> Result<Vec<Result<Value>>> {
        Module::attributes(self, session, object, kinds)
    }

    fn object_uri(&self, session: SessionHandle, object: ObjectHandle) -> Result<Uri> {
        Module::object_uri(self, session, object)
    }

    fn sign_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()> {
        Module::sign_init(self, session, call, key)
    }

    fn sign_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        Module::sign_update(self, session, part)
    }

    fn sign_final(&self, session: SessionHandle, _room: usize) -> Result<Vec<u8>> {
        Module::sign_final(self, session)
    }

    fn sign(&self, session: SessionHandle, data: &[u8], _room: usize) -> Result<Vec<u8>> {
        Module::sign(self, session, data)
    }

    fn sign_cancel(&self, session: SessionHandle) -> Result<()> {
        Module::sign_cancel(self, session)
    }

    fn decrypt_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()> {
        Module::decrypt_init(self, session, call, key)
    }

    fn decrypt(&self, session: SessionHandle, data: &[u8], _room: usize) -> Result<Secret> {
        Module::decrypt(self, session, data)
    }

    fn verify_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()> {
        Module::verify_init(self, session, call, key)
    }

    fn verify(&self, session: SessionHandle, data: &[u8], signature: &[u8]) -> Result<()> {
        Module::verify(self, session, data, signature)
    }

    fn wrap_key(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        wrapping: ObjectHandle,
        key: ObjectHandle,
    ) -> Result<Vec<u8>> {
        Module::wrap_key(self, session, call, wrapping, key)
    }

    fn wrap_bytes(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        wrapping: ObjectHandle,
        value: &Secret,
    ) -> Result<Vec<u8>> {
        Module::wrap_bytes(self, session, call, wrapping, value)
    }

    fn unwrap_key(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        unwrapping: ObjectHandle,
        wrapped: &[u8],
        key: &KeySpec,
    ) -> Result<ObjectHandle> {
        Module::unwrap_onto_token(self, session, call, (unwrapping, wrapped), key)
    }

    fn unwrap_bytes(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        unwrapping: ObjectHandle,
        wrapped: &[u8],
    ) -> Result<Secret> {
        Module::unwrap_bytes(self, session, call, unwrapping, wrapped)
    }

    fn random(&self, session: SessionHandle, len: usize) -> Result<Secret> {
        Module::random(self, session, len)
    }

    fn check_key(&self, slot: SlotId, algorithm: KeyAlgorithm, origin: KeyOrigin) -> Result<()> {
        Module::check_key(self, slot, algorithm, origin)
    }

    fn generate_key_pair(
        &self,
        session: SessionHandle,
        spec: &KeySpec,
    ) -> Result<(ObjectHandle, ObjectHandle)> {
        Module::generate_key_pair(self, session, spec)
    }

    fn generate_key(&self, session: SessionHandle, spec: &KeySpec) -> Result<ObjectHandle> {
        Module::generate_key(self, session, spec)
    }

    fn create_object(&self, session: SessionHandle, object: &NewObject) -> Result<ObjectHandle> {
        Module::create_object(self, session, object)
    }

    fn store_object(&self, session: SessionHandle, object: &NewObject) -> Result<Stored> {
        Module::store_object(self, session, object)
    }

    fn set_attributes(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: &Template,
    ) -> Result<()> {
        Module::set_attributes(self, session, object, template)
    }

    fn deletion_plan(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        extent: Extent,
    ) -> Result<DeletionPlan> {
        Module::deletion_plan(self, session, object, extent)
    }

    fn destroy_object(&self, session: SessionHandle, object: ObjectHandle) -> Result<()> {
        Module::destroy_object(self, session, object)
    }

    fn destroy_key_with_chain(
        &self,
        session: SessionHandle,
        key: ObjectHandle,
    ) -> Result<Vec<PlannedObject>> {
        Module::destroy_key_with_chain(self, session, key)
    }

    fn init_token(&self, slot: SlotId, so_pin: &Secret, init: &InitToken<'_>) -> Result<()> {
        Module::init_token(self, slot, so_pin, init)
    }

    fn init_pin(&self, session: SessionHandle, pin: &NewUserPin<'_>) -> Result<InitializedPin> {
        Module::init_pin(self, session, pin)
    }

    fn set_pin(&self, session: SessionHandle, old: &Secret, new: &Secret) -> Result<()> {
        Module::set_pin(self, session, old, new)
    }

    fn set_pin_on_reader(&self, session: SessionHandle) -> Result<()> {
        Module::set_pin_on_reader(self, session)
    }

    fn unblock_pin(&self, slot: SlotId, by: Unblocker<'_>, new: &Secret) -> Result<()> {
        Module::unblock_pin(self, slot, by, new)
    }
}
