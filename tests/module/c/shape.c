/* The function lists and interfaces, by the standard's order of functions: every pointer is there and is the function of
   that name. Usage: shape MODULE */

#include "common.h"

#define NAMES_2_40 68
#define NAMES_3_0 92
#define NAMES_3_2 104

/* PKCS#11 3.2, section 5: the order in the function lists. */
static const char *const NAMES[NAMES_3_2] = {
    "C_Initialize", "C_Finalize", "C_GetInfo", "C_GetFunctionList", "C_GetSlotList", "C_GetSlotInfo",
    "C_GetTokenInfo", "C_GetMechanismList", "C_GetMechanismInfo", "C_InitToken", "C_InitPIN", "C_SetPIN",
    "C_OpenSession", "C_CloseSession", "C_CloseAllSessions", "C_GetSessionInfo", "C_GetOperationState",
    "C_SetOperationState", "C_Login", "C_Logout", "C_CreateObject", "C_CopyObject", "C_DestroyObject",
    "C_GetObjectSize", "C_GetAttributeValue", "C_SetAttributeValue", "C_FindObjectsInit", "C_FindObjects",
    "C_FindObjectsFinal", "C_EncryptInit", "C_Encrypt", "C_EncryptUpdate", "C_EncryptFinal", "C_DecryptInit",
    "C_Decrypt", "C_DecryptUpdate", "C_DecryptFinal", "C_DigestInit", "C_Digest", "C_DigestUpdate",
    "C_DigestKey", "C_DigestFinal", "C_SignInit", "C_Sign", "C_SignUpdate", "C_SignFinal",
    "C_SignRecoverInit", "C_SignRecover", "C_VerifyInit", "C_Verify", "C_VerifyUpdate", "C_VerifyFinal",
    "C_VerifyRecoverInit", "C_VerifyRecover", "C_DigestEncryptUpdate", "C_DecryptDigestUpdate",
    "C_SignEncryptUpdate", "C_DecryptVerifyUpdate", "C_GenerateKey", "C_GenerateKeyPair", "C_WrapKey",
    "C_UnwrapKey", "C_DeriveKey", "C_SeedRandom", "C_GenerateRandom", "C_GetFunctionStatus",
    "C_CancelFunction", "C_WaitForSlotEvent",
    /* 3.0 */
    "C_GetInterfaceList", "C_GetInterface", "C_LoginUser", "C_SessionCancel", "C_MessageEncryptInit",
    "C_EncryptMessage", "C_EncryptMessageBegin", "C_EncryptMessageNext", "C_MessageEncryptFinal",
    "C_MessageDecryptInit", "C_DecryptMessage", "C_DecryptMessageBegin", "C_DecryptMessageNext",
    "C_MessageDecryptFinal", "C_MessageSignInit", "C_SignMessage", "C_SignMessageBegin", "C_SignMessageNext",
    "C_MessageSignFinal", "C_MessageVerifyInit", "C_VerifyMessage", "C_VerifyMessageBegin",
    "C_VerifyMessageNext", "C_MessageVerifyFinal",
    /* 3.2 */
    "C_EncapsulateKey", "C_DecapsulateKey", "C_VerifySignatureInit", "C_VerifySignature",
    "C_VerifySignatureUpdate", "C_VerifySignatureFinal", "C_GetSessionValidationFlags", "C_AsyncComplete",
    "C_AsyncGetID", "C_AsyncJoin", "C_WrapKeyAuthenticated", "C_UnwrapKeyAuthenticated",
};

/* A list as memory has it: a version, and pointers behind it. */
struct list {
    CK_VERSION version;
    void *functions[NAMES_3_2];
};

/* With ten zeros every function finds its arguments: NULL, no handle, nothing. */
typedef CK_RV (*any_function)(CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG,
                              CK_ULONG, CK_ULONG);

