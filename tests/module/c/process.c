/* The module in the life of a process: forks, threads, loading and unloading, the end.
   Usage: process fork|threads|unload|wait|finalize|exit MODULE, with the founding document's card in the first reader. */

#include "common.h"

#include <dirent.h>

static int entries_of(const char *folder)
{
    DIR *entries = opendir(folder);
    int count = 0;
    while (readdir(entries))
        count++;
    closedir(entries);
    return count;
}

/* How a child ended. */
static void reap(int line, pid_t child)
{
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0)
        fail(line, "the child ended with %#x", status);
}

static pid_t child_of(void (*job)(void))
{
    pid_t child = fork();
    if (child == 0) {
        failures = 0;
        alarm(20);
        job();
        exit(result());
    }
    return child;
}

static void do_nothing(void)
{
}

/* I.8: what was the parent's is nobody's here, until this process begins for itself. */
static void begin_anew(void)
{
    CK_INFO info;
    CK_ULONG count;
    CK_SESSION_HANDLE session;
    IS(CKR_CRYPTOKI_NOT_INITIALIZED, F->C_GetInfo(&info));
    IS(CKR_CRYPTOKI_NOT_INITIALIZED, F->C_CloseAllSessions(0));
    IS(CKR_CRYPTOKI_NOT_INITIALIZED, F->C_Finalize(NULL));
    OK(F->C_Initialize(NULL));
    OK(F->C_GetSlotList(CK_TRUE, NULL, &count));
    session = open_session(1, CKF_RW_SESSION);
    OK(login(session, CKU_USER, PIN_2));
    OK(sign(session, CKM_ECDSA_SHA256, find(session, CKO_PRIVATE_KEY)));
    OK(F->C_Finalize(NULL));
}

static void begin_and_leave(void)
{
    CK_SESSION_HANDLE session;
    OK(F->C_Initialize(NULL));
    session = open_session(1, 0);
    OK(login(session, CKU_USER, PIN_2));
}

static void test_fork(void)
{
    void (*const jobs[])(void) = { do_nothing, begin_anew, begin_and_leave, begin_anew };
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    OK(F->C_Initialize(NULL));
    session = open_session(0, CKF_RW_SESSION);
    OK(login(session, CKU_USER, PIN_1));
    key = find(session, CKO_PRIVATE_KEY);
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        reap(__LINE__, child_of(jobs[i]));
        TRUE_THAT(state_of(session) == CKS_RW_USER_FUNCTIONS);
        OK(sign(session, CKM_SHA256_RSA_PKCS, key));
    }
    /* A child of a child, and both at the same time as the parent. */
    pid_t child = fork();
    if (child == 0) {
        reap(__LINE__, child_of(begin_anew));
        exit(result());
    }
    OK(sign(session, CKM_SHA256_RSA_PKCS, key));
    reap(__LINE__, child);
    OK(sign(session, CKM_SHA256_RSA_PKCS, key));
    OK(F->C_Finalize(NULL));
}

static int stop;

static void *use(void *argument)
{
    CK_SLOT_ID slots[16];
    CK_TOKEN_INFO token;
    CK_SESSION_HANDLE session;
    (void)argument;
    while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
        CK_ULONG count = 16;
        OK(F->C_GetSlotList(CK_FALSE, NULL, &count));
        count = 16;
        OK(F->C_GetSlotList(CK_TRUE, slots, &count));
        OK(F->C_GetTokenInfo(0, &token));
        OK(F->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session));
        find(session, CKO_CERTIFICATE);
        OK(F->C_CloseSession(session));
    }
    return NULL;
}

static void *wait_for_event(void *argument)
{
    CK_SLOT_ID slot;
    IS(CKR_CRYPTOKI_NOT_INITIALIZED, F->C_WaitForSlotEvent(0, &slot, NULL));
    *(double *)argument = seconds();
    return NULL;
}

static void look_and_end(void)
{
    CK_ULONG count;
    OK(F->C_Initialize(NULL));
    OK(F->C_GetSlotList(CK_TRUE, NULL, &count));
    OK(F->C_Finalize(NULL));
}

/* I.8: a fork in the middle of the calls of other threads, whose locks the child has then. */
static void test_threads(void)
{
    pthread_t threads[4], waiting;
    double ended;
    OK(F->C_Initialize(NULL));
    pthread_create(&waiting, NULL, wait_for_event, &ended);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, use, NULL);
    for (int i = 0; i < 20; i++) {
        usleep(3000);
        reap(__LINE__, child_of(look_and_end));
    }
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    OK(F->C_Finalize(NULL));
    pthread_join(waiting, NULL);
}

