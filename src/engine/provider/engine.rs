//! p11ctl's own engine as a provider: every method of the trait is the engine's of the same name.

use std::sync::Arc;

use super::Provider;
use crate::apdu::StatsSnapshot;
use crate::card::admin::{AdminAbilities, PinPair, RepairReport};
use crate::card::sought::SoughtKey;
use crate::codec::Secret;
use crate::crypto::{CertificateDetails, PublicKey};
use crate::engine::attribute::{AttributeType, Template, Value};
use crate::engine::cards::Batch;
use crate::engine::create::{KeyOrigin, KeySpec, NewObject};
use crate::engine::deletion::{DeletionPlan, Extent, PlannedObject};
use crate::engine::mechanism::{MechanismCall, MechanismId, MechanismInfo, Purpose};
use crate::engine::personalise::InitToken;
use crate::engine::pins::{InitializedPin, NewUserPin, Unblocker};
use crate::engine::placement::{KeyPlacement, MadeKey};
use crate::engine::session::{SessionHandle, SessionInfo, SessionMode, UserKind};
use crate::engine::slot::{KnownProblems, PinReport, PinStatus, ReaderReport, TokenInfo, TokenView};
use crate::engine::store::Stored;
use crate::engine::uri::Uri;
use crate::engine::{ANY_ROOM, Engine, ObjectHandle, Result};
use crate::layout::{SlotId, Unplaced};
use crate::token::{KeyAlgorithm, KeyId, ObjectId};

impl Provider for Engine {
    fn readers(&self) -> Vec<ReaderReport> {
        Engine::readers(self)
    }

    fn reader_slots(&self) -> Vec<(String, Vec<SlotId>)> {
        Engine::reader_slots(self)
    }

    fn token_info(&self, slot: SlotId) -> Result<TokenInfo> {
        Engine::token_info(self, slot)
    }

    fn virtual_token(&self, slot: SlotId) -> Result<TokenView> {
        Engine::virtual_token(self, slot)
    }

    fn keep_at_hand(&self, on: bool) {
        Engine::keep_at_hand(self, on);
    }

    fn seek(&self, key: Option<SoughtKey>) -> bool {
        Self::seek(self, key)
    }

    fn ask_for_all_applications(&self) {
        Self::ask_for_all_applications(self);
    }

    fn look_for_unfinished(&self, slot: SlotId) -> Result<()> {
        Engine::look_for_unfinished(self, slot)
    }

    fn pin_status(&self, slot: SlotId) -> Result<PinReport> {
        Engine::pin_status(self, slot)
    }

    fn user_pin(&self, slot: SlotId) -> Result<Option<PinStatus>> {
        Engine::user_pin(self, slot)
    }

    fn key_algorithm(&self, slot: SlotId, key: ObjectId) -> Result<KeyAlgorithm> {
        Engine::key_algorithm(self, slot, key)
    }

    fn made_key(&self, session: SessionHandle, id: &KeyId) -> Result<MadeKey> {
        Engine::made_key(self, session, id)
    }

    fn change_puk(&self, slot: SlotId, old: &Secret, new: &Secret) -> Result<()> {
        Engine::change_puk(self, slot, old, new)
    }

    fn attest(&self, session: SessionHandle, key: ObjectHandle) -> Result<Vec<u8>> {
        Engine::attest(self, session, key)
    }

    fn move_key(&self, session: SessionHandle, key: ObjectId, to: &KeyPlacement) -> Result<()> {
        Engine::move_key(self, session, key, to)
    }

    fn set_tries(&self, session: SessionHandle, pin: u8, puk: u8) -> Result<Vec<String>> {
        Engine::set_tries(self, session, pin, puk)
    }

    fn mechanisms(&self, slot: SlotId) -> Result<Vec<MechanismId>> {
        Engine::mechanisms(self, slot)
    }

    fn mechanism_info(&self, slot: SlotId, id: MechanismId) -> Result<MechanismInfo> {
        Engine::mechanism_info(self, slot, id)
    }

    fn unplaced(&self) -> Vec<Unplaced> {
        Engine::unplaced(self)
    }

    fn known_problems(&self) -> Vec<KnownProblems> {
        Engine::known_problems(self)
    }

    fn certificate(&self, slot: SlotId, index: usize) -> Result<Arc<CertificateDetails>> {
        Engine::certificate(self, slot, index)
    }

    fn public_key(&self, slot: SlotId, index: usize) -> Result<Option<Arc<PublicKey>>> {
        Engine::public_key(self, slot, index)
    }

    fn token_uri(&self, slot: SlotId) -> Result<Uri> {
        Engine::token_uri(self, slot)
    }

    fn open_session(&self, slot: SlotId, mode: SessionMode) -> Result<SessionHandle> {
        Engine::open_session(self, slot, mode)
    }

