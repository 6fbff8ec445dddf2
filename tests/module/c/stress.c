/* Threads that open, log in, sign and close on two cards while the cards may be pulled. A wrong answer is one that
   no pulled card explains; a signature that is given is right. Usage: stress MODULE SECONDS
   With a card in each of the first two readers. Prints how many signatures were made and checked. */

#include "common.h"

#define THREADS 6

static double end;
static unsigned long made, interrupted;

/* What a card that is pulled, or was, gives a reason for; and what a login of another thread of this program does. */
static int is_explained(CK_RV rv)
{
    switch (rv) {
    case CKR_DEVICE_REMOVED:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_TOKEN_NOT_RECOGNIZED:
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_KEY_HANDLE_INVALID:
    case CKR_OBJECT_HANDLE_INVALID:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_OPERATION_NOT_INITIALIZED:
    case CKR_DEVICE_ERROR:
        return 1;
    default:
        return 0;
    }
}

static CK_RV checked(int line, const char *call, CK_RV rv)
{
    if (rv != CKR_OK && !is_explained(rv))
        fail(line, "%s: 0x%lx", call, rv);
    return rv;
}

#define TRY(call) \
    do { \
        if (checked(__LINE__, #call, (call)) != CKR_OK) { \
            __atomic_fetch_add(&interrupted, 1, __ATOMIC_SEQ_CST); \
            goto out; \
        } \
    } while (0)

static CK_RV first(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *object)
{
    CK_ATTRIBUTE template = { CKA_CLASS, &class, sizeof class };
    CK_ULONG count = 0;
    CK_RV rv = F->C_FindObjectsInit(session, &template, 1);
    if (rv == CKR_OK)
        rv = F->C_FindObjects(session, object, 1, &count);
    if (rv == CKR_OK)
        rv = F->C_FindObjectsFinal(session);
    return rv == CKR_OK && count == 0 ? CKR_OBJECT_HANDLE_INVALID : rv;
}

static void once(CK_SLOT_ID slot, int number)
{
    int is_rsa = slot % 4 == 0;
    CK_MECHANISM mechanism = { is_rsa ? CKM_SHA256_RSA_PKCS : CKM_ECDSA_SHA256, NULL, 0 };
    CK_SESSION_HANDLE session = 0;
    CK_OBJECT_HANDLE key, public_key;
    CK_BYTE data[32], signature[512];
    CK_ULONG len = sizeof signature;
    CK_RV rv;
    memset(data, number, sizeof data);
    TRY(F->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
    rv = login(session, CKU_USER, is_rsa ? PIN_1 : PIN_2);
    if (rv != CKR_USER_ALREADY_LOGGED_IN)
        TRY(rv);
    TRY(first(session, CKO_PRIVATE_KEY, &key));
    TRY(first(session, CKO_PUBLIC_KEY, &public_key));
    TRY(F->C_SignInit(session, &mechanism, key));
    TRY(F->C_Sign(session, data, sizeof data, signature, &len));
    TRY(F->C_VerifyInit(session, &mechanism, public_key));
    TRY(F->C_Verify(session, data, sizeof data, signature, len));
    __atomic_fetch_add(&made, 1, __ATOMIC_SEQ_CST);
out:
    if (session)
        checked(__LINE__, "C_CloseSession", F->C_CloseSession(session));
}

static void *work(void *argument)
{
    long thread = (long)argument;
    for (int number = 0; seconds() < end; number++) {
        CK_SLOT_ID slot = (thread % 2) * 4 + (thread / 2 + number) % 2;
        CK_ULONG count;
        once(slot, number);
        if (number % 4 == 0)
            OK(F->C_GetSlotList(CK_FALSE, NULL, &count));
    }
    return NULL;
}

int main(int count, char **arguments)
{
    pthread_t threads[THREADS];
    if (count != 3)
        return 2;
    alarm(120);
    load(arguments[1]);
    OK(F->C_Initialize(NULL));
    end = seconds() + atof(arguments[2]);
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    OK(F->C_Finalize(NULL));
    printf("%lu %lu\n", made, interrupted);
    return result();
}
