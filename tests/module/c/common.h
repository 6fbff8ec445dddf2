/* What the C clients of the module share: loading it, and checks that name the line that failed.
   The types are p11-kit's, an implementation of the standard's header that knows nothing of this module. */

#ifndef COMMON_H
#define COMMON_H

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* PKCS#11 3.0, which p11-kit's header does not have yet. */
typedef struct {
    CK_UTF8CHAR_PTR pInterfaceName;
    CK_VOID_PTR pFunctionList;
    CK_FLAGS flags;
} INTERFACE;

#define PIN_1 "11111111"
#define PIN_2 "22222222"
#define SO_PIN "00000000"

static void *library;
static CK_FUNCTION_LIST_PTR F;
static int failures;

static inline void fail(int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "line %d: ", line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    __atomic_fetch_add(&failures, 1, __ATOMIC_SEQ_CST);
}

static inline CK_RV is(int line, const char *call, CK_RV expected, CK_RV actual)
{
    if (actual != expected)
        fail(line, "%s: 0x%lx where 0x%lx is right", call, actual, expected);
    return actual;
}

/* The call answers this value. */
#define IS(expected, call) is(__LINE__, #call, expected, call)
#define OK(call) IS(CKR_OK, call)
/* The condition holds. */
#define TRUE_THAT(condition) ((condition) ? (void)0 : fail(__LINE__, "not so: %s", #condition))

static inline void *symbol(const char *name)
{
    return dlsym(library, name);
}

static inline void load(const char *path)
{
    CK_C_GetFunctionList list;
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    list = (CK_C_GetFunctionList)symbol("C_GetFunctionList");
    if (!list || list(&F) != CKR_OK)
        exit(2);
}

static inline CK_SESSION_HANDLE open_session(CK_SLOT_ID slot, CK_FLAGS flags)
{
    CK_SESSION_HANDLE session = 0;
    OK(F->C_OpenSession(slot, CKF_SERIAL_SESSION | flags, NULL, NULL, &session));
    return session;
}

static inline CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin)
{
    return F->C_Login(session, user, (CK_UTF8CHAR_PTR)pin, strlen(pin));
}

static inline CK_STATE state_of(CK_SESSION_HANDLE session)
{
    CK_SESSION_INFO info;
    return F->C_GetSessionInfo(session, &info) == CKR_OK ? info.state : (CK_STATE)-1;
}

/* The first object of a class, or 0. */
static inline CK_OBJECT_HANDLE find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class)
{
    CK_ATTRIBUTE template = { CKA_CLASS, &class, sizeof class };
    CK_OBJECT_HANDLE object = 0;
    CK_ULONG count = 0;
    OK(F->C_FindObjectsInit(session, &template, 1));
    OK(F->C_FindObjects(session, &object, 1, &count));
    OK(F->C_FindObjectsFinal(session));
    return count ? object : 0;
}

/* Signs with the private key of the session's token: RSA or EC, with SHA-256. */
static inline CK_RV sign(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mechanism = { type, NULL, 0 };
    CK_BYTE signature[512];
    CK_ULONG len = sizeof signature;
    CK_RV rv = F->C_SignInit(session, &mechanism, key);
    return rv == CKR_OK ? F->C_Sign(session, (CK_BYTE_PTR)"data", 4, signature, &len) : rv;
}

/* A random number, reproducible from its seed. */
static inline unsigned chance(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static inline double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static inline int result(void)
{
    if (failures)
        fprintf(stderr, "%d checks failed\n", failures);
    return failures ? 1 : 0;
}

#endif
