//! Entry points of PKCS#11 3.1, 5.5: slots, tokens, mechanisms.

use cryptoki_sys as ck;

use super::fault::Fault;
use super::{entry_points, input, instance, output};
use crate::codec::padded;
use crate::engine::mechanism::Uses;
use crate::engine::{MechanismId, MechanismInfo, PinState, SlotInfo, TokenFlags, TokenInfo};

entry_points! {
    /// Lists the slots, or those in which a token is to be expected. Without a place for the list readers are asked
    /// anew; no card is.
    fn C_GetSlotList(token_present: ck::CK_BBOOL, list: *mut ck::CK_SLOT_ID, count: *mut ck::CK_ULONG) {
        let engine = instance::engine()?;
        if list.is_null() {
            engine.refresh();
        }
        let slots = if token_present == 0 { engine.slots(false) } else { engine.expected_slots() };
        let slots: Vec<_> = slots.into_iter().map(|slot| ck::CK_SLOT_ID::from(slot.0)).collect();
        output::list(list, count, &slots)
    }

    /// Gives a slot in which something came or went, or waits until there is one. A wait ends with the module.
    fn C_WaitForSlotEvent(flags: ck::CK_FLAGS, slot: *mut ck::CK_SLOT_ID, reserved: ck::CK_VOID_PTR) {
        let engine = instance::engine()?;
        if slot.is_null() || !reserved.is_null() {
            return Err(Fault::ARGUMENTS_BAD);
        }
        let (found, without) = if flags & ck::CKF_DONT_BLOCK != 0 {
            (engine.poll_event(), ck::CKR_NO_EVENT)
        } else {
            (engine.wait_event(), ck::CKR_CRYPTOKI_NOT_INITIALIZED)
        };
        let found = found.ok_or(Fault::Code(without))?;
        input::write(slot, found.0.into())
    }

    /// Describes a slot.
    fn C_GetSlotInfo(slot: ck::CK_SLOT_ID, info: *mut ck::CK_SLOT_INFO) {
        let described = instance::engine()?.slot_info(input::slot(slot)?)?;
        input::write(info, slot_info(&described))
    }

    /// Describes the token in a slot.
    fn C_GetTokenInfo(slot: ck::CK_SLOT_ID, info: *mut ck::CK_TOKEN_INFO) {
        let engine = instance::engine()?;
        if info.is_null() {
            return Err(Fault::ARGUMENTS_BAD);
        }
        let described = engine.token_info(input::slot(slot)?)?;
        input::write(info, token_info(&described))
    }

    /// Lists the mechanisms of a token.
    fn C_GetMechanismList(slot: ck::CK_SLOT_ID, list: *mut ck::CK_MECHANISM_TYPE, count: *mut ck::CK_ULONG) {
        let mechanisms = instance::engine()?.mechanisms(input::slot(slot)?)?;
        let numbers: Vec<_> = mechanisms.into_iter().map(|id| id.0).collect();
        output::list(list, count, &numbers)
    }

    /// Describes one mechanism of a token.
    fn C_GetMechanismInfo(
        slot: ck::CK_SLOT_ID,
        mechanism: ck::CK_MECHANISM_TYPE,
        info: *mut ck::CK_MECHANISM_INFO,
    ) {
        let id = MechanismId(mechanism);
        let described = instance::engine()?.mechanism_info(input::slot(slot)?, id)?;
        input::write(info, mechanism_info(&described))
    }
}

fn slot_info(slot: &SlotInfo) -> ck::CK_SLOT_INFO {
    let flags = [
        (slot.token_present, ck::CKF_TOKEN_PRESENT),
        (slot.removable, ck::CKF_REMOVABLE_DEVICE),
        (slot.hardware, ck::CKF_HW_SLOT),
    ];
    ck::CK_SLOT_INFO {
        slotDescription: padded::pad(&slot.description),
        manufacturerID: padded::pad(&slot.manufacturer),
        flags: sum(&flags),
        hardwareVersion: version((0, 0)),
        firmwareVersion: version((0, 0)),
    }
}