/* I.11 */
static void test_unload(const char *path)
{
    int files = 0;
    for (int i = 0; i < 30; i++) {
        CK_SESSION_HANDLE session;
        if (i)
            load(path);
        OK(F->C_Initialize(NULL));
        session = open_session(0, 0);
        TRUE_THAT(find(session, CKO_CERTIFICATE) != 0);
        OK(F->C_Finalize(NULL));
        IS(CKR_CRYPTOKI_NOT_INITIALIZED, F->C_CloseSession(session));
        TRUE_THAT(dlclose(library) == 0);
        if (i == 0)
            files = entries_of("/proc/self/fd");
        TRUE_THAT(entries_of("/proc/self/fd") == files);
        TRUE_THAT(entries_of("/proc/self/task") == 3); /* ., .. and this thread */
    }
    /* Unloaded in the middle: what was begun goes on. */
    load(path);
    OK(F->C_Initialize(NULL));
    dlclose(library);
    load(path);
    IS(CKR_CRYPTOKI_ALREADY_INITIALIZED, F->C_Initialize(NULL));
    OK(F->C_Finalize(NULL));
}

/* I.9 */
static void test_wait(void)
{
    for (int round = 0; round < 3; round++) {
        pthread_t threads[2];
        double begun, ended[2];
        CK_TOKEN_INFO token;
        OK(F->C_Initialize(NULL));
        for (int i = 0; i < 2; i++)
            pthread_create(&threads[i], NULL, wait_for_event, &ended[i]);
        usleep(round * 150000);
        /* Nothing waits for those that wait. */
        begun = seconds();
        OK(F->C_GetTokenInfo(0, &token));
        OK(F->C_Finalize(NULL));
        for (int i = 0; i < 2; i++) {
            pthread_join(threads[i], NULL);
            TRUE_THAT(ended[i] - begun < 1.5);
        }
        TRUE_THAT(entries_of("/proc/self/task") == 3);
    }
}

/* Whatever a call is told whose module ends under it, nothing hangs and nothing is anybody else's. */
static void *sign_on(void *argument)
{
    while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
        CK_SESSION_HANDLE session;
        CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
        CK_ATTRIBUTE template = { CKA_CLASS, &class, sizeof class };
        CK_OBJECT_HANDLE key;
        CK_ULONG count = 0;
        if (F->C_OpenSession(1, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session) != CKR_OK)
            continue;
        login(session, CKU_USER, PIN_2);
        if (F->C_FindObjectsInit(session, &template, 1) == CKR_OK &&
            F->C_FindObjects(session, &key, 1, &count) == CKR_OK && count &&
            sign(session, CKM_ECDSA_SHA256, key) == CKR_OK)
            __atomic_fetch_add((int *)argument, 1, __ATOMIC_SEQ_CST);
        F->C_CloseSession(session);
    }
    return NULL;
}

static void test_finalize(void)
{
    pthread_t threads[4];
    int made = 0;
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, sign_on, &made);
    for (int round = 0; round < 20; round++) {
        OK(F->C_Initialize(NULL));
        usleep(round * 10000);
        OK(F->C_Finalize(NULL));
    }
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    TRUE_THAT(made > 0);
    /* Nobody is logged in, and the PIN has all its tries. */
    OK(F->C_Initialize(NULL));
    CK_TOKEN_INFO token;
    OK(F->C_GetTokenInfo(1, &token));
    TRUE_THAT(!(token.flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)));
    TRUE_THAT(state_of(open_session(1, CKF_RW_SESSION)) == CKS_RW_PUBLIC_SESSION);
    OK(F->C_Finalize(NULL));
}

static void finalize_at_exit(void)
{
    if (F->C_Finalize(NULL) != CKR_OK)
        _exit(3);
}

static void *wait_for_ever(void *argument)
{
    CK_SLOT_ID slot;
    F->C_WaitForSlotEvent(0, &slot, NULL);
    return argument;
}

static void leave_in_use(void)
{
    pthread_t thread;
    OK(F->C_Initialize(NULL));
    OK(login(open_session(0, CKF_RW_SESSION), CKU_USER, PIN_1));
    pthread_create(&thread, NULL, wait_for_ever, NULL);
    usleep(100000);
}

static void leave_with_finalizer(void)
{
    leave_in_use();
    atexit(finalize_at_exit);
}

static void leave_unloaded(void)
{
    OK(F->C_Initialize(NULL));
    open_session(0, CKF_RW_SESSION);
    dlclose(library);
}

/* I.10 */
static void test_exit(void)
{
    void (*const jobs[])(void) = { leave_in_use, leave_with_finalizer, leave_unloaded };
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
        reap(__LINE__, child_of(jobs[i]));
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    alarm(100);
    load(arguments[2]);
    if (!strcmp(arguments[1], "fork"))
        test_fork();
    else if (!strcmp(arguments[1], "threads"))
        test_threads();
    else if (!strcmp(arguments[1], "unload"))
        test_unload(arguments[2]);
    else if (!strcmp(arguments[1], "wait"))
        test_wait();
    else if (!strcmp(arguments[1], "finalize"))
        test_finalize();
    else if (!strcmp(arguments[1], "exit"))
        test_exit();
    else
        return 2;
    return result();
}
