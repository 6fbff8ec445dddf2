/* The rules of objects and operations that modules get wrong, by the numbers of the checklist.
   Usage: operations MODULE, with the founding document's card in the first reader. */

#include "later.h"

#define DATA ((CK_BYTE_PTR) "data")
#define MGF1_SHA1 1
#define MGF1_SHA256 2

/* I.46: every object says that it is on the token, and is of a class that every client knows. */
static void objects_of_the_token(CK_SLOT_ID slot)
{
    CK_SESSION_HANDLE session = open_session(slot, 0);
    CK_OBJECT_HANDLE objects[64];
    CK_ULONG count = 0;
    if (slot < 2)
        OK(login(session, CKU_USER, slot ? PIN_2 : PIN_1));
    OK(F->C_FindObjectsInit(session, NULL, 0));
    OK(F->C_FindObjects(session, objects, 64, &count));
    OK(F->C_FindObjectsFinal(session));
    TRUE_THAT(slot == 3 ? count == 0 : count >= 3 && count < 64);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_BBOOL token = 77;
        CK_OBJECT_CLASS class = 77;
        CK_ATTRIBUTE template[] = { { CKA_TOKEN, &token, sizeof token }, { CKA_CLASS, &class, sizeof class } };
        OK(F->C_GetAttributeValue(session, objects[i], template, 2));
        TRUE_THAT(token == CK_TRUE && template[0].ulValueLen == 1 && class <= CKO_SECRET_KEY);
    }
    OK(F->C_CloseSession(session));
}

static CK_RV sign_with(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, CK_BYTE *data,
                       CK_ULONG len, CK_BYTE *signature)
{
    CK_ULONG signature_len = 512;
    CK_RV rv = F->C_SignInit(session, &mechanism, key);
    return rv == CKR_OK ? F->C_Sign(session, data, len, signature, &signature_len) : rv;
}

/* I.61: CKM_RSA_PKCS takes the DigestInfo from its caller; the parameters of PSS have to fit the mechanism and the key. */
static void paddings(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    static const CK_BYTE prefix[19] = {
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
    };
    struct {
        CK_MECHANISM_TYPE hash;
        CK_ULONG mgf, salt;
        CK_RV in_one, with_digest;
    } pss[] = {
        { CKM_SHA256, MGF1_SHA256, 32, CKR_OK, CKR_OK },
        { CKM_SHA256, MGF1_SHA256, 0, CKR_OK, CKR_OK },
        /* A digest of 32 bytes where one of 20 is announced: the length is wrong, or the mechanism's own digest is. */
        { CKM_SHA_1, MGF1_SHA1, 20, CKR_DATA_LEN_RANGE, CKR_MECHANISM_PARAM_INVALID },
        { CKM_SHA256, 99, 32, CKR_MECHANISM_PARAM_INVALID, CKR_MECHANISM_PARAM_INVALID },
        { CKM_RSA_PKCS, MGF1_SHA256, 32, CKR_MECHANISM_PARAM_INVALID, CKR_MECHANISM_PARAM_INVALID },
        /* 2048 bits less two bytes and the digest is the longest salt. */
        { CKM_SHA256, MGF1_SHA256, 222, CKR_OK, CKR_OK },
        { CKM_SHA256, MGF1_SHA256, 223, CKR_MECHANISM_PARAM_INVALID, CKR_MECHANISM_PARAM_INVALID },
        { CKM_SHA256, MGF1_SHA256, (CK_ULONG)-1, CKR_MECHANISM_PARAM_INVALID, CKR_MECHANISM_PARAM_INVALID },
    };
    CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
    CK_BYTE info[sizeof prefix + 32], one[512], other[512];
    CK_ULONG len = 32;
    memcpy(info, prefix, sizeof prefix);
    OK(F->C_DigestInit(session, &sha256));
    OK(F->C_Digest(session, DATA, 4, info + sizeof prefix, &len));
    OK(sign_with(session, (CK_MECHANISM){ CKM_RSA_PKCS, NULL, 0 }, key, info, sizeof info, one));
    OK(sign_with(session, (CK_MECHANISM){ CKM_SHA256_RSA_PKCS, NULL, 0 }, key, DATA, 4, other));
    TRUE_THAT(!memcmp(one, other, 256));
    for (unsigned i = 0; i < sizeof pss / sizeof *pss; i++) {
        CK_RSA_PKCS_PSS_PARAMS parameters = { pss[i].hash, pss[i].mgf, pss[i].salt };
        CK_MECHANISM mechanism = { CKM_RSA_PKCS_PSS, &parameters, sizeof parameters };
        IS(pss[i].in_one, sign_with(session, mechanism, key, info + sizeof prefix, 32, one));
        mechanism.mechanism = CKM_SHA256_RSA_PKCS_PSS;
        IS(pss[i].with_digest, sign_with(session, mechanism, key, DATA, 4, one));
        mechanism.ulParameterLen--;
        IS(CKR_MECHANISM_PARAM_INVALID, sign_with(session, mechanism, key, DATA, 4, one));
    }
}

