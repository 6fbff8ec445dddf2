/* The rules of slots, tokens, sessions and logins that modules get wrong, by the numbers of the checklist.
   Usage: rules MODULE, with the founding document's card in the first reader, and an empty second reader;
   or rules MODULE new, with a card there that was never formatted. */

#include "common.h"

#define NO_SLOT 99
#define LABEL ((CK_UTF8CHAR_PTR) "a new token                     ")
#define EMPTY_SLOT 4 /* of the empty reader */

static CK_RV initialize_with(CK_C_INITIALIZE_ARGS arguments)
{
    CK_RV rv = F->C_Initialize(&arguments);
    /* I.5: what was given is ours again. */
    memset(&arguments, 0xEE, sizeof arguments);
    return rv;
}

static CK_RV mutex(void *mutex)
{
    (void)mutex;
    return CKR_OK;
}

static CK_RV create_mutex(void **mutex)
{
    *mutex = NULL;
    return CKR_OK;
}

static void initialization(void)
{
    CK_C_INITIALIZE_ARGS some = { create_mutex, NULL, mutex, mutex, CKF_OS_LOCKING_OK, NULL };
    CK_C_INITIALIZE_ARGS all = { create_mutex, mutex, mutex, mutex, 0, NULL };
    CK_C_INITIALIZE_ARGS reserved = { NULL, NULL, NULL, NULL, CKF_OS_LOCKING_OK, &reserved };
    CK_C_INITIALIZE_ARGS system = { NULL, NULL, NULL, NULL, CKF_OS_LOCKING_OK, NULL };
    CK_C_INITIALIZE_ARGS no_threads = { NULL, NULL, NULL, NULL, CKF_LIBRARY_CANT_CREATE_OS_THREADS, NULL };
    CK_ULONG count;
    /* I.1 */
    IS(CKR_CRYPTOKI_NOT_INITIALIZED, F->C_GetSlotList(CK_FALSE, NULL, &count));
    IS(CKR_CRYPTOKI_NOT_INITIALIZED, F->C_WaitForSlotEvent(CKF_DONT_BLOCK, &count, NULL));
    IS(CKR_CRYPTOKI_NOT_INITIALIZED, F->C_SeedRandom(1, (CK_BYTE_PTR) "x", 1));
    /* I.2 */
    IS(CKR_CRYPTOKI_NOT_INITIALIZED, F->C_Finalize(NULL));
    OK(F->C_Initialize(NULL)); /* I.6 */
    IS(CKR_CRYPTOKI_ALREADY_INITIALIZED, F->C_Initialize(NULL));
    IS(CKR_ARGUMENTS_BAD, F->C_Finalize(&count));
    OK(F->C_GetSlotList(CK_FALSE, NULL, &count));
    OK(F->C_Finalize(NULL));
    IS(CKR_CRYPTOKI_NOT_INITIALIZED, F->C_Finalize(NULL));
    /* I.3 */
    IS(CKR_ARGUMENTS_BAD, initialize_with(reserved));
    /* I.4 */
    IS(CKR_ARGUMENTS_BAD, initialize_with(some));
    IS(CKR_CANT_LOCK, initialize_with(all));
    all.flags = CKF_OS_LOCKING_OK;
    OK(initialize_with(all));
    OK(F->C_Finalize(NULL));
    /* I.7 */
    OK(initialize_with(no_threads));
    OK(F->C_Finalize(NULL));
    OK(initialize_with(system));
    IS(CKR_ARGUMENTS_BAD, F->C_GetInfo(NULL));
}

/* I.21: padded with blanks, no NUL, no colon. */
static void check_text(int line, const CK_UTF8CHAR *text, size_t len)
{
    if (memchr(text, 0, len) || memchr(text, ':', len))
        fail(line, "the text is %.*s", (int)len, text);
}