fn token_info(token: &TokenInfo) -> ck::CK_TOKEN_INFO {
    let count = |number: usize| ck::CK_ULONG::try_from(number).unwrap_or(ck::CK_UNAVAILABLE_INFORMATION);
    ck::CK_TOKEN_INFO {
        label: padded::pad(&token.label),
        manufacturerID: padded::pad(&token.manufacturer),
        model: padded::pad(&token.model),
        serialNumber: padded::pad(&token.serial),
        flags: token_flags(&token.flags),
        ulMaxSessionCount: ck::CK_EFFECTIVELY_INFINITE,
        ulSessionCount: count(token.sessions.0),
        ulMaxRwSessionCount: ck::CK_EFFECTIVELY_INFINITE,
        ulRwSessionCount: count(token.sessions.1),
        ulMaxPinLen: count(token.pin_len.1),
        ulMinPinLen: count(token.pin_len.0),
        ulTotalPublicMemory: ck::CK_UNAVAILABLE_INFORMATION,
        ulFreePublicMemory: ck::CK_UNAVAILABLE_INFORMATION,
        ulTotalPrivateMemory: ck::CK_UNAVAILABLE_INFORMATION,
        ulFreePrivateMemory: ck::CK_UNAVAILABLE_INFORMATION,
        hardwareVersion: version(token.hardware_version),
        firmwareVersion: version(token.firmware_version),
        utcTime: [b' '; 16],
    }
}

fn token_flags(flags: &TokenFlags) -> ck::CK_FLAGS {
    let plain = [
        (flags.rng, ck::CKF_RNG),
        (flags.write_protected, ck::CKF_WRITE_PROTECTED),
        (flags.login_required, ck::CKF_LOGIN_REQUIRED),
        (flags.user_pin_initialized, ck::CKF_USER_PIN_INITIALIZED),
        (flags.protected_authentication_path, ck::CKF_PROTECTED_AUTHENTICATION_PATH),
        (flags.token_initialized, ck::CKF_TOKEN_INITIALIZED),
    ];
    let user = match flags.user_pin {
        PinState::Fine => 0,
        PinState::CountLow => ck::CKF_USER_PIN_COUNT_LOW,
        PinState::FinalTry => ck::CKF_USER_PIN_FINAL_TRY,
        PinState::Locked => ck::CKF_USER_PIN_LOCKED,
    };
    let so = match flags.so_pin {
        PinState::Fine => 0,
        PinState::CountLow => ck::CKF_SO_PIN_COUNT_LOW,
        PinState::FinalTry => ck::CKF_SO_PIN_FINAL_TRY,
        PinState::Locked => ck::CKF_SO_PIN_LOCKED,
    };
    sum(&plain) | user | so
}

fn mechanism_info(mechanism: &MechanismInfo) -> ck::CK_MECHANISM_INFO {
    let Uses {
        encrypt,
        decrypt,
        digest,
        sign,
        sign_recover,
        verify,
        verify_recover,
        generate,
        generate_key_pair,
        wrap,
        unwrap,
        derive,
        messages,
    } = mechanism.uses;
    let flags = [
        (mechanism.hardware, ck::CKF_HW),
        (encrypt, ck::CKF_ENCRYPT),
        (decrypt, ck::CKF_DECRYPT),
        (digest, ck::CKF_DIGEST),
        (sign, ck::CKF_SIGN),
        (sign_recover, ck::CKF_SIGN_RECOVER),
        (verify, ck::CKF_VERIFY),
        (verify_recover, ck::CKF_VERIFY_RECOVER),
        (generate, ck::CKF_GENERATE),
        (generate_key_pair, ck::CKF_GENERATE_KEY_PAIR),
        (wrap, ck::CKF_WRAP),
        (unwrap, ck::CKF_UNWRAP),
        (derive, ck::CKF_DERIVE),
        (encrypt && messages, ck::CKF_MESSAGE_ENCRYPT),
        (decrypt && messages, ck::CKF_MESSAGE_DECRYPT),
        // Whatever signs does so message by message too.
        (sign, ck::CKF_MESSAGE_SIGN),
        (verify, ck::CKF_MESSAGE_VERIFY),
        (messages || sign || verify, ck::CKF_MULTI_MESSAGE),
    ];
    ck::CK_MECHANISM_INFO {
        ulMinKeySize: ck::CK_ULONG::from(mechanism.min_key_bits),
        ulMaxKeySize: ck::CK_ULONG::from(mechanism.max_key_bits),
        flags: sum(&flags),
    }
}

fn sum(flags: &[(bool, ck::CK_FLAGS)]) -> ck::CK_FLAGS {
    flags.iter().filter(|(set, _)| *set).fold(0, |sum, (_, flag)| sum | flag)
}

fn version((major, minor): (u8, u8)) -> ck::CK_VERSION {
    ck::CK_VERSION { major, minor }
}
