/* What calls of a module cost in time, whichever module it is.
   Usage: module-cost MODULE PIN: with a token in the first slot that has one. */

#include "../tests/module/c/common.h"

#include <openssl/evp.h>

#define ROUNDS 31
#define OBJECTS 10000

static int ascending(const void *left, const void *right)
{
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

/* Of this process alone: another program on the same processor costs neither side. */
static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static void initialize_and_list(CK_SLOT_ID *slot)
{
    double times[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        CK_SLOT_ID slots[64];
        CK_ULONG count = 0;
        double begun = seconds();
        OK(F->C_Initialize(NULL));
        OK(F->C_GetSlotList(CK_FALSE, NULL, &count));
        count = 64;
        OK(F->C_GetSlotList(CK_TRUE, slots, &count));
        times[round] = (seconds() - begun) * 1e3;
        *slot = slots[0];
        OK(F->C_Finalize(NULL));
    }
    qsort(times, ROUNDS, sizeof *times, ascending);
    printf("C_Initialize and C_GetSlotList: median %.2f ms, longest %.2f ms\n", times[ROUNDS / 2], times[ROUNDS - 1]);
}

/* The module and OpenSSL in turn, so that what else the machine does costs both the same. */
static void digest(CK_SESSION_HANDLE session, CK_ULONG len, int times)
{
    static CK_BYTE data[1 << 20];
    CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
    CK_BYTE value[32], expected[32];
    double ours[ROUNDS], theirs[ROUNDS], ratios[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        double begun = processor_seconds();
        for (int time = 0; time < times; time++) {
            CK_ULONG value_len = sizeof value;
            OK(F->C_DigestInit(session, &sha256));
            OK(F->C_Digest(session, data, len, value, &value_len));
        }
        ours[round] = processor_seconds() - begun;
        begun = processor_seconds();
        for (int time = 0; time < times; time++)
            TRUE_THAT(EVP_Digest(data, len, expected, NULL, EVP_sha256(), NULL));
        theirs[round] = processor_seconds() - begun;
        ratios[round] = ours[round] / theirs[round];
        TRUE_THAT(!memcmp(value, expected, sizeof value));
    }
    qsort(ours, ROUNDS, sizeof *ours, ascending);
    qsort(theirs, ROUNDS, sizeof *theirs, ascending);
    qsort(ratios, ROUNDS, sizeof *ratios, ascending);
    printf("C_Digest, SHA-256 of %lu KiB: %.0f MB/s, OpenSSL %.0f MB/s, time of both %.3f : 1\n", len >> 10,
           len * times / ours[ROUNDS / 2] / 1e6, len * times / theirs[ROUNDS / 2] / 1e6, ratios[ROUNDS / 2]);
}

static void search(CK_SESSION_HANDLE session)
{
    static CK_OBJECT_HANDLE found[OBJECTS + 100];
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_BBOOL no = CK_FALSE;
    char label[16];
    CK_ATTRIBUTE template[] = {
        { CKA_LABEL, label, 0 },          { CKA_CLASS, &class, sizeof class }, { CKA_TOKEN, &no, sizeof no },
        { CKA_PRIVATE, &no, sizeof no }, { CKA_VALUE, "value", 5 },
    };
    CK_ULONG count = 0;
    double begun = processor_seconds();
    for (int number = 0; number < OBJECTS; number++) {
        template[0].ulValueLen = sprintf(label, "%d", number);
        CK_RV rv = F->C_CreateObject(session, template, 5, found);
        if (rv != CKR_OK) {
            printf("session objects: 0x%lx\n", rv);
            return;
        }
    }
    printf("C_CreateObject of %d session objects: %.1f ms\n", OBJECTS, (processor_seconds() - begun) * 1e3);
    begun = processor_seconds();
    for (int number = 0; number < 1000; number++) {
        template[0].ulValueLen = sprintf(label, "%d", number * 7);
        OK(F->C_FindObjectsInit(session, template, 1));
        OK(F->C_FindObjects(session, found, 10, &count));
        OK(F->C_FindObjectsFinal(session));
        TRUE_THAT(count == 1);
    }
    printf("a search for one of them by its label: %.1f us\n", (processor_seconds() - begun) * 1e3);
    begun = processor_seconds();
    OK(F->C_FindObjectsInit(session, template + 1, 1));
    OK(F->C_FindObjects(session, found, OBJECTS + 100, &count));
    OK(F->C_FindObjectsFinal(session));
    printf("a search that finds all %lu: %.1f ms\n", count, (processor_seconds() - begun) * 1e3);
}

int main(int count, char **arguments)
{
    CK_SLOT_ID slot = 0;
    CK_SESSION_HANDLE session;
    if (count != 3)
        return 2;
    load(arguments[1]);
    initialize_and_list(&slot);
    OK(F->C_Initialize(NULL));
    session = open_session(slot, CKF_RW_SESSION);
    if (OK(login(session, CKU_USER, arguments[2])) != CKR_OK)
        return result();
    digest(session, 1 << 20, 8);
    digest(session, 16 << 10, 512);
    search(session);
    OK(F->C_Finalize(NULL));
    return result();
}
