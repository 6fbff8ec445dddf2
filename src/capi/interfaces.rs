//! Function lists of every version and the interfaces that offer them (PKCS#11 3.2, 5.4).

use std::ffi::CStr;

use cryptoki_sys as ck;

use super::fault::Fault;
use super::{
    absent, cipher, entry_points, general, input, key, message, object, operation, output, personalise,
    session, slot,
};

/// The name of the standard's own interfaces.
const INTERFACE_NAME: &CStr = c"PKCS 11";

/// An interface in a static: its pointers go to statics and are never written through.
#[repr(transparent)]
struct Interface(ck::CK_INTERFACE);

// SAFETY: the pointers inside go to immutable statics.
unsafe impl Sync for Interface {}

/// The default first, as `C_GetInterface` without a name gives it.
static INTERFACES: [Interface; 3] = [
    interface((&raw const LIST_3_2).cast()),
    interface((&raw const LIST_3_0).cast()),
    interface((&raw const LIST_2_40).cast()),
];

const fn interface(list: *const std::ffi::c_void) -> Interface {
    Interface(ck::CK_INTERFACE {
        pInterfaceName: INTERFACE_NAME.as_ptr().cast_mut().cast(),
        pFunctionList: list.cast_mut(),
        flags: 0,
    })
}

/// Version of the function list behind an interface: every list begins with it.
fn version(interface: &ck::CK_INTERFACE) -> ck::CK_VERSION {
    // SAFETY: every interface here points to one of the lists below.
    unsafe { interface.pFunctionList.cast::<ck::CK_VERSION>().read() }
}

entry_points! {
    /// Gives the function list of version 2.40. Works before the module is initialised.
    fn C_GetFunctionList(list: *mut ck::CK_FUNCTION_LIST_PTR) {
        input::write(list, (&raw const LIST_2_40).cast_mut())
    }

    /// Lists the interfaces. Works before the module is initialised.
    fn C_GetInterfaceList(list: *mut ck::CK_INTERFACE, count: *mut ck::CK_ULONG) {
        output::list(list, count, &INTERFACES.each_ref().map(|interface| interface.0))
    }

    /// Gives the interface of this name and version that has these flags; NULL takes the default.
    fn C_GetInterface(
        name: *mut ck::CK_UTF8CHAR,
        wanted: *mut ck::CK_VERSION,
        interface: *mut *mut ck::CK_INTERFACE,
        flags: ck::CK_FLAGS,
    ) {
        if !name.is_null() && CStr::from_ptr(name.cast()) != INTERFACE_NAME {
            return Err(Fault::ARGUMENTS_BAD);
        }
        let wanted = wanted.as_ref().map(|wanted| (wanted.major, wanted.minor));
        let found = INTERFACES.iter().find(|candidate| {
            let has = version(&candidate.0);
            let fits = match wanted {
                // 3.1 changed no list: it is served by that of 3.0.
                Some((3, 1)) => (has.major, has.minor) == (3, 0),
                Some(wanted) => (has.major, has.minor) == wanted,
                None => true,
            };
            fits && candidate.0.flags & flags == flags
        });
        let found = found.ok_or(Fault::ARGUMENTS_BAD)?;
        input::write(interface, (&raw const found.0).cast_mut())
    }
}