static CK_RV with_nothing(int number)
{
    return ((any_function)symbol(NAMES[number]))(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

/* I.69 */
static void check_list(const struct list *list, int major, int minor, int functions)
{
    TRUE_THAT(list->version.major == major && list->version.minor == minor);
    for (int number = 0; number < functions; number++) {
        if (!list->functions[number] || list->functions[number] != symbol(NAMES[number]))
            fail(__LINE__, "%d.%d: %s is not in its place", major, minor, NAMES[number]);
    }
}

static void check_interface(CK_RV (*get)(CK_UTF8CHAR_PTR, CK_VERSION *, INTERFACE **, CK_FLAGS), int major,
                            int minor, CK_RV expected, int list_minor, int functions)
{
    CK_VERSION version = { (CK_BYTE)major, (CK_BYTE)minor };
    INTERFACE *interface = NULL;
    if (IS(expected, get((CK_UTF8CHAR_PTR) "PKCS 11", &version, &interface, 0)) != CKR_OK || expected != CKR_OK)
        return;
    TRUE_THAT(strcmp((char *)interface->pInterfaceName, "PKCS 11") == 0);
    check_list(interface->pFunctionList, major, list_minor, functions);
}

/* I.12, I.13, A.9#9: before the module is initialised. */
static void check_interfaces(void)
{
    CK_RV (*get)(CK_UTF8CHAR_PTR, CK_VERSION *, INTERFACE **, CK_FLAGS) = symbol("C_GetInterface");
    CK_RV (*enumerate)(INTERFACE *, CK_ULONG *) = symbol("C_GetInterfaceList");
    INTERFACE interfaces[8], *interface = NULL;
    CK_ULONG count = 0;
    check_interface(get, 2, 40, CKR_OK, 40, NAMES_2_40);
    check_interface(get, 3, 0, CKR_OK, 0, NAMES_3_0);
    /* 3.1 has the list of 3.0. */
    check_interface(get, 3, 1, CKR_OK, 0, NAMES_3_0);
    check_interface(get, 3, 2, CKR_OK, 2, NAMES_3_2);
    check_interface(get, 2, 20, CKR_ARGUMENTS_BAD, 0, 0);
    check_interface(get, 4, 0, CKR_ARGUMENTS_BAD, 0, 0);
    OK(get(NULL, NULL, &interface, 0));
    check_list(interface->pFunctionList, 3, 2, NAMES_3_2);
    OK(get((CK_UTF8CHAR_PTR) "PKCS 11", NULL, &interface, 0));
    check_list(interface->pFunctionList, 3, 2, NAMES_3_2);
    IS(CKR_ARGUMENTS_BAD, get((CK_UTF8CHAR_PTR) "Vendor", NULL, &interface, 0));
    IS(CKR_ARGUMENTS_BAD, get(NULL, NULL, &interface, 0x80000000));
    IS(CKR_ARGUMENTS_BAD, get(NULL, NULL, NULL, 0));
    OK(enumerate(NULL, &count));
    TRUE_THAT(count == 3);
    count = 2;
    IS(CKR_BUFFER_TOO_SMALL, enumerate(interfaces, &count));
    TRUE_THAT(count == 3);
    count = 8;
    OK(enumerate(interfaces, &count));
    TRUE_THAT(count == 3);
    for (CK_ULONG number = 0; number < count; number++) {
        CK_VERSION version = *(CK_VERSION *)interfaces[number].pFunctionList;
        OK(get(interfaces[number].pInterfaceName, &version, &interface, interfaces[number].flags));
        TRUE_THAT(interface->pFunctionList == interfaces[number].pFunctionList);
    }
    IS(CKR_ARGUMENTS_BAD, enumerate(interfaces, NULL));
}

/* I.1, I.16, I.69: whatever is called too early says so, and whatever is called with nothing answers. */
static void check_every_function(void)
{
    CK_INFO info;
    for (int number = 0; number < NAMES_3_2; number++) {
        const char *name = NAMES[number];
        CK_RV expected = CKR_CRYPTOKI_NOT_INITIALIZED, rv;
        if (!strcmp(name, "C_Initialize"))
            continue;
        if (!strcmp(name, "C_GetFunctionList") || !strncmp(name, "C_GetInterface", 14))
            expected = CKR_ARGUMENTS_BAD;
        if ((rv = with_nothing(number)) != expected)
            fail(__LINE__, "%s before C_Initialize: 0x%lx", name, rv);
    }
    OK(F->C_Initialize(NULL));
    /* The version that the list has which a program without interfaces takes, or a later one of the module. */
    OK(F->C_GetInfo(&info));
    TRUE_THAT(info.cryptokiVersion.major == 3 && info.cryptokiVersion.minor == 2);
    for (int number = 0; number < NAMES_3_2; number++) {
        const char *name = NAMES[number];
        CK_RV rv;
        /* Of slot 0 there may be something to close, or nothing. */
        if (!strcmp(name, "C_Finalize") || !strcmp(name, "C_CloseAllSessions"))
            continue;
        rv = with_nothing(number);
        if (rv != CKR_ARGUMENTS_BAD && rv != CKR_SESSION_HANDLE_INVALID && rv != CKR_FUNCTION_NOT_SUPPORTED &&
            rv != CKR_FUNCTION_NOT_PARALLEL && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
            fail(__LINE__, "%s with nothing: 0x%lx", name, rv);
    }
    OK(F->C_Finalize(NULL));
}

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    load(arguments[1]);
    TRUE_THAT(sizeof(CK_FUNCTION_LIST) == (NAMES_2_40 + 1) * sizeof(void *));
    TRUE_THAT((void *)F->C_Initialize == symbol("C_Initialize"));
    TRUE_THAT((void *)F->C_WaitForSlotEvent == symbol("C_WaitForSlotEvent"));
    check_list((const struct list *)F, 2, 40, NAMES_2_40);
    IS(CKR_ARGUMENTS_BAD, F->C_GetFunctionList(NULL));
    check_interfaces();
    check_every_function();
    return result();
}