    fn close_session(&self, session: SessionHandle) -> Result<()> {
        Engine::close_session(self, session)
    }

    fn session_info(&self, session: SessionHandle) -> Result<SessionInfo> {
        Engine::session_info(self, session)
    }

    fn login(&self, session: SessionHandle, user: UserKind, pin: Option<&Secret>) -> Result<()> {
        Engine::login(self, session, user, pin)
    }

    fn batch(&self, session: SessionHandle) -> Result<Option<Batch<'_>>> {
        Engine::batch(self, session).map(Some)
    }

    fn exclusive(&self, session: SessionHandle) -> Result<Option<Batch<'_>>> {
        Engine::exclusive(self, session).map(Some)
    }

    fn logout(&self, session: SessionHandle) -> Result<()> {
        Engine::logout(self, session)
    }

    fn finish(&self) -> Result<()> {
        Engine::finish(self)
    }

    fn stats(&self) -> StatsSnapshot {
        Engine::stats(self)
    }

    fn find_all(&self, session: SessionHandle, template: &Template) -> Result<Vec<ObjectHandle>> {
        Engine::find_all(self, session, template)
    }

    fn attributes(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        kinds: &[AttributeType],
    ) -> Result<Vec<Result<Value>>> {
        Engine::attributes(self, session, object, kinds)
    }

    fn attribute(&self, session: SessionHandle, object: ObjectHandle, kind: AttributeType) -> Result<Value> {
        Engine::attribute(self, session, object, kind)
    }

    fn object_uri(&self, session: SessionHandle, object: ObjectHandle) -> Result<Uri> {
        Engine::object_uri(self, session, object)
    }

    fn sign_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()> {
        Engine::sign_init(self, session, call, key)
    }

    fn sign_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        Engine::sign_update(self, session, part)
    }

    fn sign_final(&self, session: SessionHandle, room: usize) -> Result<Vec<u8>> {
        Engine::sign_final(self, session, room)
    }

    fn sign(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Vec<u8>> {
        Engine::sign(self, session, data, room)
    }

    fn sign_cancel(&self, session: SessionHandle) -> Result<()> {
        Engine::sign_cancel(self, session)
    }

    fn encrypt_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()> {
        Engine::encrypt_init(self, session, call, key)
    }

    fn encrypt_update(&self, session: SessionHandle, part: &[u8], room: usize) -> Result<Vec<u8>> {
        Engine::encrypt_update(self, session, part, room)
    }

    fn encrypt_final(&self, session: SessionHandle, room: usize) -> Result<Vec<u8>> {
        Engine::encrypt_final(self, session, room)
    }

    fn decrypt_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()> {
        Engine::decrypt_init(self, session, call, key)
    }

    fn decrypt_update(&self, session: SessionHandle, part: &[u8], room: usize) -> Result<Secret> {
        Engine::decrypt_update(self, session, part, room)
    }

    fn decrypt_final(&self, session: SessionHandle, room: usize) -> Result<Secret> {
        Engine::decrypt_final(self, session, room)
    }

    fn decrypt(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Secret> {
        Engine::decrypt(self, session, data, room)
    }

    fn verify_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()> {
        Engine::verify_init(self, session, call, key)
    }

    fn verify_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        Engine::verify_update(self, session, part)
    }

    fn verify_final(&self, session: SessionHandle, signature: &[u8]) -> Result<()> {
        Engine::verify_final(self, session, signature)
    }

    fn verify(&self, session: SessionHandle, data: &[u8], signature: &[u8]) -> Result<()> {
        Engine::verify(self, session, data, signature)
    }

    fn digest_init(&self, session: SessionHandle, call: &MechanismCall) -> Result<()> {
        Engine::digest_init(self, session, call)
    }

    fn digest_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        Engine::digest_update(self, session, part)
    }

    fn digest_final(&self, session: SessionHandle, room: usize) -> Result<Vec<u8>> {
        Engine::digest_final(self, session, room)
    }

    fn digest(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Vec<u8>> {
        Engine::digest(self, session, data, room)
    }

    fn agree(&self, session: SessionHandle, key: ObjectHandle, peer: &[u8]) -> Result<Secret> {
        Engine::agree(self, session, key, peer)
    }

    fn consent_init(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
        purpose: Purpose,
    ) -> Result<()> {
        Engine::consent_init(self, session, call, key, purpose)
    }

    fn wrap_key(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        wrapping: ObjectHandle,
        key: ObjectHandle,
    ) -> Result<Vec<u8>> {
        Engine::wrap_key(self, session, call, wrapping, key, ANY_ROOM)
    }

    fn wrap_bytes(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        wrapping: ObjectHandle,
        value: &Secret,
    ) -> Result<Vec<u8>> {
        Engine::wrap_bytes(self, session, call, wrapping, value)
    }

    fn unwrap_key(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        unwrapping: ObjectHandle,
        wrapped: &[u8],
        key: &KeySpec,
    ) -> Result<ObjectHandle> {
        Engine::unwrap_onto_token(self, session, call, (unwrapping, wrapped), key)
    }

    fn unwrap_bytes(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        unwrapping: ObjectHandle,
        wrapped: &[u8],
    ) -> Result<Secret> {
        Engine::unwrap_bytes(self, session, call, unwrapping, wrapped)
    }

    fn random(&self, session: SessionHandle, len: usize) -> Result<Secret> {
        Engine::random(self, session, len)
    }

    fn check_key(&self, slot: SlotId, algorithm: KeyAlgorithm, origin: KeyOrigin) -> Result<()> {
        Engine::check_key(self, slot, algorithm, origin)
    }

    fn generate_key_pair(
        &self,
        session: SessionHandle,
        spec: &KeySpec,
    ) -> Result<(ObjectHandle, ObjectHandle)> {
        Engine::generate_key_pair(self, session, spec)
    }

    fn generate_key(&self, session: SessionHandle, spec: &KeySpec) -> Result<ObjectHandle> {
        Engine::generate_key(self, session, spec)
    }

    fn create_object(&self, session: SessionHandle, object: &NewObject) -> Result<ObjectHandle> {
        Engine::create_object(self, session, object)
    }

    fn store_object(&self, session: SessionHandle, object: &NewObject) -> Result<Stored> {
        Engine::store_object(self, session, object)
    }

    fn set_attributes(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: &Template,
    ) -> Result<()> {
        Engine::set_attributes(self, session, object, template)
    }

    fn deletion_plan(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        extent: Extent,
    ) -> Result<DeletionPlan> {
        Engine::deletion_plan(self, session, object, extent)
    }

    fn destroy_object(&self, session: SessionHandle, object: ObjectHandle) -> Result<()> {
        Engine::destroy_object(self, session, object)
    }

    fn destroy_everywhere(&self, session: SessionHandle, object: ObjectHandle) -> Result<()> {
        Engine::destroy_everywhere(self, session, object)
    }

    fn destroy_key_with_chain(
        &self,
        session: SessionHandle,
        key: ObjectHandle,
    ) -> Result<Vec<PlannedObject>> {
        Engine::destroy_key_with_chain(self, session, key)
    }

    fn init_token(&self, slot: SlotId, so_pin: &Secret, init: &InitToken<'_>) -> Result<()> {
        Engine::init_token(self, slot, so_pin, init)
    }

    fn set_policies(&self, session: SessionHandle, key: ObjectId, policies: &KeyPlacement) -> Result<()> {
        Engine::set_policies(self, session, key, policies)
    }

    fn set_puk(&self, session: SessionHandle, puk: Option<&Secret>) -> Result<()> {
        Engine::set_puk(self, session, puk)
    }

    fn set_pin_hashing(
        &self,
        session: SessionHandle,
        hashed: bool,
        pins: PinPair<'_>,
    ) -> Result<Vec<String>> {
        Engine::set_pin_hashing(self, session, hashed, pins)
    }

    fn is_locked_out(&self, slot: SlotId) -> Result<bool> {
        Engine::is_locked_out(self, slot)
    }

    fn erase_token(&self, slot: SlotId, so_pin: &Secret) -> Result<()> {
        Engine::erase_token(self, slot, so_pin)
    }

    fn is_alone_on_card(&self, slot: SlotId) -> Result<bool> {
        Engine::is_alone_on_card(self, slot)
    }

    fn admin_abilities(&self, slot: SlotId) -> Result<AdminAbilities> {
        Engine::admin_abilities(self, slot)
    }

    fn repair(&self, session: SessionHandle) -> Result<RepairReport> {
        Engine::repair(self, session)
    }

    fn authorise(&self, session: SessionHandle, label: &str, pin: &Secret) -> Result<()> {
        Engine::authorise(self, session, label, pin)
    }

    fn init_pin(&self, session: SessionHandle, pin: &NewUserPin<'_>) -> Result<InitializedPin> {
        Engine::init_pin(self, session, pin)
    }

    fn set_pin(&self, session: SessionHandle, old: &Secret, new: &Secret) -> Result<()> {
        Engine::set_pin(self, session, old, new)
    }

    fn set_pin_on_reader(&self, session: SessionHandle) -> Result<()> {
        Engine::set_pin_on_reader(self, session)
    }

    fn unblock_pin(&self, slot: SlotId, by: Unblocker<'_>, new: &Secret) -> Result<()> {
        Engine::unblock_pin(self, slot, by, new)
    }
}