static LIST_2_40: ck::CK_FUNCTION_LIST = ck::CK_FUNCTION_LIST {
    version: ck::CK_VERSION { major: 2, minor: 40 },
    C_Initialize: Some(general::C_Initialize),
    C_Finalize: Some(general::C_Finalize),
    C_GetInfo: Some(general::C_GetInfo),
    C_GetFunctionList: Some(C_GetFunctionList),
    C_GetSlotList: Some(slot::C_GetSlotList),
    C_GetSlotInfo: Some(slot::C_GetSlotInfo),
    C_GetTokenInfo: Some(slot::C_GetTokenInfo),
    C_GetMechanismList: Some(slot::C_GetMechanismList),
    C_GetMechanismInfo: Some(slot::C_GetMechanismInfo),
    C_InitToken: Some(personalise::C_InitToken),
    C_InitPIN: Some(personalise::C_InitPIN),
    C_SetPIN: Some(personalise::C_SetPIN),
    C_OpenSession: Some(session::C_OpenSession),
    C_CloseSession: Some(session::C_CloseSession),
    C_CloseAllSessions: Some(session::C_CloseAllSessions),
    C_GetSessionInfo: Some(session::C_GetSessionInfo),
    C_GetOperationState: Some(absent::C_GetOperationState),
    C_SetOperationState: Some(absent::C_SetOperationState),
    C_Login: Some(session::C_Login),
    C_Logout: Some(session::C_Logout),
    C_CreateObject: Some(personalise::C_CreateObject),
    C_CopyObject: Some(object::C_CopyObject),
    C_DestroyObject: Some(personalise::C_DestroyObject),
    C_GetObjectSize: Some(object::C_GetObjectSize),
    C_GetAttributeValue: Some(object::C_GetAttributeValue),
    C_SetAttributeValue: Some(personalise::C_SetAttributeValue),
    C_FindObjectsInit: Some(object::C_FindObjectsInit),
    C_FindObjects: Some(object::C_FindObjects),
    C_FindObjectsFinal: Some(object::C_FindObjectsFinal),
    C_EncryptInit: Some(cipher::C_EncryptInit),
    C_Encrypt: Some(cipher::C_Encrypt),
    C_EncryptUpdate: Some(cipher::C_EncryptUpdate),
    C_EncryptFinal: Some(cipher::C_EncryptFinal),
    C_DecryptInit: Some(cipher::C_DecryptInit),
    C_Decrypt: Some(cipher::C_Decrypt),
    C_DecryptUpdate: Some(cipher::C_DecryptUpdate),
    C_DecryptFinal: Some(cipher::C_DecryptFinal),
    C_DigestInit: Some(operation::C_DigestInit),
    C_Digest: Some(operation::C_Digest),
    C_DigestUpdate: Some(operation::C_DigestUpdate),
    C_DigestKey: Some(operation::C_DigestKey),
    C_DigestFinal: Some(operation::C_DigestFinal),
    C_SignInit: Some(operation::C_SignInit),
    C_Sign: Some(operation::C_Sign),
    C_SignUpdate: Some(operation::C_SignUpdate),
    C_SignFinal: Some(operation::C_SignFinal),
    C_SignRecoverInit: Some(operation::C_SignRecoverInit),
    C_SignRecover: Some(operation::C_SignRecover),
    C_VerifyInit: Some(operation::C_VerifyInit),
    C_Verify: Some(operation::C_Verify),
    C_VerifyUpdate: Some(operation::C_VerifyUpdate),
    C_VerifyFinal: Some(operation::C_VerifyFinal),
    C_VerifyRecoverInit: Some(operation::C_VerifyRecoverInit),
    C_VerifyRecover: Some(operation::C_VerifyRecover),
    C_DigestEncryptUpdate: Some(cipher::C_DigestEncryptUpdate),
    C_DecryptDigestUpdate: Some(cipher::C_DecryptDigestUpdate),
    C_SignEncryptUpdate: Some(cipher::C_SignEncryptUpdate),
    C_DecryptVerifyUpdate: Some(cipher::C_DecryptVerifyUpdate),
    C_GenerateKey: Some(personalise::C_GenerateKey),
    C_GenerateKeyPair: Some(personalise::C_GenerateKeyPair),
    C_WrapKey: Some(key::C_WrapKey),
    C_UnwrapKey: Some(key::C_UnwrapKey),
    C_DeriveKey: Some(key::C_DeriveKey),
    C_SeedRandom: Some(operation::C_SeedRandom),
    C_GenerateRandom: Some(operation::C_GenerateRandom),
    C_GetFunctionStatus: Some(absent::C_GetFunctionStatus),
    C_CancelFunction: Some(absent::C_CancelFunction),
    C_WaitForSlotEvent: Some(slot::C_WaitForSlotEvent),
};