static void slots(void)
{
    CK_SLOT_ID slots[16], with_token[16];
    CK_ULONG count = 0, all;
    CK_SLOT_INFO info, first;
    CK_TOKEN_INFO token;
    /* I.19: before anybody asked for the list. */
    OK(F->C_GetSlotInfo(0, &first));
    /* I.15 */
    OK(F->C_GetSlotList(CK_FALSE, NULL, &count));
    TRUE_THAT(count == 8);
    all = count - 1;
    IS(CKR_BUFFER_TOO_SMALL, F->C_GetSlotList(CK_FALSE, slots, &all));
    TRUE_THAT(all == count);
    all = 16;
    OK(F->C_GetSlotList(CK_FALSE, slots, &all));
    TRUE_THAT(all == count);
    all = 16;
    OK(F->C_GetSlotList(CK_TRUE, with_token, &all));
    TRUE_THAT(all == 4);
    /* I.16 */
    IS(CKR_ARGUMENTS_BAD, F->C_GetSlotList(CK_FALSE, slots, NULL));
    IS(CKR_ARGUMENTS_BAD, F->C_GetSlotInfo(0, NULL));
    IS(CKR_SLOT_ID_INVALID, F->C_GetSlotInfo(NO_SLOT, &info));
    /* I.17 */
    OK(F->C_GetSlotInfo(EMPTY_SLOT, &info));
    TRUE_THAT(!(info.flags & CKF_TOKEN_PRESENT));
    IS(CKR_TOKEN_NOT_PRESENT, F->C_GetTokenInfo(EMPTY_SLOT, &token));
    IS(CKR_TOKEN_NOT_PRESENT, F->C_GetMechanismList(EMPTY_SLOT, NULL, &count));
    for (CK_SLOT_ID slot = 0; slot < 8; slot++) {
        OK(F->C_GetSlotInfo(slot, &info));
        check_text(__LINE__, info.slotDescription, sizeof info.slotDescription);
        check_text(__LINE__, info.manufacturerID, sizeof info.manufacturerID);
        /* I.20 */
        TRUE_THAT((memcmp(info.slotDescription, first.slotDescription, 64) == 0) == (slot < 4));
        /* A.10#2: a token that is announced is there. */
        if (info.flags & CKF_TOKEN_PRESENT)
            OK(F->C_GetTokenInfo(slot, &token));
    }
    /* I.25 */
    IS(CKR_NO_EVENT, F->C_WaitForSlotEvent(CKF_DONT_BLOCK, &count, NULL));
    IS(CKR_ARGUMENTS_BAD, F->C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL));
    IS(CKR_ARGUMENTS_BAD, F->C_WaitForSlotEvent(CKF_DONT_BLOCK, &count, &count));
}

static void tokens(void)
{
    CK_TOKEN_INFO token, other;
    IS(CKR_ARGUMENTS_BAD, F->C_GetTokenInfo(0, NULL));
    IS(CKR_SLOT_ID_INVALID, F->C_GetTokenInfo((CK_SLOT_ID)-1, &token));
    for (CK_SLOT_ID slot = 0; slot < 4; slot++) {
        OK(F->C_GetTokenInfo(slot, &token));
        check_text(__LINE__, token.label, sizeof token.label);
        check_text(__LINE__, token.manufacturerID, sizeof token.manufacturerID);
        check_text(__LINE__, token.model, sizeof token.model);
        check_text(__LINE__, token.serialNumber, sizeof token.serialNumber);
        /* I.24: without a PIN there is no login. */
        TRUE_THAT(!(token.flags & CKF_LOGIN_REQUIRED) == (slot >= 2));
        TRUE_THAT(!(token.flags & CKF_USER_PIN_INITIALIZED) == (slot >= 2));
    }
    /* I.22 */
    OK(F->C_GetTokenInfo(0, &token));
    OK(F->C_GetTokenInfo(1, &other));
    TRUE_THAT(memcmp(token.label, other.label, sizeof token.label) != 0);
}