/* I.62, I.67: NULL for a mechanism ends what is going on, and is a bad argument where nothing is. */
static void null_mechanisms(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public)
{
    struct {
        message_init init;
        CK_MECHANISM_TYPE type;
        CK_OBJECT_HANDLE key;
    } kinds[] = {
        { F->C_SignInit, CKM_SHA256_RSA_PKCS, private },   { F->C_VerifyInit, CKM_SHA256_RSA_PKCS, public },
        { F->C_EncryptInit, CKM_RSA_PKCS, public },         { F->C_DecryptInit, CKM_RSA_PKCS, private },
        { F->C_VerifyRecoverInit, CKM_RSA_PKCS, public },   { F->C_SignRecoverInit, CKM_RSA_PKCS, private },
        { M_SignInit, CKM_SHA256_RSA_PKCS, private },       { M_VerifyInit, CKM_SHA256_RSA_PKCS, public },
        { NULL, CKM_SHA256, 0 },
    };
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        CK_MECHANISM mechanism = { kinds[i].type, NULL, 0 };
#define INIT(mechanism) \
    (kinds[i].init ? kinds[i].init(session, mechanism, kinds[i].key) : F->C_DigestInit(session, mechanism))
        IS(CKR_ARGUMENTS_BAD, INIT(NULL));
        CK_RV rv = INIT(&mechanism);
        /* The card's key says that it signs, not that it does so with recovery. */
        if (rv == CKR_KEY_FUNCTION_NOT_PERMITTED && (i == 4 || i == 5))
            continue;
        IS(CKR_OK, rv);
        IS(CKR_OPERATION_ACTIVE, INIT(&mechanism));
        OK(INIT(NULL));
        IS(CKR_ARGUMENTS_BAD, INIT(NULL));
        OK(INIT(&mechanism));
        OK(INIT(NULL));
    }
    IS(CKR_SESSION_HANDLE_INVALID, F->C_SignInit(0, NULL, private));
    IS(CKR_ARGUMENTS_BAD, F->C_GenerateKey(session, NULL, NULL, 0, &private));
    IS(CKR_ARGUMENTS_BAD, F->C_WrapKey(session, NULL, private, private, NULL, NULL));
    IS(CKR_ARGUMENTS_BAD, F->C_DeriveKey(session, NULL, public, NULL, 0, &private));
}

/* I.68: a template inside a template, and so on without end: nothing follows it. */
static void nested_templates(CK_SESSION_HANDLE session)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_BYTE value[16] = { 0 };
    CK_ATTRIBUTE endless = { CKA_WRAP_TEMPLATE, &endless, sizeof endless };
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class, sizeof class },
        { CKA_KEY_TYPE, &type, sizeof type },
        { CKA_VALUE, value, sizeof value },
        { CKA_WRAP_TEMPLATE, &endless, sizeof endless },
    };
    CK_MECHANISM generation = { CKM_AES_KEY_GEN, NULL, 0 };
    CK_OBJECT_HANDLE object = 0;
    CK_ULONG count = 77;
    CK_ATTRIBUTE asked;
    IS(CKR_ATTRIBUTE_TYPE_INVALID, F->C_CreateObject(session, template, 4, &object));
    template[3].type = CKA_UNWRAP_TEMPLATE;
    IS(CKR_ATTRIBUTE_TYPE_INVALID, F->C_CreateObject(session, template, 4, &object));
    template[2] = (CK_ATTRIBUTE){ CKA_VALUE_LEN, &(CK_ULONG){ 16 }, sizeof(CK_ULONG) };
    IS(CKR_ATTRIBUTE_TYPE_INVALID, F->C_GenerateKey(session, &generation, template, 4, &object));
    OK(F->C_FindObjectsInit(session, template + 3, 1));
    OK(F->C_FindObjects(session, &object, 1, &count));
    OK(F->C_FindObjectsFinal(session));
    TRUE_THAT(count == 0);
    OK(F->C_GenerateKey(session, &generation, template, 3, &object));
    asked = (CK_ATTRIBUTE){ CKA_WRAP_TEMPLATE, &endless, sizeof endless };
    IS(CKR_ATTRIBUTE_TYPE_INVALID, F->C_GetAttributeValue(session, object, &asked, 1));
    TRUE_THAT(asked.ulValueLen == (CK_ULONG)-1 && endless.pValue == &endless);
}

int main(int count, char **arguments)
{
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE private;
    if (count != 2)
        return 2;
    load_later(arguments[1]);
    OK(F->C_Initialize(NULL));
    for (CK_SLOT_ID slot = 0; slot < 4; slot++)
        objects_of_the_token(slot);
    session = open_session(0, CKF_RW_SESSION);
    OK(login(session, CKU_USER, PIN_1));
    private = find(session, CKO_PRIVATE_KEY);
    paddings(session, private);
    null_mechanisms(session, private, find(session, CKO_PUBLIC_KEY));
    nested_templates(session);
    OK(F->C_Finalize(NULL));
    return result();
}