static LIST_3_0: ck::CK_FUNCTION_LIST_3_0 = ck::CK_FUNCTION_LIST_3_0 {
    version: ck::CK_VERSION { major: 3, minor: 0 },
    C_Initialize: Some(general::C_Initialize),
    C_Finalize: Some(general::C_Finalize),
    C_GetInfo: Some(general::C_GetInfo),
    C_GetFunctionList: Some(C_GetFunctionList),
    C_GetSlotList: Some(slot::C_GetSlotList),
    C_GetSlotInfo: Some(slot::C_GetSlotInfo),
    C_GetTokenInfo: Some(slot::C_GetTokenInfo),
    C_GetMechanismList: Some(slot::C_GetMechanismList),
    C_GetMechanismInfo: Some(slot::C_GetMechanismInfo),
    C_InitToken: Some(personalise::C_InitToken),
    C_InitPIN: Some(personalise::C_InitPIN),
    C_SetPIN: Some(personalise::C_SetPIN),
    C_OpenSession: Some(session::C_OpenSession),
    C_CloseSession: Some(session::C_CloseSession),
    C_CloseAllSessions: Some(session::C_CloseAllSessions),
    C_GetSessionInfo: Some(session::C_GetSessionInfo),
    C_GetOperationState: Some(absent::C_GetOperationState),
    C_SetOperationState: Some(absent::C_SetOperationState),
    C_Login: Some(session::C_Login),
    C_Logout: Some(session::C_Logout),
    C_CreateObject: Some(personalise::C_CreateObject),
    C_CopyObject: Some(object::C_CopyObject),
    C_DestroyObject: Some(personalise::C_DestroyObject),
    C_GetObjectSize: Some(object::C_GetObjectSize),
    C_GetAttributeValue: Some(object::C_GetAttributeValue),
    C_SetAttributeValue: Some(personalise::C_SetAttributeValue),
    C_FindObjectsInit: Some(object::C_FindObjectsInit),
    C_FindObjects: Some(object::C_FindObjects),
    C_FindObjectsFinal: Some(object::C_FindObjectsFinal),
    C_EncryptInit: Some(cipher::C_EncryptInit),
    C_Encrypt: Some(cipher::C_Encrypt),
    C_EncryptUpdate: Some(cipher::C_EncryptUpdate),
    C_EncryptFinal: Some(cipher::C_EncryptFinal),
    C_DecryptInit: Some(cipher::C_DecryptInit),
    C_Decrypt: Some(cipher::C_Decrypt),
    C_DecryptUpdate: Some(cipher::C_DecryptUpdate),
    C_DecryptFinal: Some(cipher::C_DecryptFinal),
    C_DigestInit: Some(operation::C_DigestInit),
    C_Digest: Some(operation::C_Digest),
    C_DigestUpdate: Some(operation::C_DigestUpdate),
    C_DigestKey: Some(operation::C_DigestKey),
    C_DigestFinal: Some(operation::C_DigestFinal),
    C_SignInit: Some(operation::C_SignInit),
    C_Sign: Some(operation::C_Sign),
    C_SignUpdate: Some(operation::C_SignUpdate),
    C_SignFinal: Some(operation::C_SignFinal),
    C_SignRecoverInit: Some(operation::C_SignRecoverInit),
    C_SignRecover: Some(operation::C_SignRecover),
    C_VerifyInit: Some(operation::C_VerifyInit),
    C_Verify: Some(operation::C_Verify),
    C_VerifyUpdate: Some(operation::C_VerifyUpdate),
    C_VerifyFinal: Some(operation::C_VerifyFinal),
    C_VerifyRecoverInit: Some(operation::C_VerifyRecoverInit),
    C_VerifyRecover: Some(operation::C_VerifyRecover),
    C_DigestEncryptUpdate: Some(cipher::C_DigestEncryptUpdate),
    C_DecryptDigestUpdate: Some(cipher::C_DecryptDigestUpdate),
    C_SignEncryptUpdate: Some(cipher::C_SignEncryptUpdate),
    C_DecryptVerifyUpdate: Some(cipher::C_DecryptVerifyUpdate),
    C_GenerateKey: Some(personalise::C_GenerateKey),
    C_GenerateKeyPair: Some(personalise::C_GenerateKeyPair),
    C_WrapKey: Some(key::C_WrapKey),
    C_UnwrapKey: Some(key::C_UnwrapKey),
    C_DeriveKey: Some(key::C_DeriveKey),
    C_SeedRandom: Some(operation::C_SeedRandom),
    C_GenerateRandom: Some(operation::C_GenerateRandom),
    C_GetFunctionStatus: Some(absent::C_GetFunctionStatus),
    C_CancelFunction: Some(absent::C_CancelFunction),
    C_WaitForSlotEvent: Some(slot::C_WaitForSlotEvent),
    C_GetInterfaceList: Some(C_GetInterfaceList),
    C_GetInterface: Some(C_GetInterface),
    C_LoginUser: Some(session::C_LoginUser),
    C_SessionCancel: Some(session::C_SessionCancel),
    C_MessageEncryptInit: Some(message::C_MessageEncryptInit),
    C_EncryptMessage: Some(message::C_EncryptMessage),
    C_EncryptMessageBegin: Some(message::C_EncryptMessageBegin),
    C_EncryptMessageNext: Some(message::C_EncryptMessageNext),
    C_MessageEncryptFinal: Some(message::C_MessageEncryptFinal),
    C_MessageDecryptInit: Some(message::C_MessageDecryptInit),
    C_DecryptMessage: Some(message::C_DecryptMessage),
    C_DecryptMessageBegin: Some(message::C_DecryptMessageBegin),
    C_DecryptMessageNext: Some(message::C_DecryptMessageNext),
    C_MessageDecryptFinal: Some(message::C_MessageDecryptFinal),
    C_MessageSignInit: Some(message::C_MessageSignInit),
    C_SignMessage: Some(message::C_SignMessage),
    C_SignMessageBegin: Some(message::C_SignMessageBegin),
    C_SignMessageNext: Some(message::C_SignMessageNext),
    C_MessageSignFinal: Some(message::C_MessageSignFinal),
    C_MessageVerifyInit: Some(message::C_MessageVerifyInit),
    C_VerifyMessage: Some(message::C_VerifyMessage),
    C_VerifyMessageBegin: Some(message::C_VerifyMessageBegin),
    C_VerifyMessageNext: Some(message::C_VerifyMessageNext),
    C_MessageVerifyFinal: Some(message::C_MessageVerifyFinal),
};