/* I.27, I.28 */
static void mechanisms(void)
{
    CK_MECHANISM_TYPE mechanisms[512];
    CK_MECHANISM_INFO mechanism;
    CK_ULONG count, before = 0;
    IS(CKR_ARGUMENTS_BAD, F->C_GetMechanismList(0, NULL, NULL));
    IS(CKR_ARGUMENTS_BAD, F->C_GetMechanismInfo(0, CKM_RSA_PKCS, NULL));
    IS(CKR_MECHANISM_INVALID, F->C_GetMechanismInfo(0, 0xDEAD0000, &mechanism));
    for (int again = 0; again < 2; again++) {
        count = 512;
        OK(F->C_GetMechanismList(0, mechanisms, &count));
        TRUE_THAT(!again || count == before);
        before = count;
        for (CK_ULONG i = 0; i < count; i++) {
            OK(F->C_GetMechanismInfo(0, mechanisms[i], &mechanism));
            TRUE_THAT(mechanism.ulMinKeySize <= mechanism.ulMaxKeySize);
            for (CK_ULONG j = 0; j < i; j++)
                TRUE_THAT(mechanisms[i] != mechanisms[j]);
        }
    }
}

static CK_RV callback(CK_SESSION_HANDLE session, CK_NOTIFICATION event, CK_VOID_PTR application)
{
    (void)session, (void)event, (void)application;
    return CKR_OK;
}

static void sessions(void)
{
    CK_SESSION_HANDLE session, handles[4];
    CK_SESSION_INFO info;
    CK_BYTE state[64];
    CK_ULONG len = sizeof state;
    /* I.29 */
    IS(CKR_SESSION_PARALLEL_NOT_SUPPORTED, F->C_OpenSession(0, CKF_RW_SESSION, NULL, NULL, &session));
    IS(CKR_SLOT_ID_INVALID, F->C_OpenSession(NO_SLOT, CKF_SERIAL_SESSION, NULL, NULL, &session));
    IS(CKR_TOKEN_NOT_PRESENT, F->C_OpenSession(EMPTY_SLOT, CKF_SERIAL_SESSION, NULL, NULL, &session));
    IS(CKR_ARGUMENTS_BAD, F->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, NULL));
    /* I.37 */
    OK(F->C_OpenSession(0, CKF_SERIAL_SESSION, &len, callback, &session));
    OK(F->C_GetSessionInfo(session, &info));
    TRUE_THAT(info.slotID == 0 && info.state == CKS_RO_PUBLIC_SESSION && info.flags == CKF_SERIAL_SESSION);
    IS(CKR_ARGUMENTS_BAD, F->C_GetSessionInfo(session, NULL));
    /* I.40 */
    IS(CKR_FUNCTION_NOT_SUPPORTED, F->C_GetOperationState(session, state, &len));
    IS(CKR_FUNCTION_NOT_SUPPORTED, F->C_SetOperationState(session, state, len, 0, 0));
    /* A.9#13 */
    IS(CKR_RANDOM_SEED_NOT_SUPPORTED, F->C_SeedRandom(session, state, 1));
    OK(F->C_CloseSession(session));
    IS(CKR_SESSION_HANDLE_INVALID, F->C_CloseSession(session));
    IS(CKR_SESSION_HANDLE_INVALID, F->C_GetSessionInfo(session, &info));
    /* I.32, A.9#2 */
    IS(CKR_SLOT_ID_INVALID, F->C_CloseAllSessions(NO_SLOT));
    session = open_session(1, 0);
    for (int i = 0; i < 4; i++)
        handles[i] = open_session(0, i & 1 ? CKF_RW_SESSION : 0);
    OK(F->C_CloseAllSessions(0));
    for (int i = 0; i < 4; i++)
        IS(CKR_SESSION_HANDLE_INVALID, F->C_GetSessionInfo(handles[i], &info));
    OK(F->C_GetSessionInfo(session, &info));
    OK(F->C_CloseSession(session));
    /* I.33 */
    session = open_session(0, 0);
    handles[0] = open_session(0, CKF_RW_SESSION);
    IS(CKR_SESSION_READ_ONLY_EXISTS, login(handles[0], CKU_SO, SO_PIN));
    OK(F->C_CloseSession(session));
    OK(login(handles[0], CKU_SO, SO_PIN));
    IS(CKR_SESSION_READ_WRITE_SO_EXISTS, F->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session));
    /* A.9#6, I.44 */
    TRUE_THAT(find(handles[0], CKO_PRIVATE_KEY) == 0);
    OK(F->C_CloseAllSessions(0));
}

