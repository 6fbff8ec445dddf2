/* What PKCS#11 3.0 and 3.2 have and p11-kit's header has not: structures, numbers and functions as the standard writes
   them (PKCS#11 3.2, appendix B). */

#ifndef LATER_H
#define LATER_H

#include "common.h"

#define CKR_AEAD_DECRYPT_FAILED 0x42UL

#define CKF_MESSAGE_ENCRYPT 0x02UL
#define CKF_MESSAGE_DECRYPT 0x04UL
#define CKF_MESSAGE_SIGN 0x08UL
#define CKF_MESSAGE_VERIFY 0x10UL
#define CKF_MULTI_MESSAGE 0x20UL
#define CKF_END_OF_MESSAGE 0x01UL

#define CKG_NO_GENERATE 0UL
#define CKG_GENERATE 1UL
#define CKG_GENERATE_COUNTER 2UL
#define CKG_GENERATE_RANDOM 3UL
#define CKG_GENERATE_COUNTER_XOR 4UL

typedef CK_ULONG CK_GENERATOR_FUNCTION;

typedef struct CK_GCM_MESSAGE_PARAMS {
    CK_BYTE_PTR pIv;
    CK_ULONG ulIvLen;
    CK_ULONG ulIvFixedBits;
    CK_GENERATOR_FUNCTION ivGenerator;
    CK_BYTE_PTR pTag;
    CK_ULONG ulTagBits;
} CK_GCM_MESSAGE_PARAMS;

typedef CK_RV (*message_init)(CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE);
typedef CK_RV (*message_whole)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG,
                               CK_BYTE_PTR, CK_ULONG_PTR);
typedef CK_RV (*message_begin)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE_PTR, CK_ULONG);
typedef CK_RV (*message_next)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR,
                              CK_FLAGS);
typedef CK_RV (*session_only)(CK_SESSION_HANDLE);

static message_init M_EncryptInit, M_DecryptInit, M_SignInit, M_VerifyInit;
static message_whole M_Encrypt, M_Decrypt;
static message_begin M_EncryptBegin, M_DecryptBegin;
static message_next M_EncryptNext, M_DecryptNext;
static session_only M_EncryptFinal, M_DecryptFinal, M_SignFinal, M_VerifyFinal, V_Final;
static CK_RV (*M_Sign)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);
static CK_RV (*M_Verify)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG);
static CK_RV (*M_SignBegin)(CK_SESSION_HANDLE, void *, CK_ULONG);
static CK_RV (*M_VerifyBegin)(CK_SESSION_HANDLE, void *, CK_ULONG);
static CK_RV (*M_SignNext)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);
static CK_RV (*M_VerifyNext)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG);
static CK_RV (*V_Init)(CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE, CK_BYTE_PTR, CK_ULONG);
static CK_RV (*V_Verify)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG);
static CK_RV (*V_Update)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG);
static CK_RV (*Cancel)(CK_SESSION_HANDLE, CK_FLAGS);

static inline void load_later(const char *path)
{
    load(path);
    M_EncryptInit = symbol("C_MessageEncryptInit");
    M_Encrypt = symbol("C_EncryptMessage");
    M_EncryptBegin = symbol("C_EncryptMessageBegin");
    M_EncryptNext = symbol("C_EncryptMessageNext");
    M_EncryptFinal = symbol("C_MessageEncryptFinal");
    M_DecryptInit = symbol("C_MessageDecryptInit");
    M_Decrypt = symbol("C_DecryptMessage");
    M_DecryptBegin = symbol("C_DecryptMessageBegin");
    M_DecryptNext = symbol("C_DecryptMessageNext");
    M_DecryptFinal = symbol("C_MessageDecryptFinal");
    M_SignInit = symbol("C_MessageSignInit");
    M_Sign = symbol("C_SignMessage");
    M_SignBegin = symbol("C_SignMessageBegin");
    M_SignNext = symbol("C_SignMessageNext");
    M_SignFinal = symbol("C_MessageSignFinal");
    M_VerifyInit = symbol("C_MessageVerifyInit");
    M_Verify = symbol("C_VerifyMessage");
    M_VerifyBegin = symbol("C_VerifyMessageBegin");
    M_VerifyNext = symbol("C_VerifyMessageNext");
    M_VerifyFinal = symbol("C_MessageVerifyFinal");
    V_Init = symbol("C_VerifySignatureInit");
    V_Verify = symbol("C_VerifySignature");
    V_Update = symbol("C_VerifySignatureUpdate");
    V_Final = symbol("C_VerifySignatureFinal");
    Cancel = symbol("C_SessionCancel");
}

#endif