static LIST_3_2: ck::CK_FUNCTION_LIST_3_2 = ck::CK_FUNCTION_LIST_3_2 {
    version: ck::CK_VERSION { major: 3, minor: 2 },
    C_Initialize: Some(general::C_Initialize),
    C_Finalize: Some(general::C_Finalize),
    C_GetInfo: Some(general::C_GetInfo),
    C_GetFunctionList: Some(C_GetFunctionList),
    C_GetSlotList: Some(slot::C_GetSlotList),
    C_GetSlotInfo: Some(slot::C_GetSlotInfo),
    C_GetTokenInfo: Some(slot::C_GetTokenInfo),
    C_GetMechanismList: Some(slot::C_GetMechanismList),
    C_GetMechanismInfo: Some(slot::C_GetMechanismInfo),
    C_InitToken: Some(personalise::C_InitToken),
    C_InitPIN: Some(personalise::C_InitPIN),
    C_SetPIN: Some(personalise::C_SetPIN),
    C_OpenSession: Some(session::C_OpenSession),
    C_CloseSession: Some(session::C_CloseSession),
    C_CloseAllSessions: Some(session::C_CloseAllSessions),
    C_GetSessionInfo: Some(session::C_GetSessionInfo),
    C_GetOperationState: Some(absent::C_GetOperationState),
    C_SetOperationState: Some(absent::C_SetOperationState),
    C_Login: Some(session::C_Login),
    C_Logout: Some(session::C_Logout),
    C_CreateObject: Some(personalise::C_CreateObject),
    C_CopyObject: Some(object::C_CopyObject),
    C_DestroyObject: Some(personalise::C_DestroyObject),
    C_GetObjectSize: Some(object::C_GetObjectSize),
    C_GetAttributeValue: Some(object::C_GetAttributeValue),
    C_SetAttributeValue: Some(personalise::C_SetAttributeValue),
    C_FindObjectsInit: Some(object::C_FindObjectsInit),
    C_FindObjects: Some(object::C_FindObjects),
    C_FindObjectsFinal: Some(object::C_FindObjectsFinal),
    C_EncryptInit: Some(cipher::C_EncryptInit),
    C_Encrypt: Some(cipher::C_Encrypt),
    C_EncryptUpdate: Some(cipher::C_EncryptUpdate),
    C_EncryptFinal: Some(cipher::C_EncryptFinal),
    C_DecryptInit: Some(cipher::C_DecryptInit),
    C_Decrypt: Some(cipher::C_Decrypt),
    C_DecryptUpdate: Some(cipher::C_DecryptUpdate),
    C_DecryptFinal: Some(cipher::C_DecryptFinal),
    C_DigestInit: Some(operation::C_DigestInit),
    C_Digest: Some(operation::C_Digest),
    C_DigestUpdate: Some(operation::C_DigestUpdate),
    C_DigestKey: Some(operation::C_DigestKey),
    C_DigestFinal: Some(operation::C_DigestFinal),
    C_SignInit: Some(operation::C_SignInit),
    C_Sign: Some(operation::C_Sign),
    C_SignUpdate: Some(operation::C_SignUpdate),
    C_SignFinal: Some(operation::C_SignFinal),
    C_SignRecoverInit: Some(operation::C_SignRecoverInit),
    C_SignRecover: Some(operation::C_SignRecover),
    C_VerifyInit: Some(operation::C_VerifyInit),
    C_Verify: Some(operation::C_Verify),
    C_VerifyUpdate: Some(operation::C_VerifyUpdate),
    C_VerifyFinal: Some(operation::C_VerifyFinal),
    C_VerifyRecoverInit: Some(operation::C_VerifyRecoverInit),
    C_VerifyRecover: Some(operation::C_VerifyRecover),
    C_DigestEncryptUpdate: Some(cipher::C_DigestEncryptUpdate),
    C_DecryptDigestUpdate: Some(cipher::C_DecryptDigestUpdate),
    C_SignEncryptUpdate: Some(cipher::C_SignEncryptUpdate),
    C_DecryptVerifyUpdate: Some(cipher::C_DecryptVerifyUpdate),
    C_GenerateKey: Some(personalise::C_GenerateKey),
    C_GenerateKeyPair: Some(personalise::C_GenerateKeyPair),
    C_WrapKey: Some(key::C_WrapKey),
    C_UnwrapKey: Some(key::C_UnwrapKey),
    C_DeriveKey: Some(key::C_DeriveKey),
    C_SeedRandom: Some(operation::C_SeedRandom),
    C_GenerateRandom: Some(operation::C_GenerateRandom),
    C_GetFunctionStatus: Some(absent::C_GetFunctionStatus),
    C_CancelFunction: Some(absent::C_CancelFunction),
    C_WaitForSlotEvent: Some(slot::C_WaitForSlotEvent),
    C_GetInterfaceList: Some(C_GetInterfaceList),
    C_GetInterface: Some(C_GetInterface),
    C_LoginUser: Some(session::C_LoginUser),
    C_SessionCancel: Some(session::C_SessionCancel),
    C_MessageEncryptInit: Some(message::C_MessageEncryptInit),
    C_EncryptMessage: Some(message::C_EncryptMessage),
    C_EncryptMessageBegin: Some(message::C_EncryptMessageBegin),
    C_EncryptMessageNext: Some(message::C_EncryptMessageNext),
    C_MessageEncryptFinal: Some(message::C_MessageEncryptFinal),
    C_MessageDecryptInit: Some(message::C_MessageDecryptInit),
    C_DecryptMessage: Some(message::C_DecryptMessage),
    C_DecryptMessageBegin: Some(message::C_DecryptMessageBegin),
    C_DecryptMessageNext: Some(message::C_DecryptMessageNext),
    C_MessageDecryptFinal: Some(message::C_MessageDecryptFinal),
    C_MessageSignInit: Some(message::C_MessageSignInit),
    C_SignMessage: Some(message::C_SignMessage),
    C_SignMessageBegin: Some(message::C_SignMessageBegin),
    C_SignMessageNext: Some(message::C_SignMessageNext),
    C_MessageSignFinal: Some(message::C_MessageSignFinal),
    C_MessageVerifyInit: Some(message::C_MessageVerifyInit),
    C_VerifyMessage: Some(message::C_VerifyMessage),
    C_VerifyMessageBegin: Some(message::C_VerifyMessageBegin),
    C_VerifyMessageNext: Some(message::C_VerifyMessageNext),
    C_MessageVerifyFinal: Some(message::C_MessageVerifyFinal),
    C_EncapsulateKey: Some(absent::C_EncapsulateKey),
    C_DecapsulateKey: Some(absent::C_DecapsulateKey),
    C_VerifySignatureInit: Some(operation::C_VerifySignatureInit),
    C_VerifySignature: Some(operation::C_VerifySignature),
    C_VerifySignatureUpdate: Some(operation::C_VerifySignatureUpdate),
    C_VerifySignatureFinal: Some(operation::C_VerifySignatureFinal),
    C_GetSessionValidationFlags: Some(session::C_GetSessionValidationFlags),
    C_AsyncComplete: Some(absent::C_AsyncComplete),
    C_AsyncGetID: Some(absent::C_AsyncGetID),
    C_AsyncJoin: Some(absent::C_AsyncJoin),
    C_WrapKeyAuthenticated: Some(absent::C_WrapKeyAuthenticated),
    C_UnwrapKeyAuthenticated: Some(absent::C_UnwrapKeyAuthenticated),
};