static CK_FLAGS pin_flags(CK_SLOT_ID slot)
{
    CK_TOKEN_INFO token;
    OK(F->C_GetTokenInfo(slot, &token));
    return token.flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED);
}

/* I.35, I.23, A.10#8, I.70: a wrong PIN counts on its own token, and is called what it is. */
static void wrong_pins(CK_SESSION_HANDLE writer, CK_SESSION_HANDLE other)
{
    TRUE_THAT(pin_flags(0) == 0);
    IS(CKR_PIN_INCORRECT, login(writer, CKU_USER, "99999999"));
    TRUE_THAT(pin_flags(0) == CKF_USER_PIN_COUNT_LOW && pin_flags(1) == 0);
    IS(CKR_PIN_INCORRECT, login(writer, CKU_USER, "99999999"));
    TRUE_THAT(pin_flags(0) == CKF_USER_PIN_FINAL_TRY);
    TRUE_THAT(state_of(other) == CKS_RW_USER_FUNCTIONS);
    OK(sign(other, CKM_ECDSA_SHA256, find(other, CKO_PRIVATE_KEY)));
    OK(login(writer, CKU_USER, PIN_1));
    TRUE_THAT(pin_flags(0) == 0);
    OK(sign(writer, CKM_SHA256_RSA_PKCS, find(writer, CKO_PRIVATE_KEY)));
}

static void logins(void)
{
    CK_SESSION_HANDLE reader = open_session(0, 0), writer = open_session(0, CKF_RW_SESSION);
    CK_SESSION_HANDLE other = open_session(1, CKF_RW_SESSION);
    CK_OBJECT_HANDLE key, other_key;
    /* I.30 */
    OK(login(reader, CKU_USER, PIN_1));
    TRUE_THAT(state_of(reader) == CKS_RO_USER_FUNCTIONS && state_of(writer) == CKS_RW_USER_FUNCTIONS);
    TRUE_THAT(state_of(other) == CKS_RW_PUBLIC_SESSION);
    /* I.34 */
    IS(CKR_USER_ALREADY_LOGGED_IN, login(writer, CKU_USER, PIN_1));
    IS(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, login(writer, CKU_SO, SO_PIN));
    IS(CKR_USER_TYPE_INVALID, login(writer, 77, PIN_1));
    /* I.38 */
    IS(CKR_OPERATION_NOT_INITIALIZED, login(writer, CKU_CONTEXT_SPECIFIC, PIN_1));
    /* A.10#7: two PINs of one card at a time, and no key of one in the other's token. */
    OK(login(other, CKU_USER, PIN_2));
    key = find(writer, CKO_PRIVATE_KEY);
    other_key = find(other, CKO_PRIVATE_KEY);
    TRUE_THAT(key && other_key && key != other_key);
    for (int i = 0; i < 2; i++) {
        OK(sign(writer, CKM_SHA256_RSA_PKCS, key));
        OK(sign(other, CKM_ECDSA_SHA256, other_key));
    }
    IS(CKR_KEY_HANDLE_INVALID, sign(writer, CKM_ECDSA_SHA256, other_key));
    OK(F->C_Logout(reader));
    TRUE_THAT(state_of(writer) == CKS_RW_PUBLIC_SESSION && state_of(other) == CKS_RW_USER_FUNCTIONS);
    OK(sign(other, CKM_ECDSA_SHA256, other_key));
    IS(CKR_USER_NOT_LOGGED_IN, F->C_Logout(writer));
    /* A.9#6, I.44: an old handle of a private key is of no use after the logout. */
    IS(CKR_KEY_HANDLE_INVALID, sign(writer, CKM_SHA256_RSA_PKCS, key));
    TRUE_THAT(find(writer, CKO_PRIVATE_KEY) == 0);
    wrong_pins(writer, other);
    /* I.31 */
    OK(F->C_CloseSession(reader));
    TRUE_THAT(state_of(writer) == CKS_RW_USER_FUNCTIONS);
    OK(F->C_CloseSession(writer));
    writer = open_session(0, CKF_RW_SESSION);
    TRUE_THAT(state_of(writer) == CKS_RW_PUBLIC_SESSION);
    /* I.39, A.10#9 */
    IS(CKR_PIN_LEN_RANGE, F->C_Login(writer, CKU_USER, (CK_UTF8CHAR_PTR) "", 0));
    IS(CKR_ARGUMENTS_BAD, F->C_Login(writer, CKU_USER, NULL, 0));
    IS(CKR_ARGUMENTS_BAD, F->C_Login(writer, CKU_USER, NULL, 8));
    TRUE_THAT(pin_flags(0) == 0);
    OK(F->C_CloseAllSessions(0));
    OK(F->C_CloseAllSessions(1));
    /* A token among others of its card is not formatted, whoever asks for it. */
    IS(CKR_FUNCTION_REJECTED, F->C_InitToken(0, (CK_UTF8CHAR_PTR)SO_PIN, 8, LABEL));
}

