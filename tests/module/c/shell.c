/* One program that uses the module step by step: a command a line, an answer a line.
   Usage: shell MODULE */

#include "common.h"

static void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

static void list(CK_BBOOL with_token)
{
    CK_SLOT_ID slots[64];
    CK_ULONG count = 64;
    char line[512] = "";
    CK_RV rv = F->C_GetSlotList(with_token, NULL, &count);
    count = 64;
    if (rv == CKR_OK)
        rv = F->C_GetSlotList(with_token, slots, &count);
    if (rv != CKR_OK) {
        say("0x%lx", rv);
        return;
    }
    for (CK_ULONG i = 0; i < count; i++)
        sprintf(line + strlen(line), "%s%lu", i ? " " : "", slots[i]);
    say("%s", line);
}

/* Every event that there is now. */
static void poll_events(void)
{
    char line[512] = "";
    CK_SLOT_ID slot;
    CK_RV rv;
    while ((rv = F->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL)) == CKR_OK && strlen(line) < 400)
        sprintf(line + strlen(line), "%s%lu", *line ? " " : "", slot);
    say(rv == CKR_NO_EVENT ? "%s" : "%s 0x%lx", line, rv);
}

static void wait_event(void)
{
    CK_SLOT_ID slot = 0;
    CK_RV rv = F->C_WaitForSlotEvent(0, &slot, NULL);
    rv == CKR_OK ? say("%lu", slot) : say("0x%lx", rv);
}

static void token(CK_SLOT_ID slot)
{
    CK_TOKEN_INFO info;
    CK_RV rv = F->C_GetTokenInfo(slot, &info);
    int len = 32;
    while (len && info.label[len - 1] == ' ')
        len--;
    rv == CKR_OK ? say("%.*s", len, info.label) : say("0x%lx", rv);
}

static void open_slot(CK_SLOT_ID slot, CK_FLAGS mode)
{
    CK_SESSION_HANDLE session = 0;
    CK_RV rv = F->C_OpenSession(slot, CKF_SERIAL_SESSION | mode, NULL, NULL, &session);
    rv == CKR_OK ? say("%lu", session) : say("0x%lx", rv);
}

static void find_key(CK_SESSION_HANDLE session)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE template = { CKA_CLASS, &class, sizeof class };
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG count = 0;
    CK_RV rv = F->C_FindObjectsInit(session, &template, 1);
    if (rv == CKR_OK)
        rv = F->C_FindObjects(session, &key, 1, &count);
    if (rv == CKR_OK)
        rv = F->C_FindObjectsFinal(session);
    rv == CKR_OK ? say("%lu", key) : say("0x%lx", rv);
}

/* Signs with whatever the key's type takes. */
static CK_RV sign_with(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    CK_RV rv = sign(session, CKM_SHA256_RSA_PKCS, key);
    return rv == CKR_KEY_TYPE_INCONSISTENT ? sign(session, CKM_ECDSA_SHA256, key) : rv;
}

static void run(const char *word, CK_ULONG number, const char *text, CK_ULONG second)
{
    CK_SLOT_INFO slot;
    if (!strcmp(word, "initialize"))
        say("0x%lx", F->C_Initialize(NULL));
    else if (!strcmp(word, "finalize"))
        say("0x%lx", F->C_Finalize(NULL));
    else if (!strcmp(word, "slots"))
        list(CK_FALSE);
    else if (!strcmp(word, "tokens"))
        list(CK_TRUE);
    else if (!strcmp(word, "events"))
        poll_events();
    else if (!strcmp(word, "wait"))
        wait_event();
    else if (!strcmp(word, "slot"))
        F->C_GetSlotInfo(number, &slot) == CKR_OK ? say("%lu", slot.flags & CKF_TOKEN_PRESENT) : say("none");
    else if (!strcmp(word, "token"))
        token(number);
    else if (!strcmp(word, "open"))
        open_slot(number, strcmp(text, "reading") ? CKF_RW_SESSION : 0);
    else if (!strcmp(word, "close"))
        say("0x%lx", F->C_CloseSession(number));
    else if (!strcmp(word, "login"))
        say("0x%lx", login(number, CKU_USER, text));
    else if (!strcmp(word, "state"))
        say("%ld", (long)state_of(number));
    else if (!strcmp(word, "key"))
        find_key(number);
    else if (!strcmp(word, "sign"))
        say("0x%lx", sign_with(number, second));
    else if (!strcmp(word, "setpin"))
        say("0x%lx", F->C_SetPIN(number, (CK_UTF8CHAR_PTR)PIN_1, 8, (CK_UTF8CHAR_PTR)PIN_1, 8));
    else if (!strcmp(word, "certificates")) {
        CK_OBJECT_HANDLE found[64];
        CK_ULONG count = 0;
        CK_OBJECT_CLASS class = CKO_CERTIFICATE;
        CK_ATTRIBUTE template = { CKA_CLASS, &class, sizeof class };
        F->C_FindObjectsInit(number, &template, 1);
        F->C_FindObjects(number, found, 64, &count);
        F->C_FindObjectsFinal(number);
        say("%lu", count);
    } else
        say("what is %s?", word);
}

int main(int count, char **arguments)
{
    char line[256], word[32], text[64];
    if (count != 2)
        return 2;
    load(arguments[1]);
    while (fgets(line, sizeof line, stdin)) {
        *word = *text = 0;
        sscanf(line, "%31s %63s %63s", word, text, text);
        CK_ULONG number = 0, second = 0;
        sscanf(line, "%31s %lu %63s", word, &number, text);
        sscanf(text, "%lu", &second);
        run(word, number, text, second);
    }
    return result();
}