/* I.26, on a card that was never formatted. */
static void new_token(void)
{
    const CK_FLAGS about_so = CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_LOCKED;
    CK_TOKEN_INFO token;
    CK_SESSION_HANDLE session;
    OK(F->C_Initialize(NULL));
    OK(F->C_GetTokenInfo(0, &token));
    TRUE_THAT(!(token.flags & CKF_TOKEN_INITIALIZED));
    IS(CKR_ARGUMENTS_BAD, F->C_InitToken(0, (CK_UTF8CHAR_PTR)SO_PIN, 8, NULL));
    OK(F->C_InitToken(0, (CK_UTF8CHAR_PTR)SO_PIN, 8, LABEL));
    OK(F->C_GetTokenInfo(0, &token));
    TRUE_THAT(token.flags & CKF_TOKEN_INITIALIZED && memcmp(token.label, LABEL, 32) == 0);
    session = open_session(0, 0);
    IS(CKR_SESSION_EXISTS, F->C_InitToken(0, (CK_UTF8CHAR_PTR)SO_PIN, 8, LABEL));
    OK(F->C_CloseSession(session));
    IS(CKR_PIN_INCORRECT, F->C_InitToken(0, (CK_UTF8CHAR_PTR) "99999999", 8, LABEL));
    OK(F->C_GetTokenInfo(0, &token));
    TRUE_THAT(token.flags & CKF_TOKEN_INITIALIZED && (token.flags & about_so) == CKF_SO_PIN_COUNT_LOW);
    OK(F->C_InitToken(0, (CK_UTF8CHAR_PTR)SO_PIN, 8, LABEL));
    OK(F->C_GetTokenInfo(0, &token));
    TRUE_THAT((token.flags & about_so) == 0);
    OK(F->C_Finalize(NULL));
}

/* PKCS#11 3.0: C_LoginUser, C_SessionCancel; 3.2: C_GetSessionValidationFlags. */
static void later_versions(void)
{
    CK_RV (*login_user)(CK_SESSION_HANDLE, CK_USER_TYPE, const char *, CK_ULONG, const char *, CK_ULONG) =
        symbol("C_LoginUser");
    CK_RV (*cancel)(CK_SESSION_HANDLE, CK_FLAGS) = symbol("C_SessionCancel");
    CK_RV (*validation)(CK_SESSION_HANDLE, CK_ULONG, CK_FLAGS *) = symbol("C_GetSessionValidationFlags");
    CK_SESSION_HANDLE session = open_session(0, CKF_RW_SESSION);
    CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 }, rsa = { CKM_SHA256_RSA_PKCS, NULL, 0 };
    CK_OBJECT_HANDLE key, object;
    CK_ULONG count, len = 0;
    CK_FLAGS flags = 77;
    IS(CKR_ARGUMENTS_BAD, login_user(session, CKU_USER, PIN_1, 8, "somebody", 8));
    OK(login_user(session, CKU_USER, PIN_1, 8, NULL, 0));
    TRUE_THAT(state_of(session) == CKS_RW_USER_FUNCTIONS);
    key = find(session, CKO_PRIVATE_KEY);
    /* A.9#5: a search that does not begin is not going on. */
    IS(CKR_ARGUMENTS_BAD, F->C_FindObjectsInit(session, NULL, 1));
    IS(CKR_OPERATION_NOT_INITIALIZED, F->C_FindObjects(session, &object, 1, &count));
    OK(F->C_DigestInit(session, &sha256));
    OK(F->C_SignInit(session, &rsa, key));
    OK(F->C_FindObjectsInit(session, NULL, 0));
    OK(cancel(session, 0x800 /* CKF_SIGN */ | 0x40 /* CKF_FIND_OBJECTS */ | 0x100 /* CKF_ENCRYPT */));
    IS(CKR_OPERATION_NOT_INITIALIZED, F->C_FindObjects(session, &object, 1, &count));
    IS(CKR_OPERATION_NOT_INITIALIZED, F->C_Sign(session, (CK_BYTE_PTR) "x", 1, NULL, &len));
    OK(F->C_Digest(session, (CK_BYTE_PTR) "x", 1, NULL, &len));
    OK(cancel(session, 0x400 /* CKF_DIGEST */));
    IS(CKR_OPERATION_NOT_INITIALIZED, F->C_Digest(session, (CK_BYTE_PTR) "x", 1, NULL, &len));
    IS(CKR_SESSION_HANDLE_INVALID, cancel(0, 0x800));
    OK(validation(session, 1, &flags));
    TRUE_THAT(flags == 0);
    IS(CKR_ARGUMENTS_BAD, validation(session, 2, &flags));
    IS(CKR_ARGUMENTS_BAD, validation(session, 1, NULL));
    IS(CKR_SESSION_HANDLE_INVALID, validation(0, 1, &flags));
    OK(F->C_CloseAllSessions(0));
}

/* A.9#15, I.54: what is no token object does not outlive its session, whatever becomes of the attempt. */
static void session_objects(void)
{
    CK_SESSION_HANDLE session = open_session(0, CKF_RW_SESSION);
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class, sizeof class },
        { CKA_TOKEN, &no, sizeof no },
        { CKA_PRIVATE, &no, sizeof no },
        { CKA_LABEL, "passing", 7 },
        { CKA_VALUE, "by", 2 },
    };
    CK_OBJECT_HANDLE object;
    CK_ULONG count = 0;
    OK(login(session, CKU_USER, PIN_1));
    F->C_CreateObject(session, template, 5, &object);
    OK(F->C_CloseSession(session));
    session = open_session(0, CKF_RW_SESSION);
    OK(login(session, CKU_USER, PIN_1));
    OK(F->C_FindObjectsInit(session, template + 3, 1));
    OK(F->C_FindObjects(session, &object, 1, &count));
    TRUE_THAT(count == 0);
    OK(F->C_FindObjectsFinal(session));
    OK(F->C_CloseSession(session));
}

int main(int count, char **arguments)
{
    if (count < 2)
        return 2;
    load(arguments[1]);
    if (count == 3) {
        new_token();
        return result();
    }
    initialization();
    slots();
    tokens();
    mechanisms();
    sessions();
    logins();
    later_versions();
    session_objects();
    OK(F->C_Finalize(NULL));
    return result();
}
